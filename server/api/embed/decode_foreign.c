/* SPDX-License-Identifier: Apache-2.0 */

/* Fields of other APIs that ask for vectors different from ours. Ignoring them would silently
 * return the wrong vectors, so each is refused, whatever its value, with a message that names our
 * field. */
#include "server/api/embed/decode.h"

#include <string.h>

static const struct {
    const char *name;
    const char *instead;
} foreign_fields[] = {
    /* Jina */
    {"embedding_type", "'encoding_format' and 'output_dtype' on /v1/embeddings, "
                       "'embedding_types' on /v2/embed"},
    {"normalized", "'normalize'"},
    /* vLLM */
    {"truncate_prompt_tokens", "'truncate'"},
    {"embed_dtype", "'output_dtype' on /v1/embeddings, 'embedding_types' on /v2/embed"},
    {"endianness", "nothing: base64 is always little-endian"},
    {"add_special_tokens", "nothing: special tokens are always added, except around token ids that "
                           "already have them"},
    {"use_activation", "'normalize'"},
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

bool decode_refuse_foreign_but(struct decoding *decoding, const struct body_object *object,
                               const char *const taken[])
{
    for (size_t i = 0; i < sizeof(foreign_fields) / sizeof(foreign_fields[0]); i++) {
        const char *name = foreign_fields[i].name;
        struct body_path path = body_path(object, name);

        if (!lists(taken, name) && body_has_option(object, name))
            return api_error_set(decoding->error, PROBLEM_INVALID_VALUE, path.text,
                                 "'%s' is not a field of this server, which has instead: %s",
                                 path.text, foreign_fields[i].instead);
    }
    return true;
}
