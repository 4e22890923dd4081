/* SPDX-License-Identifier: Apache-2.0 */

/* One function a route, which names the route's fields; one function a field, or a few that belong
 * together. The first fault ends it. Fields that no function asks for are ignored, as all peers do.
 *
 * What the client sent is shown to it in messages as an excerpt, never as a whole. */
#include "server/decode.h"

#include "server/body.h"
#include "server/inputs.h"

#include <stdlib.h>
#include <string.h>

/* Room for fields around the inputs. */
enum { MOST_OTHER_VALUES = 65536 };

/* ---- fields beside the inputs ---- */

static bool invalid_value(struct decoding *decoding, const struct body_object *object,
                          const char *name, struct slice value, const char *allowed)
{
    struct body_path path = body_path(object, name);

    return fault_set(decoding->fault, PROBLEM_INVALID_VALUE, path.text,
                     "'%s' is '%s', but allowed is: %s", path.text, excerpt_of(value).text,
                     allowed);
}

static bool decode_dimensions(struct decoding *decoding, const struct body_object *object,
                              const char *name)
{
    const struct rules *rules = decoding->rules;
    const json_t *json = body_get(object, name);
    struct body_path path = body_path(object, name);
    json_int_t n_dims = json_integer_value(json);

    if (!json)
        return true;
    if (!json_is_integer(json))
        return fault_set(decoding->fault, PROBLEM_BAD_REQUEST, path.text,
                         "'%s' must be a whole number, but is %s", path.text, body_type_name(json));
    if (n_dims < 1 || (unsigned long long)n_dims > rules->n_dims ||
        !rules_allow_dims(rules, (size_t)n_dims))
        return fault_set(decoding->fault, PROBLEM_INVALID_VALUE, path.text,
                         "'%s' is %" JSON_INTEGER_FORMAT ", but for this model allowed is: %s",
                         path.text, n_dims, rules_list_dims(rules).text);
    decoding->fields.n_dims = (size_t)n_dims;
    return true;
}

/* Of each text; more than the model takes is what it takes. */
static bool decode_most_tokens(struct decoding *decoding, const struct body_object *object)
{
    enum { LEAST = 3 }; /* one token between [CLS] and [SEP] */
    const json_t *json = body_get(object, "max_tokens");
    json_int_t most_tokens = json_integer_value(json);

    if (!json)
        return true;
    if (!json_is_integer(json))
        return fault_set(decoding->fault, PROBLEM_BAD_REQUEST, "max_tokens",
                         "'max_tokens' must be a whole number, but is %s", body_type_name(json));
    if (most_tokens < LEAST)
        return fault_set(decoding->fault, PROBLEM_INVALID_VALUE, "max_tokens",
                         "'max_tokens' is %" JSON_INTEGER_FORMAT ", but the least is %d",
                         most_tokens, LEAST);
    if ((unsigned long long)most_tokens < decoding->fields.most_tokens)
        decoding->fields.most_tokens = (size_t)most_tokens;
    return true;
}

static bool decode_truncate(struct decoding *decoding, const struct body_object *object)
{
    static const char allowed[] = "true, false, \"NONE\", \"START\", \"END\"";
    const json_t *json = body_get(object, "truncate");
    enum truncate_side *truncate = &decoding->fields.truncate;
    struct slice word = {0};

    if (!json)
        return true;
    if (json_is_boolean(json)) {
        *truncate = json_is_true(json) ? TRUNCATE_END : TRUNCATE_NONE;
        return true;
    }
    if (!json_is_string(json)) {
        struct body_path path = body_path(object, "truncate");

        return fault_set(decoding->fault, PROBLEM_BAD_REQUEST, path.text,
                         "'%s' must be one of %s, but is %s", path.text, allowed,
                         body_type_name(json));
    }
    word = (struct slice){json_string_value(json), json_string_length(json)};
    if (slice_is(word, "NONE"))
        *truncate = TRUNCATE_NONE;
    else if (slice_is(word, "START"))
        *truncate = TRUNCATE_START;
    else if (slice_is(word, "END"))
        *truncate = TRUNCATE_END;
    else
        return invalid_value(decoding, object, "truncate", word, allowed);
    return true;
}

/* TEI's second word for what "truncate" says: which end goes, if one goes. */
static bool decode_truncation_direction(struct decoding *decoding, const struct body_object *object)
{
    struct slice word = {0};

    if (!body_get_text(object, "truncation_direction", &word, decoding->fault))
        return false;
    if (slice_is(word, "Left") || slice_is(word, "left")) {
        if (decoding->fields.truncate == TRUNCATE_END)
            decoding->fields.truncate = TRUNCATE_START;
        return true;
    }
    if (!word.bytes || slice_is(word, "Right") || slice_is(word, "right"))
        return true;
    return invalid_value(decoding, object, "truncation_direction", word, "\"Right\", \"Left\"");
}

/* The prompt for what a text is: the one of that very name, else of a name that means the same. */
static bool decode_input_type(struct decoding *decoding, const struct body_object *object,
                              struct slice input_type)
{
    enum role { QUERY, DOCUMENT, CLASSIFICATION, CLUSTERING };
    static const struct {
        const char *name;
        enum role role;
    } roles[] = {
        {"query", QUERY},           {"search_query", QUERY},
        {"document", DOCUMENT},     {"search_document", DOCUMENT},
        {"passage", DOCUMENT},      {"classification", CLASSIFICATION},
        {"clustering", CLUSTERING},
    };
    enum { N_ROLES = sizeof(roles) / sizeof(roles[0]) };
    const struct prompt *prompt = rules_find_prompt(decoding->rules, input_type);
    size_t role = 0;

    while (role < N_ROLES && !slice_is(input_type, roles[role].name))
        role++;
    if (role == N_ROLES)
        return invalid_value(decoding, object, "input_type", input_type,
                             "query, search_query, document, search_document, passage, "
                             "classification, clustering");
    for (size_t i = 0; i < N_ROLES && !prompt; i++) {
        struct slice name = {roles[i].name, strlen(roles[i].name)};

        if (roles[i].role == roles[role].role)
            prompt = rules_find_prompt(decoding->rules, name);
    }
    decoding->fields.prompt = (struct slice){0};
    if (prompt)
        decoding->fields.prompt = (struct slice){prompt->text, prompt->text_len_bytes};
    return true;
}

/* prompt_name, being exact, goes before input_type; the default is for requests with neither. */
static bool decode_prompt(struct decoding *decoding, const struct body_object *object)
{
    const struct rules *rules = decoding->rules;
    const struct prompt *prompt;
    struct slice name = {0};
    struct slice input_type = {0};

    if (!body_get_text(object, "prompt_name", &name, decoding->fault) ||
        !body_get_text(object, "input_type", &input_type, decoding->fault))
        return false;
    if (input_type.bytes && !decode_input_type(decoding, object, input_type))
        return false;
    if (!name.bytes)
        return true;
    prompt = rules_find_prompt(rules, name);
    if (!prompt)
        return invalid_value(decoding, object, "prompt_name", name, rules_list_prompts(rules).text);
    decoding->fields.prompt = (struct slice){prompt->text, prompt->text_len_bytes};
    return true;
}

static bool decode_format(struct decoding *decoding, const struct body_object *object)
{
    struct slice format = {0};
    struct slice dtype = {0};

    if (!body_get_text(object, "encoding_format", &format, decoding->fault) ||
        !body_get_text(object, "output_dtype", &dtype, decoding->fault))
        return false;
    decoding->fields.base64 = slice_is(format, "base64");
    if (format.bytes && !decoding->fields.base64 && !slice_is(format, "float"))
        return invalid_value(decoding, object, "encoding_format", format, "float, base64");
    if (!dtype.bytes || slice_is(dtype, "float"))
        return true;
    decoding->fields.packed = pack_parse(dtype, &decoding->fields.pack);
    return decoding->fields.packed || invalid_value(decoding, object, "output_dtype", dtype,
                                                    "float, int8, uint8, binary, ubinary");
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
    const json_t *json = body_get(object, "embedding_types");
    unsigned types = 0;

    if (!json)
        return true;
    if (json_array_size(json) == 0)
        return fault_set(decoding->fault, PROBLEM_BAD_REQUEST, "embedding_types",
                         "'embedding_types' must be a list of at least one of: %s", allowed);
    for (size_t i = 0; i < json_array_size(json); i++) {
        const json_t *item = json_array_get(json, i);
        struct body_path path = body_item_path("embedding_types", i);
        struct slice name = {json_string_value(item), json_string_length(item)};
        int type = 0;

        if (!name.bytes)
            return fault_set(decoding->fault, PROBLEM_BAD_REQUEST, path.text,
                             "'%s' must be a text, but is %s", path.text, body_type_name(item));
        while (type < N_EMBEDDING_TYPES &&
               !slice_is(name, embedding_type_name((enum embedding_type)type)))
            type++;
        if (type == N_EMBEDDING_TYPES)
            return invalid_value(decoding, object, path.text, name, allowed);
        types |= 1U << type;
    }
    decoding->fields.types = types;
    return true;
}

static bool decode_similarity_name(struct decoding *decoding, const struct body_object *object)
{
    struct slice name = {0};

    if (!body_get_text(object, "similarity", &name, decoding->fault))
        return false;
    if (!name.bytes)
        return true;
    /* Not a C string where it holds U+0000. */
    if (strlen(name.bytes) != name.len_bytes ||
        !similarity_parse(name.bytes, &decoding->fields.similarity))
        return invalid_value(decoding, object, "similarity", name,
                             "cosine, dot, euclidean, manhattan");
    return true;
}

static bool decode_model(struct decoding *decoding, const struct body_object *object)
{
    return body_get_text(object, "model", &decoding->fields.model, decoding->fault);
}

/* ---- routes ---- */

static bool decode_embeddings_fields(struct decoding *decoding, const struct body_object *root)
{
    return decode_model(decoding, root) &&
           decode_input(decoding, body_get(root, "input"), "input") &&
           decode_dimensions(decoding, root, "dimensions") && decode_format(decoding, root) &&
           decode_truncate(decoding, root) && decode_prompt(decoding, root) &&
           body_get_switch(root, "normalize", &decoding->fields.normalize, decoding->fault);
}

/* The texts of Cohere's clients stand in one of two fields. */
static bool decode_cohere_inputs(struct decoding *decoding, const struct body_object *root)
{
    const json_t *texts = body_get(root, "texts");
    json_t *inputs = body_get(root, "inputs");

    if (body_get(root, "images"))
        return fault_set(decoding->fault, PROBLEM_INVALID_VALUE, "images",
                         "'images' is not taken: this model embeds texts alone");
    if (texts && inputs)
        return fault_set(decoding->fault, PROBLEM_BAD_REQUEST, "inputs",
                         "'texts' and 'inputs' exclude each other");
    if (inputs)
        return decode_contents(decoding, inputs, "inputs");
    return decode_texts(decoding, texts, "texts", NULL, NULL);
}

static bool decode_cohere_fields(struct decoding *decoding, const struct body_object *root)
{
    return decode_model(decoding, root) && decode_cohere_inputs(decoding, root) &&
           decode_dimensions(decoding, root, "output_dimension") &&
           decode_embedding_types(decoding, root) && decode_most_tokens(decoding, root) &&
           decode_truncate(decoding, root) && decode_prompt(decoding, root);
}

static bool decode_similarity_fields(struct decoding *decoding, const struct body_object *root)
{
    return decode_model(decoding, root) &&
           decode_texts(decoding, body_get(root, "input"), "input", body_get(root, "compare_with"),
                        "compare_with") &&
           decode_dimensions(decoding, root, "dimensions") &&
           decode_similarity_name(decoding, root) && decode_truncate(decoding, root) &&
           decode_prompt(decoding, root);
}

/* TEI always takes the cosine; "similarity" and "dimensions" in the parameters are ours. */
static bool decode_tei_similarity_fields(struct decoding *decoding, const struct body_object *root)
{
    struct body_object inputs;
    struct body_object parameters;
    const json_t *source;
    const json_t *sentences;

    if (!body_get_object(root, "inputs", &inputs, decoding->fault) ||
        !body_get_object(root, "parameters", &parameters, decoding->fault))
        return false;
    if (!inputs.json)
        return fault_set(decoding->fault, PROBLEM_BAD_REQUEST, "inputs",
                         "'inputs' is missing: it must be an object with 'source_sentence' and "
                         "'sentences'");
    source = body_get(&inputs, "source_sentence");
    sentences = body_get(&inputs, "sentences");
    if (!json_is_string(source))
        return fault_set(decoding->fault, PROBLEM_BAD_REQUEST, "inputs.source_sentence",
                         "'inputs.source_sentence' must be a text, but is %s",
                         source ? body_type_name(source) : "missing");
    if (!json_is_array(sentences))
        return fault_set(decoding->fault, PROBLEM_BAD_REQUEST, "inputs.sentences",
                         "'inputs.sentences' must be a list of texts, but is %s",
                         sentences ? body_type_name(sentences) : "missing");
    decoding->fields.similarity = SIMILARITY_COSINE;
    return decode_texts(decoding, source, "inputs.source_sentence", sentences,
                        "inputs.sentences") &&
           decode_dimensions(decoding, &parameters, "dimensions") &&
           decode_similarity_name(decoding, &parameters) &&
           decode_truncate(decoding, &parameters) &&
           decode_truncation_direction(decoding, &parameters) &&
           decode_prompt(decoding, &parameters);
}

static bool decode_tokenize_fields(struct decoding *decoding, const struct body_object *root)
{
    return decode_texts(decoding, body_get(root, "inputs"), "inputs", NULL, NULL) &&
           body_get_switch(root, "add_special_tokens", &decoding->fields.add_special,
                           decoding->fault) &&
           decode_prompt(decoding, root);
}

static bool decode_tei_embed_all_fields(struct decoding *decoding, const struct body_object *root)
{
    decoding->fields.pooled = false;
    decoding->fields.n_dims = decoding->rules->hidden_size;
    decoding->fields.most_request_tokens = decoding->rules->most_unpooled_tokens;
    return decode_input(decoding, body_get(root, "inputs"), "inputs") &&
           decode_truncate(decoding, root) && decode_truncation_direction(decoding, root) &&
           decode_prompt(decoding, root);
}

static bool decode_token_ids_fields(struct decoding *decoding, const struct body_object *root)
{
    return decode_ids(decoding, body_get(root, "ids"), "ids") &&
           body_get_switch(root, "skip_special_tokens", &decoding->fields.skip_special,
                           decoding->fault);
}

/* Parses, sets the defaults, and leaves the fields to the route's function. */
static bool decode(struct slice body, const struct rules *rules,
                   bool (*decode_fields)(struct decoding *, const struct body_object *),
                   struct fields *ret_fields, struct fault *ret_fault)
{
    /* What a request can mean at most: ids up to twice the tokens it may have. */
    size_t most_values = 2 * rules->most_request_tokens + rules->most_inputs + MOST_OTHER_VALUES;
    struct decoding decoding = {.rules = rules, .fault = ret_fault};
    struct fields *fields = &decoding.fields;
    struct body_object root = {.path = ""};

    if (!body_parse(body.bytes, body.len_bytes, most_values, &root.json, ret_fault))
        return false;
    fields->tree = root.json;
    fields->prompt = rules->default_prompt;
    fields->truncate = rules->auto_truncate ? TRUNCATE_END : TRUNCATE_NONE;
    fields->most_tokens = rules->most_text_tokens;
    fields->most_request_tokens = rules->most_request_tokens;
    fields->pooled = true;
    fields->n_dims = rules->default_dims;
    fields->types = 1U << EMBEDDING_FLOAT;
    fields->normalize = rules->normalize;
    fields->similarity = rules->similarity;
    fields->add_special = true;
    fields->skip_special = true;
    if (!decode_fields(&decoding, &root)) {
        fields_release(fields);
        return false;
    }
    *ret_fields = *fields;
    return true;
}

bool decode_embeddings(struct slice body, const struct rules *rules, struct fields *ret_fields,
                       struct fault *ret_fault)
{
    return decode(body, rules, decode_embeddings_fields, ret_fields, ret_fault);
}

bool decode_cohere_embed(struct slice body, const struct rules *rules, struct fields *ret_fields,
                         struct fault *ret_fault)
{
    return decode(body, rules, decode_cohere_fields, ret_fields, ret_fault);
}

bool decode_similarity(struct slice body, const struct rules *rules, struct fields *ret_fields,
                       struct fault *ret_fault)
{
    return decode(body, rules, decode_similarity_fields, ret_fields, ret_fault);
}

bool decode_tei_similarity(struct slice body, const struct rules *rules, struct fields *ret_fields,
                           struct fault *ret_fault)
{
    return decode(body, rules, decode_tei_similarity_fields, ret_fields, ret_fault);
}

bool decode_tokenize(struct slice body, const struct rules *rules, struct fields *ret_fields,
                     struct fault *ret_fault)
{
    return decode(body, rules, decode_tokenize_fields, ret_fields, ret_fault);
}

bool decode_tei_embed_all(struct slice body, const struct rules *rules, struct fields *ret_fields,
                          struct fault *ret_fault)
{
    return decode(body, rules, decode_tei_embed_all_fields, ret_fields, ret_fault);
}

bool decode_token_ids(struct slice body, const struct rules *rules, struct fields *ret_fields,
                      struct fault *ret_fault)
{
    return decode(body, rules, decode_token_ids_fields, ret_fields, ret_fault);
}

void fields_release(struct fields *fields)
{
    json_decref(fields->tree);
    free(fields->inputs);
    free(fields->ids);
    fields->tree = NULL;
    fields->inputs = NULL;
    fields->ids = NULL;
    fields->model = (struct slice){0};
}

const char *fields_locate(const struct fields *fields, size_t i_input, size_t *ret_index)
{
    bool in_rows = i_input < fields->n_rows;

    *ret_index = in_rows ? i_input : i_input - fields->n_rows;
    return in_rows ? fields->row_field : fields->column_field;
}
