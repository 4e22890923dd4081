/* SPDX-License-Identifier: Apache-2.0 */

/* One function for each route, which names its fields, in the file of its family; one function for
 * each field, or for a few that belong together: here those that families share. The first fault
 * ends it. Fields that no function asks for are ignored, as all peers do.
 *
 * Messages show what the client sent only as an excerpt. */
#include "server/api/embed/decode.h"

#include <stdlib.h>
#include <string.h>

/* Room for what a field may hold besides IDs. */
enum { MAX_OTHER_VALUES = 65536 };

/* ---- fields other than the inputs ---- */

bool decode_refuse_value(struct decoding *decoding, const struct body_object *object,
                         const char *name, struct slice value, const char *allowed)
{
    struct body_path path = body_path(object, name);

    return api_error_set(decoding->error, PROBLEM_INVALID_VALUE, path.text,
                         "'%s' is '%s', but must be one of: %s", path.text, excerpt_of(value).text,
                         allowed);
}

bool decode_model(struct decoding *decoding, const struct body_object *object)
{
    return body_get_text(object, "model", &decoding->fields.model, decoding->error);
}

/* A request may use only one of two names of the same field. */
static bool refuse_both(struct decoding *decoding, const struct body_object *object,
                        const char *name, const char *alias)
{
    struct body_path path = body_path(object, alias);

    if (!body_has_option(object, name) || !body_has_option(object, alias))
        return true;
    return api_error_set(decoding->error, PROBLEM_INVALID_VALUE, path.text,
                         "'%s' and '%s' are two names of one field: send only one of them",
                         path.text, name);
}

static bool get_dimensions(struct decoding *decoding, const struct body_object *object,
                           const char *name)
{
    const struct limits *limits = decoding->limits;
    const json_t *json = body_get_option(object, name);
    struct body_path path = body_path(object, name);
    int64_t n_dims;

    if (!json)
        return true;
    if (!json_to_whole(json, &n_dims))
        return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, path.text,
                             "'%s' must be a whole number, but is %s", path.text,
                             body_type_name(json));
    if (n_dims < 1 || (uint64_t)n_dims > limits->n_dims ||
        !limits_allow_dims(limits, (size_t)n_dims))
        return api_error_set(decoding->error, PROBLEM_INVALID_VALUE, path.text,
                             "'%s' is %s, but this model allows: %s", path.text,
                             json_number_text_of(json).text, limits_list_dims(limits).text);
    decoding->fields.n_dims = (size_t)n_dims;
    return true;
}

/* By OpenAI's name, or that of Cohere and Voyage. */
bool decode_dimensions(struct decoding *decoding, const struct body_object *object)
{
    return refuse_both(decoding, object, "dimensions", "output_dimension") &&
           get_dimensions(decoding, object, "dimensions") &&
           get_dimensions(decoding, object, "output_dimension");
}

static bool get_truncate(struct decoding *decoding, const struct body_object *object,
                         const char *name)
{
    static const char allowed[] = "true, false, \"NONE\", \"START\", \"END\"";
    const json_t *json = body_get_option(object, name);
    enum truncate_side *truncate = &decoding->fields.truncate;
    struct slice word = {0};

    if (!json)
        return true;
    if (json_is_boolean(json)) {
        *truncate = json_is_true(json) ? decoding->limits->truncate : TRUNCATE_NONE;
        return true;
    }
    if (!json_is_string(json)) {
        struct body_path path = body_path(object, name);

        return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, path.text,
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
        return decode_refuse_value(decoding, object, name, word, allowed);
    return true;
}

/* By our name, or Voyage's. */
bool decode_truncate(struct decoding *decoding, const struct body_object *object)
{
    return refuse_both(decoding, object, "truncate", "truncation") &&
           get_truncate(decoding, object, "truncate") &&
           get_truncate(decoding, object, "truncation");
}

/* vLLM's: the number of tokens that a text or a pair is cut to, special tokens included; -1: as many
 * as the model takes. It cuts them at their end unless truncation_side says "left". */
bool decode_prompt_tokens(struct decoding *decoding, const struct body_object *object)
{
    const int min = decoding->fields.is_judged ? 5 : 3; /* one token besides the special ones */
    static const char field[] = "truncate_prompt_tokens";
    const size_t max = decoding->limits->max_text_tokens;
    const json_t *json = body_get_option(object, field);
    struct slice side = {0};
    int64_t n_tokens;

    if (!body_get_text(object, "truncation_side", &side, decoding->error))
        return false;
    if (side.bytes && !slice_is(side, "left") && !slice_is(side, "right"))
        return decode_refuse_value(decoding, object, "truncation_side", side, "left, right");
    if (!json)
        return true;
    if (!json_to_whole(json, &n_tokens))
        return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, field,
                             "'%s' must be a whole number, but is %s", field, body_type_name(json));
    if (n_tokens != -1 && (n_tokens < min || (uint64_t)n_tokens > max))
        return api_error_set(decoding->error, PROBLEM_INVALID_VALUE, field,
                             "'%s' is %s, but must be -1 or from %d to %zu", field,
                             json_number_text_of(json).text, min, max);
    if (!refuse_both(decoding, object, "truncate", field) ||
        !refuse_both(decoding, object, "truncation", field))
        return false;
    if (n_tokens > 0)
        decoding->fields.max_tokens = (size_t)n_tokens;
    decoding->fields.truncate = slice_is(side, "left") ? TRUNCATE_START : TRUNCATE_END;
    return true;
}

/* The prompt for an input_type: the one with that name, else one whose name means the same. */
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
    const struct prompt *prompt = limits_find_prompt(decoding->limits, input_type);
    size_t role = 0;

    while (role < N_ROLES && !slice_is(input_type, roles[role].name))
        role++;
    if (role == N_ROLES)
        return decode_refuse_value(decoding, object, "input_type", input_type,
                                   "query, search_query, document, search_document, passage, "
                                   "classification, clustering");
    for (size_t i = 0; i < N_ROLES && !prompt; i++) {
        struct slice name = {roles[i].name, strlen(roles[i].name)};

        if (roles[i].role == roles[role].role)
            prompt = limits_find_prompt(decoding->limits, name);
    }
    decoding->fields.prompt = (struct slice){0};
    if (prompt)
        decoding->fields.prompt = (struct slice){prompt->text, prompt->text_len_bytes};
    return true;
}

/* prompt_name is more exact and wins over input_type; the default is for requests with neither. */
bool decode_prompt(struct decoding *decoding, const struct body_object *object)
{
    const struct limits *limits = decoding->limits;
    struct slice name = {0};
    struct slice input_type = {0};

    if (!body_get_text(object, "prompt_name", &name, decoding->error) ||
        !body_get_text(object, "input_type", &input_type, decoding->error))
        return false;
    if (input_type.bytes && !decode_input_type(decoding, object, input_type))
        return false;
    if (!name.bytes)
        return true;
    return limits_get_prompt_text(limits, name, &decoding->fields.prompt) ||
           decode_refuse_value(decoding, object, "prompt_name", name,
                               limits_list_prompts(limits).text);
}

bool decode_similarity_name(struct decoding *decoding, const struct body_object *object)
{
    struct slice name = {0};

    if (!body_get_text(object, "similarity", &name, decoding->error))
        return false;
    if (!name.bytes)
        return true;
    /* With U+0000 in it, it is not a C string. */
    if (strlen(name.bytes) != name.len_bytes ||
        !similarity_parse(name.bytes, &decoding->fields.similarity))
        return decode_refuse_value(decoding, object, "similarity", name,
                                   "cosine, dot, euclidean, manhattan");
    return true;
}

/* ---- a body ---- */

bool decode_body(struct slice body, const struct limits *limits, struct memory_claim *memory,
                 bool (*read)(struct decoding *, const struct body_object *),
                 struct fields *ret_fields, struct api_error *ret_error)
{
    /* No field needs more: IDs up to twice the maximum tokens of a request. */
    size_t max_values = 2 * limits->max_request_tokens + limits->max_inputs + MAX_OTHER_VALUES;
    struct decoding decoding = {.limits = limits, .error = ret_error};
    struct fields *fields = &decoding.fields;
    struct body_object root;
    bool decoded;

    if (!body_new(body, max_values, memory, &fields->body, ret_error))
        return false;
    root = body_root(fields->body);
    fields->prompt = limits->default_prompt;
    fields->truncate = limits->auto_truncate ? limits->truncate : TRUNCATE_NONE;
    fields->max_tokens = limits->max_text_tokens;
    fields->max_request_tokens = limits->max_request_tokens;
    fields->pooled = true;
    fields->n_dims = limits->default_dims;
    fields->normalize = limits->normalize;
    fields->similarity = limits->similarity;
    fields->add_special = true;
    fields->skip_special = true;
    decoded = read(&decoding, &root);
    if (body_fault(fields->body)) {
        *ret_error = *body_fault(fields->body);
        decoded = false;
    }
    if (!decoded) {
        fields_release(fields);
        return false;
    }
    *ret_fields = *fields;
    return true;
}
