/* SPDX-License-Identifier: Apache-2.0 */

#include "server/hub/wire/client.h"

#include "server/hub/wire/reply_header.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    MAX_REDIRECTS = 10,
    MAX_URL_BYTES = 8192,
    CONNECT_TIMEOUT_S = 10,
    /* Nothing at all for so long is a connection that is dead. */
    STALL_TIMEOUT_S = 30,
};

struct hub_client {
    CURL *curl;
    CURLU *endpoint;
    const char *token;
};

/* One request of one redirect's hop. */
struct hop {
    CURL *curl;
    const struct hub_sink *sink;
    struct hub_reply *reply;
    bool broken;
};

/* ---- addresses ---- */

bool hub_escape(const char *text, bool keep_slashes, char *to, size_t max_bytes)
{
    size_t at = strlen(to);

    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        bool is_plain = isalnum(*c) || strchr("-_.~", *c) || (*c == '/' && keep_slashes);

        if (at + 4 > max_bytes)
            return false;
        at += (size_t)snprintf(to + at, max_bytes - at, is_plain ? "%c" : "%%%02X", *c);
    }
    return true;
}

static bool part_is_same(CURLU *a, CURLU *b, CURLUPart part)
{
    char *text_a = NULL, *text_b = NULL;
    bool is_same = curl_url_get(a, part, &text_a, CURLU_DEFAULT_PORT) == CURLUE_OK &&
                   curl_url_get(b, part, &text_b, CURLU_DEFAULT_PORT) == CURLUE_OK &&
                   strcasecmp(text_a, text_b) == 0;

    curl_free(text_a);
    curl_free(text_b);
    return is_same;
}

static bool is_origin_of(CURLU *endpoint, const char *url)
{
    CURLU *parsed = curl_url();
    bool is_origin = parsed && curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK &&
                     part_is_same(parsed, endpoint, CURLUPART_SCHEME) &&
                     part_is_same(parsed, endpoint, CURLUPART_HOST) &&
                     part_is_same(parsed, endpoint, CURLUPART_PORT);

    curl_url_cleanup(parsed);
    return is_origin;
}

static bool is_web(const char *url)
{
    return strncasecmp(url, "https://", 8) == 0 || strncasecmp(url, "http://", 7) == 0;
}

static bool is_downgrade(const char *from, const char *to)
{
    return strncasecmp(from, "https://", 8) == 0 && strncasecmp(to, "https://", 8) != 0;
}

/* ---- what curl calls ---- */

static size_t take_header(char *line, size_t size, size_t n, void *user)
{
    struct hop *hop = user;

    (void)size;
    hub_reply_add_header(hop->reply, line, n);
    return n;
}

static size_t take_body(char *bytes, size_t size, size_t n, void *user)
{
    struct hop *hop = user;

    (void)size;
    if (hop->reply->status != 200 && hop->reply->status != 206)
        return n; /* what it says is in the header too */
    if (hop->sink->put(hop->sink->user, hop->reply, bytes, n))
        return n;
    hop->broken = true;
    return 0;
}

/* ---- requests ---- */

/* "Authorization: Bearer ..." where the hub itself is asked. */
static struct curl_slist *make_headers(const struct hub_client *client, const char *url)
{
    struct curl_slist *headers = NULL;
    char line[1024];

    if (client->token[0] == '\0' || !is_origin_of(client->endpoint, url))
        return NULL;
    snprintf(line, sizeof line, "Authorization: Bearer %s", client->token);
    headers = curl_slist_append(NULL, line);
    explicit_bzero(line, sizeof line);
    return headers;
}

static bool is_final(CURLcode code)
{
    switch (code) {
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_OUT_OF_MEMORY:
        return true;
    default:
        return false;
    }
}

static enum hub_outcome judge(const struct hop *hop, CURLcode code, const char *words)
{
    struct hub_reply *reply = hop->reply;

    if (hop->broken)
        return HUB_BROKEN;
    if (code != CURLE_OK) {
        snprintf(reply->problem, sizeof reply->problem, "%s",
                 words[0] ? words : curl_easy_strerror(code));
        return is_final(code) ? HUB_REFUSED : HUB_AGAIN;
    }
    if (reply->status == 200 || reply->status == 206)
        return HUB_DONE;
    return reply->status == 408 || reply->status == 429 || reply->status >= 500 ? HUB_AGAIN
                                                                                : HUB_REFUSED;
}

/* One hop. What it is redirected to is left in `url`, which is "" otherwise. */
static enum hub_outcome get_once(struct hub_client *client, char url[MAX_URL_BYTES],
                                 uint64_t offset, struct hop *hop)
{
    struct curl_slist *headers = make_headers(client, url);
    char range[32], words[CURL_ERROR_SIZE] = "";
    char *next = NULL;
    CURLcode code;

    *hop->reply = (struct hub_reply){0};
    snprintf(range, sizeof range, "%llu-", (unsigned long long)offset);
    curl_easy_setopt(client->curl, CURLOPT_URL, url);
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(client->curl, CURLOPT_RANGE, offset > 0 ? range : NULL);
    curl_easy_setopt(client->curl, CURLOPT_ERRORBUFFER, words);
    curl_easy_setopt(client->curl, CURLOPT_HEADERDATA, hop);
    curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, hop);
    code = curl_easy_perform(client->curl);
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, NULL);
    curl_easy_setopt(client->curl, CURLOPT_ERRORBUFFER, NULL);
    curl_slist_free_all(headers);
    if (code == CURLE_OK && hop->reply->status >= 300 && hop->reply->status < 400)
        curl_easy_getinfo(client->curl, CURLINFO_REDIRECT_URL, &next);
    if (!next || strlen(next) >= MAX_URL_BYTES || !is_web(next) || is_downgrade(url, next)) {
        url[0] = '\0';
        return judge(hop, code, words);
    }
    memcpy(url, next, strlen(next) + 1);
    return HUB_DONE;
}

enum hub_outcome hub_client_get(struct hub_client *client, const char *url, uint64_t offset,
                                const struct hub_sink *sink, struct hub_reply *ret_reply)
{
    struct hop hop = {.curl = client->curl, .sink = sink, .reply = ret_reply};
    char at[MAX_URL_BYTES];
    enum hub_outcome outcome = HUB_REFUSED;

    *ret_reply = (struct hub_reply){0};
    if (strlen(url) >= sizeof at)
        return HUB_REFUSED;
    memcpy(at, url, strlen(url) + 1);
    for (size_t i = 0; i <= MAX_REDIRECTS && at[0]; i++)
        outcome = get_once(client, at, offset, &hop);
    return at[0] ? HUB_REFUSED : outcome;
}

/* ---- the client ---- */

static const char *find_certificates(void)
{
    static const char *const variables[] = {"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE",
                                            "CURL_CA_BUNDLE"};

    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *path = getenv(variables[i]);

        if (path && path[0])
            return path;
    }
    return NULL;
}

static bool set_up(struct hub_client *client)
{
    CURL *curl = client->curl;
    const char *certificates = find_certificates();

    return !(curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") ||
             curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) ||
             curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) ||
             curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) ||
             curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) ||
             curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_S) ||
             curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L) ||
             curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)STALL_TIMEOUT_S) ||
             curl_easy_setopt(curl, CURLOPT_USERAGENT, "nestd/" NESTD_VERSION) ||
             curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header) ||
             curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body) ||
             (certificates && curl_easy_setopt(curl, CURLOPT_CAINFO, certificates)));
}

enum status hub_client_new(struct hub_client **ret_client, const char *endpoint, const char *token,
                           struct error *error)
{
    struct hub_client *client = calloc(1, sizeof *client);
    const char *proxy = getenv("HTTP_PROXY");

    /* libcurl reads it in small letters only, other programs in either. */
    if (proxy)
        setenv("http_proxy", proxy, 0);
    if (client && curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK) {
        client->token = token;
        client->curl = curl_easy_init();
        client->endpoint = curl_url();
    }
    if (!client || !client->curl || !client->endpoint || !set_up(client)) {
        hub_client_free(client);
        return error_set(error, STATUS_NO_MEMORY, "libcurl cannot be started");
    }
    if (curl_url_set(client->endpoint, CURLUPART_URL, endpoint, 0) != CURLUE_OK) {
        hub_client_free(client);
        return error_set(error, STATUS_INVALID, "HF_ENDPOINT: %.200s is no address", endpoint);
    }
    *ret_client = client;
    return STATUS_OK;
}

void hub_client_free(struct hub_client *client)
{
    if (!client)
        return;
    curl_easy_cleanup(client->curl);
    curl_url_cleanup(client->endpoint);
    free(client);
}
