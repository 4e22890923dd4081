/* SPDX-License-Identifier: Apache-2.0 */

/* Strips marks, and puts in lower case, each if asked. BERT strips those that take no space of their
 * own, "StripAccents" all. */
#include "engine/tokenizer/normalize/normalize.h"

enum { STRIP_ACCENTS = 1, LOWERCASE = 2, STRIP_COMBINING = 4 };

static bool take(struct stage *stage, const struct normal_char *normal)
{
    unsigned flags = stage->part->flags;
    uint32_t lower[MAX_LOWER_CODE_POINTS];
    size_t n;

    if ((flags & STRIP_ACCENTS) && (normal->kind.flags & CODE_POINT_MARK))
        return true;
    if ((flags & STRIP_COMBINING) && (normal->kind.flags & CODE_POINT_COMBINING))
        return true;
    if (!(flags & LOWERCASE) || !(normal->kind.flags & CODE_POINT_UPPER))
        return stage_put(stage, normal);
    n = unicode_lower(normal->c, lower);
    for (size_t i = 0; i < n; i++) {
        const struct normal_char part = normal_char_with(normal, lower[i]);

        if (!stage_put(stage, &part))
            return false;
    }
    return true;
}

static const struct stage_type type = {take, stage_put_end, .ascii_is_separate = true};

enum status normalize_add_fold(struct chain *chain, bool strip_accents, bool lowercase,
                               struct error *error)
{
    unsigned flags = (strip_accents ? STRIP_ACCENTS : 0u) | (lowercase ? LOWERCASE : 0u);
    enum status status = chain_grow(chain, lowercase ? MAX_LOWER_CODE_POINTS : 1, error);

    return status ? status : chain_add(chain, &type, flags, NULL, error);
}

enum status normalize_lowercase_read(void *into, const struct document *part, struct error *error)
{
    (void)part;
    return normalize_add_fold(into, false, true, error);
}

enum status normalize_strip_accents_read(void *into, const struct document *part,
                                         struct error *error)
{
    (void)part;
    return chain_add(into, &type, STRIP_COMBINING, NULL, error);
}
