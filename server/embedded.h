/* SPDX-License-Identifier: Apache-2.0 */

/* Files of this folder that are part of the program: made at build time by embed.py, which
 * meson.build tells what there is. Read-only; any thread. */
#ifndef NESTD_SERVER_EMBEDDED_H
#define NESTD_SERVER_EMBEDDED_H

#include "server/text/slice.h"

extern const struct slice embedded_openapi; /* openapi.json, whose ${...} openapi.c fills in */

/* The files of web/, by their names: pages.c serves them. */
extern const struct slice embedded_code_js;
extern const struct slice embedded_dimensions_js;
extern const struct slice embedded_docs_css;
extern const struct slice embedded_docs_html;
extern const struct slice embedded_docs_js;
extern const struct slice embedded_dom_js;
extern const struct slice embedded_examples_js;
extern const struct slice embedded_form_js;
extern const struct slice embedded_icon_svg;
extern const struct slice embedded_index_html;
extern const struct slice embedded_playground_css;
extern const struct slice embedded_playground_js;
extern const struct slice embedded_problem_js;
extern const struct slice embedded_ranking_js;
extern const struct slice embedded_schema_js;
extern const struct slice embedded_server_js;
extern const struct slice embedded_snippets_js;
extern const struct slice embedded_style_css;
extern const struct slice embedded_summary_js;
extern const struct slice embedded_texts_js;
extern const struct slice embedded_theme_js;
extern const struct slice embedded_vectors_js;

#endif
