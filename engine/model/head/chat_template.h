/* SPDX-License-Identifier: Apache-2.0 */

/* How a decoder that judges is asked: the text around a query and a document, which its folder says
 * in a chat template. sentence-transformers (from version 5.4 on) gives a pair to it as two
 * messages, of the roles "query" and "document". Any thread. */
#ifndef NESTD_ENGINE_MODEL_HEAD_CHAT_TEMPLATE_H
#define NESTD_ENGINE_MODEL_HEAD_CHAT_TEMPLATE_H

#include "engine/base/status.h"

struct document;

/* What stands before the query, between it and the document, and after that. Zeroed: there is no
 * template. */
struct chat_template {
    char *before;
    char *between;
    char *after;
};

/* Reads chat_template.jinja in `folder` or, where there is none, "chat_template" of
 * tokenizer_config.json, whose root may be NULL. One that takes no pair, as those for chats, is as
 * none. STATUS_UNSUPPORTED, with the file, where it takes one in a way that is not served.
 * `ret_template` is zeroed before; release it after a failure too. */
MUST_CHECK enum status chat_template_read(struct chat_template *ret_template, const char *folder,
                                          const struct document *tokenizer_config,
                                          struct error *error);

/* Takes the parts of a template in Jinja's language; `name` is what a complaint calls it. */
MUST_CHECK enum status chat_template_parse(struct chat_template *ret_template, const char *source,
                                           const char *name, struct error *error);

/* Copies the three parts of one that is known. */
MUST_CHECK enum status chat_template_copy(struct chat_template *ret_template,
                                          const char *const parts[3]);

void chat_template_release(struct chat_template *chat);

#endif
