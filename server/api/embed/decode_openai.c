/* SPDX-License-Identifier: Apache-2.0 */

/* The bodies of /v1: OpenAI's embeddings, and our scores beside them. */
#include "server/api/embed/decode_private.h"
#include "server/api/embed/inputs.h"

static bool decode_format(struct decoding *decoding, const struct body_object *object)
{
    struct slice format = {0};
    struct slice dtype = {0};

    if (!body_get_text(object, "encoding_format", &format, decoding->error) ||
        !body_get_text(object, "output_dtype", &dtype, decoding->error))
        return false;
    decoding->fields.base64 = slice_is(format, "base64");
    if (format.bytes && !decoding->fields.base64 && !slice_is(format, "float"))
        return refuse_value(decoding, object, "encoding_format", format, "float, base64");
    if (!dtype.bytes || slice_is(dtype, "float"))
        return true;
    decoding->fields.packed = pack_parse(dtype, &decoding->fields.pack);
    return decoding->fields.packed || refuse_value(decoding, object, "output_dtype", dtype,
                                                   "float, int8, uint8, binary, ubinary");
}

static bool decode_embeddings_fields(struct decoding *decoding, const struct body_object *root)
{
    return refuse_foreign_fields(decoding, root) && decode_model(decoding, root) &&
           decode_input(decoding, body_get(root, "input"), "input", false) &&
           decode_dimensions(decoding, root) && decode_format(decoding, root) &&
           decode_truncate(decoding, root) && decode_prompt(decoding, root) &&
           body_get_switch(root, "normalize", &decoding->fields.normalize, decoding->error);
}

bool decode_embeddings(struct slice body, const struct limits *limits, struct memory_claim *memory,
                       struct fields *ret_fields, struct api_error *ret_error)
{
    return decode_body(body, limits, memory, decode_embeddings_fields, ret_fields, ret_error);
}

static bool decode_similarity_fields(struct decoding *decoding, const struct body_object *root)
{
    return refuse_foreign_fields(decoding, root) && decode_model(decoding, root) &&
           decode_texts(decoding, body_get(root, "input"), "input", body_get(root, "compare_with"),
                        "compare_with") &&
           decode_dimensions(decoding, root) && decode_similarity_name(decoding, root) &&
           decode_truncate(decoding, root) && decode_prompt(decoding, root);
}

bool decode_similarity(struct slice body, const struct limits *limits, struct memory_claim *memory,
                       struct fields *ret_fields, struct api_error *ret_error)
{
    return decode_body(body, limits, memory, decode_similarity_fields, ret_fields, ret_error);
}

/* Only a cross-encoder reads a query and a document together. The cosine of their vectors in its
 * place would be taken for its score, so nothing is asked of the fields: no request can be good. */
static bool decode_rerank_fields(struct decoding *decoding, const struct body_object *root)
{
    (void)root;
    return api_error_set(
        decoding->error, PROBLEM_WRONG_MODEL, "model",
        "This server's model is no cross-encoder but a sentence-transformers "
        "embedding model, so it cannot rerank. POST /v1/similarity gives the scores "
        "of texts by their vectors");
}

bool decode_rerank(struct slice body, const struct limits *limits, struct memory_claim *memory,
                   struct fields *ret_fields, struct api_error *ret_error)
{
    return decode_body(body, limits, memory, decode_rerank_fields, ret_fields, ret_error);
}
