/* SPDX-License-Identifier: Apache-2.0 */

#include "server/hub/wire/explain.h"

#include <stdio.h>
#include <string.h>

bool hub_reply_is_unknown_revision(const struct hub_reply *reply)
{
    return strcmp(reply->error_code, "RevisionNotFound") == 0;
}

static enum status explain_gated(const struct hub_asked *asked, struct error *error)
{
    if (asked->with_token)
        return error_set(error, STATUS_INVALID,
                         "%s is gated, and the account of the token that was given may not read "
                         "it; ask for access at %.200s/%s",
                         asked->name, asked->endpoint, asked->name);
    return error_set(error, STATUS_INVALID,
                     "%s is gated: accept its terms at %.200s/%s, and give a token of that account "
                     "in HF_TOKEN or with --hf-token",
                     asked->name, asked->endpoint, asked->name);
}

static enum status explain_token(const struct hub_asked *asked, struct error *error)
{
    return error_set(error, STATUS_INVALID,
                     "the hub does not take the token that was given: it is wrong or has expired; "
                     "make a new one at %.200s/settings/tokens",
                     asked->endpoint);
}

/* The hub does not say whether a model is missing or only hidden. */
static enum status explain_missing(const struct hub_asked *asked, struct error *error)
{
    if (asked->with_token)
        return error_set(error, STATUS_INVALID,
                         "there is no folder %s, nor a model of that name at %.200s that the token "
                         "given may read; check the name",
                         asked->name, asked->endpoint);
    return error_set(error, STATUS_INVALID,
                     "there is no folder %s, nor a model of that name at %.200s that all may "
                     "read; check the name, or give a token in HF_TOKEN or with --hf-token where "
                     "it is private",
                     asked->name, asked->endpoint);
}

static enum status explain_unreachable(const struct hub_asked *asked, const struct hub_reply *reply,
                                       struct error *error)
{
    return error_set(error, STATUS_IO,
                     "%s cannot be had from %.150s: %s; check the way there (HTTPS_PROXY, "
                     "HF_ENDPOINT), or get the model elsewhere and give its folder",
                     asked->name, asked->endpoint, hub_describe(reply).text);
}

enum status hub_explain(const struct hub_asked *asked, const struct hub_reply *reply,
                        struct error *error)
{
    bool is_invalid_token = strstr(reply->error_message, "Invalid credentials") ||
                            strstr(reply->error_message, "Invalid username or password");

    if (reply->problem[0] || reply->status == 0 || reply->status >= 500)
        return explain_unreachable(asked, reply, error);
    if (strcmp(reply->error_code, "GatedRepo") == 0)
        return explain_gated(asked, error);
    if (hub_reply_is_unknown_revision(reply))
        return error_set(error, STATUS_INVALID,
                         "%s has no revision %s; --revision takes a branch, a tag or a commit",
                         asked->name, asked->revision);
    if (strcmp(reply->error_code, "EntryNotFound") == 0)
        return error_set(error, STATUS_IO, "%s lists a file that the hub does not have",
                         asked->name);
    if (reply->status == 401 && is_invalid_token && asked->with_token)
        return explain_token(asked, error);
    if (reply->status == 401 || reply->status == 404)
        return explain_missing(asked, error);
    if (reply->status == 403)
        return explain_gated(asked, error);
    if (reply->status == 429)
        return error_set(error, STATUS_IO,
                         "the hub takes no more requests from this address for now (429); try "
                         "again %s, or give a token, which raises the limit",
                         reply->retry_after_s ? "when it says" : "in a few minutes");
    return explain_unreachable(asked, reply, error);
}

struct hub_words hub_describe(const struct hub_reply *reply)
{
    struct hub_words words;

    if (reply->problem[0])
        snprintf(words.text, sizeof words.text, "%s", reply->problem);
    else if (reply->error_message[0])
        snprintf(words.text, sizeof words.text, "it answered %ld (%s)", reply->status,
                 reply->error_message);
    else
        snprintf(words.text, sizeof words.text, "it answered %ld", reply->status);
    return words;
}
