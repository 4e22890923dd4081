/* SPDX-License-Identifier: Apache-2.0 */

/* "ByteLevel": a space before a text that does not begin with one, if asked; words by GPT-2's
 * pattern, if asked; and each byte of UTF-8 written as a printable character. */
#include "engine/tokenizer/byte_alphabet.h"
#include "engine/tokenizer/split/split.h"

static bool take_prefix(struct stage *stage, const struct normal_char *normal)
{
    bool is_first = stage->state[0] == 0;
    const struct normal_char space = normal_char_with(normal, ' ');

    stage->state[0] = 1;
    if (is_first && normal->c != ' ' && !stage_put(stage, &space))
        return false;
    return stage_put(stage, normal);
}

static bool end_prefix(struct stage *stage)
{
    stage->state[0] = 0;
    return stage_put_end(stage);
}

static const struct stage_type prefix_type = {take_prefix, end_prefix, .ascii_is_separate = false};

static bool take_bytes(struct stage *stage, const struct normal_char *normal)
{
    struct normal_char written = *normal;
    char bytes[MAX_UTF8_BYTES];
    size_t n_bytes = utf8_encode(normal->c, bytes);

    for (size_t i = 0; i < n_bytes; i++) {
        written.c = byte_alphabet_char((unsigned char)bytes[i]);
        if (!stage_put(stage, &written))
            return false;
    }
    return true;
}

/* Only models come behind it, which do not ask what kind a character is. */
static const struct stage_type bytes_type = {take_bytes, stage_put_end, .ascii_is_separate = true};

enum status split_byte_level_read(void *into, const struct document *part, struct error *error)
{
    bool add_prefix_space = true;
    bool use_regex = true;
    enum status status = document_get_bool(part, "add_prefix_space", &add_prefix_space, error);

    if (!status)
        status = document_get_bool(part, "use_regex", &use_regex, error);
    if (!status)
        status = chain_grow(into, (add_prefix_space ? 2 : 1) * MAX_UTF8_BYTES, error);
    if (!status && add_prefix_space)
        status = chain_add(into, &prefix_type, 0, NULL, error);
    if (!status && use_regex)
        status = split_add_gpt2(into, error);
    return status ? status : chain_add(into, &bytes_type, 0, NULL, error);
}
