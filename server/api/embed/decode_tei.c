/* SPDX-License-Identifier: Apache-2.0 */

/* The bodies of Text Embeddings Inference's routes. */
#include "server/api/embed/decode_private.h"
#include "server/api/embed/inputs.h"

/* TEI's second word for what "truncate" says: which end goes, if one goes. */
static bool decode_truncation_direction(struct decoding *decoding, const struct body_object *object)
{
    struct slice word = {0};
    enum truncate_side side;

    if (!body_get_text(object, "truncation_direction", &word, decoding->error))
        return false;
    if (!word.bytes)
        return true;
    if (slice_is(word, "Left") || slice_is(word, "left"))
        side = TRUNCATE_START;
    else if (slice_is(word, "Right") || slice_is(word, "right"))
        side = TRUNCATE_END;
    else
        return refuse_value(decoding, object, "truncation_direction", word, "\"Right\", \"Left\"");
    if (decoding->fields.truncate != TRUNCATE_NONE)
        decoding->fields.truncate = side;
    return true;
}

static bool decode_tei_inputs(struct decoding *decoding, const struct body_object *root)
{
    return refuse_foreign_fields(decoding, root) &&
           decode_input(decoding, body_get(root, "inputs"), "inputs", true) &&
           decode_truncate(decoding, root) && decode_truncation_direction(decoding, root) &&
           decode_prompt(decoding, root);
}

/* TEI normalises whatever the model's modules say, unless it is told not to. */
static bool decode_tei_embed_fields(struct decoding *decoding, const struct body_object *root)
{
    decoding->fields.normalize = true;
    return decode_tei_inputs(decoding, root) && decode_dimensions(decoding, root) &&
           body_get_switch(root, "normalize", &decoding->fields.normalize, decoding->error);
}

bool decode_tei_embed(struct slice body, const struct limits *limits, struct memory_claim *memory,
                      struct fields *ret_fields, struct api_error *ret_error)
{
    return decode_body(body, limits, memory, decode_tei_embed_fields, ret_fields, ret_error);
}

static bool decode_tei_embed_all_fields(struct decoding *decoding, const struct body_object *root)
{
    decoding->fields.pooled = false;
    decoding->fields.n_dims = decoding->limits->hidden_size;
    decoding->fields.max_request_tokens = decoding->limits->max_unpooled_tokens;
    return decode_tei_inputs(decoding, root);
}

bool decode_tei_embed_all(struct slice body, const struct limits *limits,
                          struct memory_claim *memory, struct fields *ret_fields,
                          struct api_error *ret_error)
{
    return decode_body(body, limits, memory, decode_tei_embed_all_fields, ret_fields, ret_error);
}

/* TEI always takes the cosine; "similarity" and "dimensions" in the parameters are ours. */
static bool decode_tei_similarity_fields(struct decoding *decoding, const struct body_object *root)
{
    struct body_object inputs;
    struct body_object parameters;
    const json_t *source;
    const json_t *sentences;

    if (!body_get_object(root, "inputs", &inputs, decoding->error) ||
        !body_get_object(root, "parameters", &parameters, decoding->error))
        return false;
    if (!inputs.members)
        return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, "inputs",
                             "'inputs' is missing: it must be an object with 'source_sentence' and "
                             "'sentences'");
    source = body_get(&inputs, "source_sentence");
    sentences = body_get(&inputs, "sentences");
    if (!json_is_string(source))
        return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, "inputs.source_sentence",
                             "'inputs.source_sentence' must be a text, but is %s",
                             source ? body_type_name(source) : "missing");
    if (!json_is_array(sentences))
        return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, "inputs.sentences",
                             "'inputs.sentences' must be a list of texts, but is %s",
                             sentences ? body_type_name(sentences) : "missing");
    decoding->fields.similarity = SIMILARITY_COSINE;
    return refuse_foreign_fields(decoding, &parameters) &&
           decode_texts(decoding, source, "inputs.source_sentence", sentences,
                        "inputs.sentences") &&
           decode_dimensions(decoding, &parameters) &&
           decode_similarity_name(decoding, &parameters) &&
           decode_truncate(decoding, &parameters) &&
           decode_truncation_direction(decoding, &parameters) &&
           decode_prompt(decoding, &parameters);
}

bool decode_tei_similarity(struct slice body, const struct limits *limits,
                           struct memory_claim *memory, struct fields *ret_fields,
                           struct api_error *ret_error)
{
    return decode_body(body, limits, memory, decode_tei_similarity_fields, ret_fields, ret_error);
}

static bool decode_tokenize_fields(struct decoding *decoding, const struct body_object *root)
{
    return decode_texts(decoding, body_get(root, "inputs"), "inputs", NULL, NULL) &&
           body_get_switch(root, "add_special_tokens", &decoding->fields.add_special,
                           decoding->error) &&
           decode_prompt(decoding, root);
}

bool decode_tokenize(struct slice body, const struct limits *limits, struct memory_claim *memory,
                     struct fields *ret_fields, struct api_error *ret_error)
{
    return decode_body(body, limits, memory, decode_tokenize_fields, ret_fields, ret_error);
}

static bool decode_token_ids_fields(struct decoding *decoding, const struct body_object *root)
{
    return decode_ids(decoding, body_get(root, "ids"), "ids") &&
           body_get_switch(root, "skip_special_tokens", &decoding->fields.skip_special,
                           decoding->error);
}

bool decode_token_ids(struct slice body, const struct limits *limits, struct memory_claim *memory,
                      struct fields *ret_fields, struct api_error *ret_error)
{
    return decode_body(body, limits, memory, decode_token_ids_fields, ret_fields, ret_error);
}
