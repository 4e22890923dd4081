/* SPDX-License-Identifier: Apache-2.0 */

/* The document stands in openapi.json, all but what options and model decide. That is a variable:
 *
 *   "maxItems": "${max_client_batch_size}"        a string that is one variable becomes its value
 *   "description": "At most ${payload_limit} bytes"  within a string a number stands as it is
 *
 * A variable is an option of options.def that is a number or a switch, under its own name, or a row
 * of `variables`. So what the document says of a limit is the limit. */
#include "server/api/openapi.h"

#include "config/options.h"
#include "server/api/embed/encode.h"
#include "server/api/embed/rules.h"
#include "server/embedded.h"
#include "server/exchange/request.h"
#include "server/exchange/respond.h"
#include "server/exchange/server.h"

#include <assert.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

/* ---- options ---- */

static void write_number(struct text *text, const void *field)
{
    text_appendf(text, "%" PRId64, *(const int64_t *)field);
}

static void write_seconds(struct text *text, const void *field)
{
    text_appendf(text, "%g", *(const double *)field);
}

static void write_switch(struct text *text, const void *field)
{
    text_append_string(text, *(const bool *)field ? "true" : "false");
}

static const struct option_variable {
    const char *name;
    size_t offset;
    void (*write)(struct text *text, const void *field);
} option_variables[] = {
#define OPTION(field, type, default_text, min, max, argument, sentence)                            \
    {#field, offsetof(struct options, field), WRITE_##type},
#define WRITE_TEXT    NULL
#define WRITE_LIST    NULL
#define WRITE_NUMBERS NULL
#define WRITE_NUMBER  write_number
#define WRITE_BYTES   write_number
#define WRITE_SECONDS write_seconds
#define WRITE_SWITCH  write_switch
#define WRITE_CHOICE  NULL
#define WRITE_SECRET  NULL
#include "config/options.def"
#undef OPTION
};

/* ---- what else there is ---- */

static void write_string(struct text *text, const char *string)
{
    text_append_json_string(text, string, strlen(string));
}

static void write_version(struct text *text, const struct server *server)
{
    (void)server;
    write_string(text, NESTD_VERSION);
}

static void write_model_names(struct text *text, const struct server *server)
{
    const char *name;

    text_append_string(text, "[");
    for (size_t i = 0; (name = server_list_name(server, i)) != NULL; i++) {
        write_string(text, name);
        text_append_string(text, ",");
    }
    text_append_string(text, "\"\",null]");
}

/* A name as a regular expression that matches nothing else. */
static void append_pattern(struct text *text, const char *name)
{
    for (; *name; name++) {
        if (strchr("\\^$.|?*+()[]{}/", *name))
            text_append_string(text, "\\");
        text_append(text, name, 1);
    }
}

/* The same names after an organisation. */
static void write_model_pattern(struct text *text, const struct server *server)
{
    struct text pattern = {0};
    const char *name;

    text_append_string(&pattern, "^[^/]+/(?:");
    for (size_t i = 0; (name = server_list_name(server, i)) != NULL; i++) {
        text_append_string(&pattern, i > 0 ? "|" : "");
        append_pattern(&pattern, name);
    }
    text_append_string(&pattern, ")$");
    if (text_failed(&pattern))
        text->failed = true;
    text_append_json_string(text, pattern.bytes, pattern.len_bytes);
    text_release(&pattern);
}

static void write_prompt_names(struct text *text, const struct server *server)
{
    const struct rules *rules = server->rules;

    text_append_string(text, "[");
    for (size_t i = 0; i < rules->n_prompts; i++) {
        write_string(text, rules->prompts[i].name);
        text_append_string(text, ",");
    }
    text_append_string(text, "\"\",null]");
}

/* The schema of a request's dimensions. */
static void write_dimensions(struct text *text, const struct server *server)
{
    const struct rules *rules = server->rules;

    text_append_string(text, "{\"description\":\"How many numbers a vector has: its first ones, "
                             "normalised anew where vectors are.\",");
    if (rules->n_dims_listed == 0) {
        text_appendf(text,
                     "\"anyOf\":[{\"type\":\"integer\",\"minimum\":1,\"maximum\":%zu},"
                     "{\"enum\":[\"\",null]}]",
                     rules->n_dims);
    } else {
        text_append_string(text, "\"enum\":[");
        for (size_t i = 0; i < rules->n_dims_listed; i++) {
            bool again = i > 0 && rules->dims[i] == rules->dims[i - 1];

            if (rules->dims[i] != rules->n_dims && !again)
                text_appendf(text, "%zu,", rules->dims[i]);
        }
        text_appendf(text, "%zu,\"\",null]", rules->n_dims);
    }
    text_appendf(text, ",\"default\":%zu}", rules->default_dims);
}

static void write_full_dimensions(struct text *text, const struct server *server)
{
    text_appendf(text, "%zu", server->rules->n_dims);
}

static void write_max_text_tokens(struct text *text, const struct server *server)
{
    text_appendf(text, "%zu", server->rules->max_text_tokens);
}

/* What the option says, unless the queue is shorter. */
static void write_max_request_tokens(struct text *text, const struct server *server)
{
    text_appendf(text, "%zu", server->rules->max_request_tokens);
}

static void write_last_token_id(struct text *text, const struct server *server)
{
    text_appendf(text, "%zu", server->rules->vocabulary_size - 1);
}

static void write_normalize(struct text *text, const struct server *server)
{
    write_switch(text, &server->rules->normalize);
}

static void write_security(struct text *text, const struct server *server)
{
    text_append_string(text, server->api_keys ? "[{\"bearer\":[]},{\"xApiKey\":[]},{\"apiKey\":[]}]"
                                              : "[]");
}

static void write_similarity(struct text *text, const struct server *server)
{
    write_string(text, similarity_name(server->rules->similarity));
}

static bool is_same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Each once; NULL is null. */
static void write_words(struct text *text, const char *const *words, size_t n_words)
{
    text_append_string(text, "[");
    for (size_t i = 0; i < n_words; i++) {
        size_t before = 0;

        while (before < i && !is_same(words[i], words[before]))
            before++;
        if (before < i)
            continue;
        text_append_string(text, i > 0 ? "," : "");
        if (words[i])
            write_string(text, words[i]);
        else
            text_append_string(text, "null");
    }
    text_append_string(text, "]");
}

static void write_error_types(struct text *text, const struct server *server)
{
    static const char *const types[] = {
#define PROBLEM(name, http_status, type, code, tei_status, tei_type) type,
#include "server/exchange/errors.def"
#undef PROBLEM
    };

    (void)server;
    write_words(text, types, N_PROBLEMS);
}

static void write_error_codes(struct text *text, const struct server *server)
{
    static const char *const codes[] = {
#define PROBLEM(name, http_status, type, code, tei_status, tei_type) code,
#include "server/exchange/errors.def"
#undef PROBLEM
    };

    (void)server;
    write_words(text, codes, N_PROBLEMS);
}

static void write_tei_error_types(struct text *text, const struct server *server)
{
    static const char *const types[] = {
#define PROBLEM(name, http_status, type, code, tei_status, tei_type) tei_type,
#include "server/exchange/errors.def"
#undef PROBLEM
    };

    (void)server;
    write_words(text, types, N_PROBLEMS);
}

/* clang-format off */
static const struct variable {
    const char *name;
    void (*write)(struct text *text, const struct server *server);
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
    {"similarity", write_similarity},
    {"tei_error_types", write_tei_error_types},
    {"version", write_version},
};
/* clang-format on */

/* ---- the document ---- */

static void write_variable(struct text *text, const struct server *server, struct slice name)
{
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
        if (slice_is(name, variables[i].name)) {
            variables[i].write(text, server);
            return;
        }
    }
    for (size_t i = 0; i < sizeof(option_variables) / sizeof(option_variables[0]); i++) {
        const struct option_variable *option = &option_variables[i];

        if (option->write && slice_is(name, option->name)) {
            option->write(text, (const char *)server->options + option->offset);
            return;
        }
    }
    assert(!"openapi.json names a variable that there is not");
}

void openapi_write(const struct server *server, struct text *text)
{
    const char *at = embedded_openapi.bytes;
    const char *end = at + embedded_openapi.len_bytes;
    const char *found;

    while ((found = memmem(at, (size_t)(end - at), "${", 2)) != NULL) {
        const char *name = found + 2;
        const char *brace = memchr(name, '}', (size_t)(end - name));
        bool whole = found[-1] == '"' && brace[1] == '"';

        text_append(text, at, (size_t)(found - at) - whole);
        write_variable(text, server, (struct slice){name, (size_t)(brace - name)});
        at = brace + 1 + whole;
    }
    text_append(text, at, (size_t)(end - at));
}

void openapi_get(struct request *request)
{
    respond_json(request);
    openapi_write(request->server, &request->reply.body);
}
