/* SPDX-License-Identifier: Apache-2.0 */

/* The document is openapi.json, with variables for what depends on options and model:
 *
 *   "maxItems": "${max_client_batch_size}"        a string that is one variable becomes its value
 *   "description": "At most ${payload_limit} bytes"  within a string a number is inserted
 *
 * A variable is an option of options.def that is a number or a switch, by its own name, or a row of
 * `variables`. So the document always shows the actual limits. */
#include "server/api/openapi.h"

#include "config/options.h"
#include "server/api/embed/choose.h"
#include "server/api/embed/limits.h"
#include "server/api/embed/vector_json.h"
#include "server/embedded.h"
#include "server/exchange/request.h"
#include "server/exchange/respond.h"
#include "server/exchange/server.h"

#include <assert.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

/* ---- options ---- */

static const void *get_field(const struct options *options, size_t offset)
{
    return (const char *)options + offset;
}

/* Where several models have numbers of their own, the largest. */
static void write_number(struct buffer *buffer, const struct server *server, size_t offset)
{
    int64_t largest = *(const int64_t *)get_field(server->options, offset);

    for (size_t i = 0; i < server->n_models; i++) {
        int64_t number = *(const int64_t *)get_field(server->models[i].options, offset);

        largest = number > largest ? number : largest;
    }
    buffer_appendf(buffer, "%" PRId64, largest);
}

static void write_seconds(struct buffer *buffer, const struct server *server, size_t offset)
{
    buffer_appendf(buffer, "%g", *(const double *)get_field(server->options, offset));
}

static void write_bool(struct buffer *buffer, bool is_true)
{
    buffer_append_string(buffer, is_true ? "true" : "false");
}

static void write_switch(struct buffer *buffer, const struct server *server, size_t offset)
{
    write_bool(buffer, *(const bool *)get_field(server->options, offset));
}

static const struct option_variable {
    const char *name;
    size_t offset;
    void (*write)(struct buffer *buffer, const struct server *server, size_t offset);
} option_variables[] = {
#define OPTION(commands, field, type, ...) {#field, offsetof(struct options, field), WRITE_##type},
#define WRITE_TEXT                         NULL
#define WRITE_LIST                         NULL
#define WRITE_NUMBERS                      NULL
#define WRITE_NUMBER                       write_number
#define WRITE_BYTES                        write_number
#define WRITE_SECONDS                      write_seconds
#define WRITE_SWITCH                       write_switch
#define WRITE_CHOICE                       NULL
#define WRITE_SECRET                       NULL
#include "config/options.def"
};

/* ---- other variables ---- */

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Those of which vectors are asked where no model is named. */
static const struct limits *get_embedders(const struct server *server)
{
    return choose_first(server, CHOOSE_EMBEDDER)->limits;
}

/* What any of the models allows, sizes of vectors apart; what has no order is the embedder's. */
static struct limits get_widest(const struct server *server)
{
    struct limits widest = *get_embedders(server);

    for (size_t i = 0; i < server->n_models; i++) {
        const struct limits *limits = server->models[i].limits;

        widest.max_text_tokens = larger(widest.max_text_tokens, limits->max_text_tokens);
        widest.max_request_tokens = larger(widest.max_request_tokens, limits->max_request_tokens);
        widest.vocabulary_size = larger(widest.vocabulary_size, limits->vocabulary_size);
        if (limits == get_embedders(server) || !limits_embed(limits))
            continue;
        widest.n_dims = larger(widest.n_dims, limits->n_dims);
        widest.n_dims_listed = 0;
    }
    return widest;
}

static void write_string(struct buffer *buffer, const char *string)
{
    buffer_append_json_string(buffer, string, strlen(string));
}

static void write_version(struct buffer *buffer, const struct server *server)
{
    (void)server;
    write_string(buffer, NESTD_VERSION);
}

/* Those that are in lists, and no more. */
static void write_served_names(struct buffer *buffer, const struct server *server)
{
    const struct served_model *model;
    const char *name;

    buffer_append_string(buffer, "[");
    for (size_t i = 0; (name = server_list_name(server, i, &model)) != NULL; i++) {
        buffer_append_string(buffer, i > 0 ? "," : "");
        write_string(buffer, name);
    }
    buffer_append_string(buffer, "]");
}

static void write_served_name(struct buffer *buffer, const struct server *server)
{
    write_string(buffer, served_model_name(server->models));
}

static void write_model_names(struct buffer *buffer, const struct server *server)
{
    const struct served_model *model;
    const char *name;

    buffer_append_string(buffer, "[");
    for (size_t i = 0; (name = server_list_name(server, i, &model)) != NULL; i++) {
        write_string(buffer, name);
        buffer_append_string(buffer, ",");
    }
    buffer_append_string(buffer, "\"\",null]");
}

/* A name as a regular expression that matches nothing else. */
static void append_pattern(struct buffer *buffer, const char *name)
{
    for (; *name; name++) {
        if (strchr("\\^$.|?*+()[]{}/", *name))
            buffer_append_string(buffer, "\\");
        buffer_append(buffer, name, 1);
    }
}

/* The same names after an organisation, or with Ollama's tag. */
static void write_model_pattern(struct buffer *buffer, const struct server *server)
{
    struct buffer pattern = {0};
    const struct served_model *model;
    const char *name;

    if (server_takes_any_model(server)) {
        write_string(buffer, "");
        return;
    }
    buffer_append_string(&pattern, "^(?:[^/]+/)?(?:");
    for (size_t i = 0; (name = server_list_name(server, i, &model)) != NULL; i++) {
        buffer_append_string(&pattern, i > 0 ? "|" : "");
        append_pattern(&pattern, name);
    }
    buffer_append_string(&pattern, ")(?::latest)?$");
    if (buffer_failed(&pattern))
        buffer->failed = true;
    buffer_append_json_string(buffer, pattern.bytes, pattern.len_bytes);
    buffer_release(&pattern);
}

/* Whether one of the first n models has a prompt of that name. */
static bool have_prompt(const struct server *server, size_t n, const char *name)
{
    size_t i = 0;

    while (i < n &&
           !limits_find_prompt(server->models[i].limits, (struct slice){name, strlen(name)}))
        i++;
    return i < n;
}

/* Each once. */
static void write_prompt_names(struct buffer *buffer, const struct server *server)
{
    buffer_append_string(buffer, "[");
    for (size_t i = 0; i < server->n_models; i++) {
        const struct limits *limits = server->models[i].limits;

        for (size_t j = 0; j < limits->n_prompts; j++) {
            if (have_prompt(server, i, limits->prompts[j].name))
                continue;
            write_string(buffer, limits->prompts[j].name);
            buffer_append_string(buffer, ",");
        }
    }
    buffer_append_string(buffer, "\"\",null]");
}

/* The schema of a request's dimensions. */
static void write_dimensions(struct buffer *buffer, const struct server *server)
{
    const struct limits widest = get_widest(server);
    const struct limits *limits = &widest;

    buffer_append_string(buffer,
                         "{\"description\":\"How many numbers a vector has: its first ones, "
                         "normalised anew where vectors are.\",");
    if (limits->n_dims_listed == 0) {
        buffer_appendf(buffer,
                       "\"anyOf\":[{\"type\":\"integer\",\"minimum\":1,\"maximum\":%zu},"
                       "{\"enum\":[\"\",null]}]",
                       limits->n_dims);
    } else {
        buffer_append_string(buffer, "\"enum\":[");
        for (size_t i = 0; i < limits->n_dims_listed; i++) {
            bool again = i > 0 && limits->dims[i] == limits->dims[i - 1];

            if (limits->dims[i] != limits->n_dims && !again)
                buffer_appendf(buffer, "%zu,", limits->dims[i]);
        }
        buffer_appendf(buffer, "%zu,\"\",null]", limits->n_dims);
    }
    buffer_appendf(buffer, ",\"default\":%zu}", limits->default_dims);
}

static void write_full_dimensions(struct buffer *buffer, const struct server *server)
{
    buffer_appendf(buffer, "%zu", get_widest(server).n_dims);
}

static void write_max_text_tokens(struct buffer *buffer, const struct server *server)
{
    buffer_appendf(buffer, "%zu", get_widest(server).max_text_tokens);
}

/* The option's value, unless the queue is shorter. */
static void write_max_request_tokens(struct buffer *buffer, const struct server *server)
{
    buffer_appendf(buffer, "%zu", get_widest(server).max_request_tokens);
}

static void write_last_token_id(struct buffer *buffer, const struct server *server)
{
    buffer_appendf(buffer, "%zu", get_widest(server).vocabulary_size - 1);
}

static void write_normalize(struct buffer *buffer, const struct server *server)
{
    write_bool(buffer, get_embedders(server)->normalize);
}

static void write_security(struct buffer *buffer, const struct server *server)
{
    buffer_append_string(
        buffer, server->api_keys ? "[{\"bearer\":[]},{\"xApiKey\":[]},{\"apiKey\":[]}]" : "[]");
}

static void write_similarity(struct buffer *buffer, const struct server *server)
{
    write_string(buffer, similarity_name(get_embedders(server)->similarity));
}

static bool is_same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Each once; NULL is null. */
static void write_words(struct buffer *buffer, const char *const *words, size_t n_words)
{
    buffer_append_string(buffer, "[");
    for (size_t i = 0; i < n_words; i++) {
        size_t before = 0;

        while (before < i && !is_same(words[i], words[before]))
            before++;
        if (before < i)
            continue;
        buffer_append_string(buffer, i > 0 ? "," : "");
        if (words[i])
            write_string(buffer, words[i]);
        else
            buffer_append_string(buffer, "null");
    }
    buffer_append_string(buffer, "]");
}

static void write_error_types(struct buffer *buffer, const struct server *server)
{
    static const char *const types[] = {
#define PROBLEM(name, http_status, type, code, tei_status, tei_type) type,
#include "server/exchange/errors.def"
#undef PROBLEM
    };

    (void)server;
    write_words(buffer, types, N_PROBLEMS);
}

static void write_error_codes(struct buffer *buffer, const struct server *server)
{
    static const char *const codes[] = {
#define PROBLEM(name, http_status, type, code, tei_status, tei_type) code,
#include "server/exchange/errors.def"
#undef PROBLEM
    };

    (void)server;
    write_words(buffer, codes, N_PROBLEMS);
}

static void write_tei_error_types(struct buffer *buffer, const struct server *server)
{
    static const char *const types[] = {
#define PROBLEM(name, http_status, type, code, tei_status, tei_type) tei_type,
#include "server/exchange/errors.def"
#undef PROBLEM
    };

    (void)server;
    write_words(buffer, types, N_PROBLEMS);
}

/* clang-format off */
static const struct variable {
    const char *name;
    void (*write)(struct buffer *buffer, const struct server *server);
} variables[] = {
    {"dimensions", write_dimensions},
    {"error_codes", write_error_codes},
    {"error_types", write_error_types},
    {"full_dimensions", write_full_dimensions},
    {"last_token_id", write_last_token_id},
    {"max_text_tokens", write_max_text_tokens},
    {"max_request_tokens", write_max_request_tokens},
    {"model_names", write_model_names},
    {"model_pattern", write_model_pattern},
    {"normalize", write_normalize},
    {"prompt_names", write_prompt_names},
    {"security", write_security},
    {"served_name", write_served_name},
    {"served_names", write_served_names},
    {"similarity", write_similarity},
    {"tei_error_types", write_tei_error_types},
    {"version", write_version},
};
/* clang-format on */

/* ---- the document ---- */

static void write_variable(struct buffer *buffer, const struct server *server, struct slice name)
{
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
        if (slice_is(name, variables[i].name)) {
            variables[i].write(buffer, server);
            return;
        }
    }
    for (size_t i = 0; i < sizeof(option_variables) / sizeof(option_variables[0]); i++) {
        const struct option_variable *option = &option_variables[i];

        if (option->write && slice_is(name, option->name)) {
            option->write(buffer, server, option->offset);
            return;
        }
    }
    assert(false && "openapi.json uses an unknown variable");
}

void openapi_write(const struct server *server, struct buffer *buffer)
{
    const char *at = embedded_openapi.bytes;
    const char *end = at + embedded_openapi.len_bytes;
    const char *found;

    while ((found = memmem(at, (size_t)(end - at), "${", 2)) != NULL) {
        const char *name = found + 2;
        const char *brace = memchr(name, '}', (size_t)(end - name));
        bool whole = found[-1] == '"' && brace[1] == '"';

        buffer_append(buffer, at, (size_t)(found - at) - whole);
        write_variable(buffer, server, (struct slice){name, (size_t)(brace - name)});
        at = brace + 1 + whole;
    }
    buffer_append(buffer, at, (size_t)(end - at));
}

enum route_outcome openapi_get(struct request *request)
{
    respond_json(request);
    openapi_write(request->server, &request->reply.body);
    return ROUTE_ANSWERED;
}
