/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/normalize/utf8proc.h"

#include <utf8proc.h>

size_t unicode_decompose(uint32_t c, struct code_point_kind kind, bool compatible,
                         uint32_t ret_decomposed[MAX_DECOMPOSED])
{
    unsigned wanted = CODE_POINT_DECOMPOSES | (compatible ? CODE_POINT_COMPATIBLE : 0u);
    int options = UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | (compatible ? UTF8PROC_COMPAT : 0);
    utf8proc_int32_t parts[MAX_DECOMPOSED];
    utf8proc_ssize_t n = 0;

    if (kind.flags & wanted)
        n = utf8proc_decompose_char((utf8proc_int32_t)c, parts, MAX_DECOMPOSED,
                                    (utf8proc_option_t)options, NULL);
    if (n <= 0 || n > MAX_DECOMPOSED) {
        ret_decomposed[0] = c;
        return 1;
    }
    for (utf8proc_ssize_t i = 0; i < n; i++)
        ret_decomposed[i] = (uint32_t)parts[i];
    return (size_t)n;
}

bool unicode_compose(uint32_t first, uint32_t second, uint32_t *ret_composed)
{
    utf8proc_int32_t pair[] = {(utf8proc_int32_t)first, (utf8proc_int32_t)second};
    uint32_t composed;

    if (utf8proc_normalize_utf32(pair, 2, UTF8PROC_STABLE | UTF8PROC_COMPOSE) != 1)
        return false;
    composed = (uint32_t)pair[0];
    if (!(unicode_kind(composed).flags & CODE_POINT_DECOMPOSES))
        return false; /* newer than what the official tokenizer knows */
    *ret_composed = composed;
    return true;
}

bool unicode_breaks(uint32_t before, uint32_t after, int32_t *state)
{
    return utf8proc_grapheme_break_stateful((utf8proc_int32_t)before, (utf8proc_int32_t)after,
                                            state);
}
