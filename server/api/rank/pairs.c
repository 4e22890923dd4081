/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/rank/pairs.h"

#include "server/api/embed/inputs.h"

#include <stdlib.h>

bool pairs_begin(struct decoding *decoding, bool one_label)
{
    const struct labels *labels = &decoding->limits->labels;
    struct fields *fields = &decoding->fields;

    if (labels->n == 0)
        return api_error_set(decoding->error, PROBLEM_WRONG_MODEL, "model",
                             "This model is a sentence-transformers embedding model, not a "
                             "cross-encoder, so it cannot rerank. POST /v1/similarity compares "
                             "texts by their vectors");
    if (one_label && labels->n > 1)
        return api_error_set(decoding->error, PROBLEM_WRONG_MODEL, "model",
                             "This model has %zu labels, so it cannot rerank. POST /predict "
                             "gives the scores of its labels",
                             labels->n);
    fields->is_judged = true;
    fields->activation = labels->activation;
    fields->top_n = SIZE_MAX;
    return true;
}

static bool get_document(struct decoding *decoding, const json_t *item, const char *path,
                         const char *item_path, bool objects, struct slice *ret_text)
{
    const json_t *text = objects && json_is_object(item) ? json_object_get(item, "text") : item;

    if (!json_is_string(text))
        return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, item_path,
                             objects ? "'%s' must be a text or an object with 'text', but is %s"
                                     : "'%s' must be a text, but is %s",
                             item_path,
                             text == item ? body_type_name(item) : "an object without that text");
    return inputs_get_text(decoding, text, path, item_path, ret_text);
}

/* The list of documents, whose number is checked; with `alone`, a text is a list of one. */
static bool get_documents(struct decoding *decoding, const struct body_object *root,
                          const char *name, bool alone, const json_t **ret_list)
{
    const json_t *list = body_get(root, name);

    decoding->fields.n_inputs = 1;
    *ret_list = list;
    if (alone && json_is_string(list))
        return true;
    if (!json_is_array(list))
        return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, name,
                             list ? "'%s' must be a list of texts, but is %s"
                                  : "'%s' is %s: it must be a list of texts",
                             name, list ? body_type_name(list) : "missing");
    decoding->fields.n_inputs = json_array_size(list);
    return inputs_check_count(decoding, decoding->fields.n_inputs, name);
}

static bool get_query(struct decoding *decoding, const struct body_object *root, const char *name,
                      struct slice *ret_text)
{
    const json_t *query = body_get(root, name);

    if (!json_is_string(query))
        return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, name,
                             query ? "'%s' must be a text, but is %s"
                                   : "'%s' is %s: it must be a text",
                             name, query ? body_type_name(query) : "missing");
    return inputs_get_text(decoding, query, name, name, ret_text);
}

bool pairs_read_query(struct decoding *decoding, const struct body_object *root,
                      const char *query_name, const char *documents_name, bool objects)
{
    struct fields *fields = &decoding->fields;
    const json_t *list = NULL;
    struct slice query = {0};

    if (!get_query(decoding, root, query_name, &query) ||
        !get_documents(decoding, root, documents_name, objects, &list))
        return false;
    fields->row_field = documents_name;
    fields->n_rows = fields->n_inputs;
    fields->inputs = calloc(fields->n_inputs, sizeof(*fields->inputs));
    if (!fields->inputs)
        return api_error_set_no_memory(decoding->error);
    for (size_t i = 0; i < fields->n_inputs; i++) {
        const json_t *item = json_is_array(list) ? json_array_get(list, i) : list;
        struct body_path item_path = body_item_path(documents_name, i);

        fields->inputs[i].text = query;
        if (!get_document(decoding, item, documents_name, item_path.text, objects,
                          &fields->inputs[i].second))
            return false;
    }
    return true;
}

bool pairs_read_raw(struct decoding *decoding, const struct body_object *root)
{
    bool raw = false;

    if (!body_get_switch(root, "raw_scores", &raw, decoding->error))
        return false;
    if (raw)
        decoding->fields.activation = SCORES_RAW;
    return true;
}

/* A whole number; absent or 0, which it is to vLLM where it is absent: all. */
static bool read_top_n(struct decoding *decoding, const struct body_object *root)
{
    static const char name[] = "top_n";
    const json_t *json = body_get_option(root, name);
    int64_t n;

    if (!json)
        return true;
    if (!json_to_whole(json, &n))
        return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, name,
                             "'%s' must be a whole number, but is %s", name, body_type_name(json));
    if (n < 0)
        return api_error_set(decoding->error, PROBLEM_INVALID_VALUE, name,
                             "'%s' is %s, but must be at least 1, or 0 for all", name,
                             json_number_text_of(json).text);
    if (n > 0)
        decoding->fields.top_n = (size_t)n;
    return true;
}

/* Limits of a query or a document alone, where 0 is none: only a pair has a limit here. */
static bool refuse_shorter(struct decoding *decoding, const struct body_object *root,
                           const char *name)
{
    const json_t *json = body_get_option(root, name);
    int64_t n;

    if (!json || (json_to_whole(json, &n) &&
                  (n == 0 || (n > 0 && (uint64_t)n >= decoding->limits->max_text_tokens))))
        return true;
    return api_error_set(decoding->error, PROBLEM_INVALID_VALUE, name,
                         "'%s' must be at least %zu, or 0: the model reads as many tokens of a "
                         "query and a document together, and neither is cut by itself",
                         name, decoding->limits->max_text_tokens);
}

/* What others put before or around a pair, and which parts of a document they judge. */
static bool refuse_templates(struct decoding *decoding, const struct body_object *root)
{
    static const char *const names[] = {"instruction", "chat_template_kwargs", "rank_fields"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (body_has_option(root, names[i]))
            return api_error_set(decoding->error, PROBLEM_INVALID_VALUE, names[i],
                                 "'%s' is not a field of this server, which has instead: nothing, "
                                 "a query and a document's text are judged as they are",
                                 names[i]);
    return true;
}

static bool read_use_activation(struct decoding *decoding, const struct body_object *root)
{
    bool on = true;

    if (!body_get_switch(root, "use_activation", &on, decoding->error))
        return false;
    if (!on)
        decoding->fields.activation = SCORES_RAW;
    return true;
}

bool pairs_read_options(struct decoding *decoding, const struct body_object *root)
{
    static const char *const taken[] = {"use_activation", "truncate_prompt_tokens", NULL};

    return decode_refuse_foreign_but(decoding, root, taken) && refuse_templates(decoding, root) &&
           decode_model(decoding, root) && pairs_read_raw(decoding, root) &&
           read_use_activation(decoding, root) &&
           refuse_shorter(decoding, root, "max_tokens_per_query") &&
           refuse_shorter(decoding, root, "max_tokens_per_doc") &&
           decode_truncate(decoding, root) && decode_prompt_tokens(decoding, root);
}

bool pairs_read_rerank(struct decoding *decoding, const struct body_object *root)
{
    return pairs_read_options(decoding, root) &&
           pairs_read_query(decoding, root, "query", "documents", true) &&
           read_top_n(decoding, root) &&
           body_get_switch(root, "return_documents", &decoding->fields.return_texts,
                           decoding->error);
}
