/* SPDX-License-Identifier: Apache-2.0 */

/* The body of Cohere's /v2/embed. */
#include "server/api/embed/decode_private.h"
#include "server/api/embed/inputs.h"

/* Of each text; more than the model takes is what it takes. */
static bool decode_max_tokens(struct decoding *decoding, const struct body_object *object)
{
    enum { MIN = 3 }; /* one token between [CLS] and [SEP] */
    const json_t *json = body_get_option(object, "max_tokens");
    int64_t max_tokens;

    if (!json)
        return true;
    if (!json_to_whole(json, &max_tokens))
        return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, "max_tokens",
                             "'max_tokens' must be a whole number, but is %s",
                             body_type_name(json));
    if (max_tokens < MIN)
        return api_error_set(decoding->error, PROBLEM_INVALID_VALUE, "max_tokens",
                             "'max_tokens' is %s, but the least is %d",
                             json_number_text_of(json).text, MIN);
    if ((uint64_t)max_tokens < decoding->fields.max_tokens)
        decoding->fields.max_tokens = (size_t)max_tokens;
    return true;
}

const char *embedding_type_name(enum embedding_type type)
{
    if (type >= EMBEDDING_PACKED)
        return pack_name((enum pack)(type - EMBEDDING_PACKED));
    return type == EMBEDDING_FLOAT ? "float" : "base64";
}

static bool decode_embedding_types(struct decoding *decoding, const struct body_object *object)
{
    static const char allowed[] = "float, base64, int8, uint8, binary, ubinary";
    const json_t *json = body_get_option(object, "embedding_types");
    unsigned types = 0;

    if (!json)
        return true;
    if (json_array_size(json) == 0)
        return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, "embedding_types",
                             "'embedding_types' must be a list of at least one of: %s", allowed);
    for (size_t i = 0; i < json_array_size(json); i++) {
        const json_t *item = json_array_get(json, i);
        struct body_path path = body_item_path("embedding_types", i);
        struct slice name = {json_string_value(item), json_string_length(item)};
        int type = 0;

        if (!name.bytes)
            return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, path.text,
                                 "'%s' must be a text, but is %s", path.text, body_type_name(item));
        while (type < N_EMBEDDING_TYPES &&
               !slice_is(name, embedding_type_name((enum embedding_type)type)))
            type++;
        if (type == N_EMBEDDING_TYPES)
            return refuse_value(decoding, object, path.text, name, allowed);
        types |= 1U << type;
    }
    decoding->fields.types = types;
    return true;
}

/* The texts of Cohere's clients stand in one of two fields. */
static bool decode_cohere_inputs(struct decoding *decoding, const struct body_object *root)
{
    if (body_has_option(root, "images"))
        return api_error_set(decoding->error, PROBLEM_INVALID_VALUE, "images",
                             "'images' is not taken: this model embeds texts alone");
    if (body_has(root, "texts") && body_has(root, "inputs"))
        return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, "inputs",
                             "'texts' and 'inputs' exclude each other");
    if (body_has(root, "inputs"))
        return decode_contents(decoding, root, "inputs");
    return decode_texts(decoding, body_get(root, "texts"), "texts", NULL, NULL);
}

static bool decode_cohere_fields(struct decoding *decoding, const struct body_object *root)
{
    return refuse_foreign_fields(decoding, root) && decode_model(decoding, root) &&
           decode_cohere_inputs(decoding, root) && decode_dimensions(decoding, root) &&
           decode_embedding_types(decoding, root) && decode_max_tokens(decoding, root) &&
           decode_truncate(decoding, root) && decode_prompt(decoding, root);
}

bool decode_cohere_embed(struct slice body, const struct limits *limits,
                         struct memory_claim *memory, struct fields *ret_fields,
                         struct api_error *ret_error)
{
    return decode_body(body, limits, memory, decode_cohere_fields, ret_fields, ret_error);
}
