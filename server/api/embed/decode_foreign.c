/* SPDX-License-Identifier: Apache-2.0 */

/* Fields of other APIs that ask for vectors different from ours. Ignoring them would silently
 * return the wrong vectors, so each is refused with a message that names our field, whatever its
 * value, unless that asks for what we do anyway. */
#include "server/api/embed/decode.h"

#include <string.h>

static const struct {
    const char *name;
    const char *harmless; /* a text, or "false"; NULL: no value is */
    const char *instead;
} foreign_fields[] = {
    /* Infinity */
    {"modality", "text", "nothing: this server embeds texts"},
    /* llama.cpp */
    {"embd_normalize", NULL, "'normalize'"},
    /* Jina */
    {"task", NULL, "'input_type' and 'prompt_name'"},
    {"late_chunking", "false", "nothing: every text is embedded by itself"},
    {"embedding_type", NULL,
     "'encoding_format' and 'output_dtype' on /v1/embeddings, "
     "'embedding_types' on /v2/embed"},
    {"normalized", NULL, "'normalize'"},
    /* vLLM */
    {"truncate_prompt_tokens", NULL, "'truncate'"},
    {"embed_dtype", NULL, "'output_dtype' on /v1/embeddings, 'embedding_types' on /v2/embed"},
    {"endianness", NULL, "nothing: base64 is always little-endian"},
    {"add_special_tokens", NULL,
     "nothing: special tokens are always added, except around token ids "
     "that already have them"},
    {"use_activation", NULL, "'normalize'"},
};

bool decode_refuse_foreign(struct decoding *decoding, const struct body_object *object)
{
    return decode_refuse_foreign_but(decoding, object, (const char *const[]){NULL});
}

static bool lists(const char *const names[], const char *name)
{
    while (*names && strcmp(*names, name) != 0)
        names++;
    return *names;
}

static bool asks_for(const struct body_object *object, const char *name, const char *harmless)
{
    const json_t *json;

    if (!harmless)
        return body_has_option(object, name);
    json = body_get_option(object, name);
    if (!json)
        return false;
    return json_is_string(json) ? strcmp(json_string_value(json), harmless) != 0
                                : !json_is_false(json) || strcmp(harmless, "false") != 0;
}

bool decode_refuse_foreign_but(struct decoding *decoding, const struct body_object *object,
                               const char *const taken[])
{
    for (size_t i = 0; i < sizeof(foreign_fields) / sizeof(foreign_fields[0]); i++) {
        const char *name = foreign_fields[i].name;
        struct body_path path = body_path(object, name);

        if (!lists(taken, name) && asks_for(object, name, foreign_fields[i].harmless))
            return api_error_set(decoding->error, PROBLEM_INVALID_VALUE, path.text,
                                 "'%s' is not a field of this server, which has instead: %s",
                                 path.text, foreign_fields[i].instead);
    }
    return true;
}
