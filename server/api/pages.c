/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/pages.h"

#include "server/embedded.h"
#include "server/exchange/request.h"
#include "server/exchange/respond.h"

#include <string.h>

#define HTML       "text/html; charset=utf-8"
#define CSS        "text/css; charset=utf-8"
#define JAVASCRIPT "text/javascript; charset=utf-8"
#define SVG        "image/svg+xml"

/* The pages need nothing but these files and the API. */
static const char policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
_Static_assert(sizeof policy <= sizeof(((struct reply_header *)0)->value), "it would be cut");

static const struct file {
    const char *name; /* under /web/ */
    const char *content_type;
    const struct slice *content;
} files[] = {
    {"code.js", JAVASCRIPT, &embedded_code_js},
    {"dimensions.js", JAVASCRIPT, &embedded_dimensions_js},
    {"docs.css", CSS, &embedded_docs_css},
    {"docs.js", JAVASCRIPT, &embedded_docs_js},
    {"dom.js", JAVASCRIPT, &embedded_dom_js},
    {"examples.js", JAVASCRIPT, &embedded_examples_js},
    {"form.js", JAVASCRIPT, &embedded_form_js},
    {"icon.svg", SVG, &embedded_icon_svg},
    {"playground.css", CSS, &embedded_playground_css},
    {"playground.js", JAVASCRIPT, &embedded_playground_js},
    {"problem.js", JAVASCRIPT, &embedded_problem_js},
    {"ranking.js", JAVASCRIPT, &embedded_ranking_js},
    {"schema.js", JAVASCRIPT, &embedded_schema_js},
    {"server.js", JAVASCRIPT, &embedded_server_js},
    {"snippets.js", JAVASCRIPT, &embedded_snippets_js},
    {"style.css", CSS, &embedded_style_css},
    {"summary.js", JAVASCRIPT, &embedded_summary_js},
    {"texts.js", JAVASCRIPT, &embedded_texts_js},
    {"theme.js", JAVASCRIPT, &embedded_theme_js},
    {"vectors.js", JAVASCRIPT, &embedded_vectors_js},
};

static void respond_file(struct request *request, const char *content_type,
                         const struct slice *content)
{
    struct reply *reply = &request->reply;

    respond_text(request, content_type, "");
    buffer_append(&reply->body, content->bytes, content->len_bytes);
    reply_add_header(reply, "Content-Security-Policy", "%s", policy);
    reply_add_header(reply, "X-Content-Type-Options", "nosniff");
    reply_add_header(reply, "Referrer-Policy", "no-referrer");
    /* Another version of the program has other files, which must not be mixed with these. */
    reply_add_header(reply, "Cache-Control", "no-cache");
}

void pages_get_playground(struct request *request)
{
    respond_file(request, HTML, &embedded_index_html);
}

void pages_get_docs(struct request *request)
{
    respond_file(request, HTML, &embedded_docs_html);
}

void pages_get_file(struct request *request)
{
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        if (strcmp(request->path_tail, files[i].name) == 0) {
            respond_file(request, files[i].content_type, files[i].content);
            return;
        }
    }
    respond_problem(request, PROBLEM_NOT_FOUND, NULL, "The pages have no such file");
}
