/* SPDX-License-Identifier: Apache-2.0 */

/* The normalizers of the classes with a SentencePiece model. */
#include "engine/tokenizer/read/convert.h"

#include "engine/base/memory.h"
#include "engine/tokenizer/read/sentencepiece.h"

#include <stdlib.h>

static char *to_base64(const unsigned char *bytes, size_t n_bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *text = malloc((n_bytes + 2) / 3 * 4 + 1);
    char *at = text;

    for (size_t i = 0; text && i < n_bytes; i += 3) {
        size_t n = n_bytes - i < 3 ? n_bytes - i : 3;
        uint32_t three = (uint32_t)bytes[i] << 16;

        if (n > 1)
            three |= (uint32_t)bytes[i + 1] << 8;
        if (n > 2)
            three |= bytes[i + 2];
        *at++ = digits[three >> 18];
        *at++ = digits[three >> 12 & 63];
        *at++ = n > 1 ? digits[three >> 6 & 63] : '=';
        *at++ = n > 2 ? digits[three & 63] : '=';
    }
    if (text)
        *at = '\0';
    return text;
}

static json_t *make_replace(const char *kind, const char *from, const char *to)
{
    return json_pack("{s:s,s:{s:s},s:s}", "type", "Replace", "pattern", kind, from, "content", to);
}

static enum status add_type(json_t *list, const char *type)
{
    return json_array_append_new(list, json_pack("{s:s}", "type", type)) ? STATUS_NO_MEMORY
                                                                         : STATUS_OK;
}

/* ALBERT's own. */
static enum status add_folds(const struct draft *draft, json_t *list, struct error *error)
{
    bool keeps_accents = false;
    enum status status = convert_get_switch(draft, "keep_accents", &keeps_accents, error);

    if (status)
        return status;
    if (json_array_append_new(list, make_replace("String", "``", "\"")) ||
        json_array_append_new(list, make_replace("String", "''", "\"")))
        return STATUS_NO_MEMORY;
    if (!keeps_accents)
        status = add_type(list, "NFKD");
    if (!status && !keeps_accents)
        status = add_type(list, "StripAccents");
    if (!status && draft->files->config->lowercase)
        status = add_type(list, "Lowercase");
    return status;
}

/* DeBERTa's. */
static enum status add_cleaning(const struct draft *draft, json_t *list, struct error *error)
{
    bool lowercase = false;
    enum status status = convert_get_switch(draft, "do_lower_case", &lowercase, error);

    if (!status && lowercase)
        status = add_type(list, "Lowercase");
    if (status)
        return status;
    if (json_array_append_new(list, make_replace("Regex", "\\s{2,}|[\\n\\r\\t]", " ")))
        return STATUS_NO_MEMORY;
    status = add_type(list, "NFC");
    if (!status && json_array_append_new(list, json_pack("{s:s,s:b,s:b}", "type", "Strip",
                                                         "strip_left", 0, "strip_right", 1)))
        status = STATUS_NO_MEMORY;
    return status;
}

static enum status add_map(const struct sentencepiece *model, json_t *list)
{
    AUTO_FREE char *text = NULL;

    if (!model->map)
        return STATUS_OK;
    text = to_base64(model->map, model->map_bytes);
    if (!text || json_array_append_new(list, json_pack("{s:s,s:s}", "type", "Precompiled",
                                                       "precompiled_charsmap", text)))
        return STATUS_NO_MEMORY;
    return STATUS_OK;
}

enum status convert_add_normalizers(const struct draft *draft, enum convert_normalizes normalizes,
                                    const struct sentencepiece *model, json_t *list,
                                    struct error *error)
{
    enum status status = STATUS_OK;

    if (!list)
        return STATUS_NO_MEMORY;
    if (normalizes == NORMALIZES_DEBERTA)
        return add_cleaning(draft, list, error);
    if (normalizes == NORMALIZES_ALBERT)
        status = add_folds(draft, list, error);
    return status ? status : add_map(model, list);
}
