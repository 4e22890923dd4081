/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/client/transfer.h"

#include "server/text/buffer.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct transfer {
    CURL *curl;
    const struct transfer_request *request; /* that runs */
    char problem[CURL_ERROR_SIZE];
};

/* ---- what libcurl calls ---- */

static size_t take_header(char *line, size_t size, size_t n, void *user)
{
    const struct transfer_request *request = ((struct transfer *)user)->request;

    (void)size; /* always 1 */
    if (request->take_header)
        request->take_header(request->user, line, n);
    return n;
}

/* Any other number than n breaks it off. */
static size_t take_body(char *bytes, size_t size, size_t n, void *user)
{
    const struct transfer_request *request = ((struct transfer *)user)->request;

    (void)size;
    return request->take_body(request->user, bytes, n) ? n : !n;
}

static int tell_stopped(void *user, curl_off_t total_down, curl_off_t down, curl_off_t total_up,
                        curl_off_t up)
{
    const struct transfer_request *request = ((struct transfer *)user)->request;

    (void)total_down;
    (void)down;
    (void)total_up;
    (void)up;
    return request->is_stopped && request->is_stopped(request->user);
}

/* ---- the connection ---- */

static const char *find_certificates(void)
{
    static const char *const variables[] = {"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE",
                                            "CURL_CA_BUNDLE"};

    for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++) {
        const char *path = getenv(variables[i]);

        if (path && path[0])
            return path;
    }
    return NULL;
}

/* What is the same for all requests. */
static bool set_up(struct transfer *transfer)
{
    CURL *curl = transfer->curl;
    const char *certificates = find_certificates();

    return !(curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") ||
             curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) ||
             curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) ||
             curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) ||
             curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) ||
             curl_easy_setopt(curl, CURLOPT_USERAGENT, "nestd/" NESTD_VERSION) ||
             curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transfer->problem) ||
             curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header) ||
             curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer) ||
             curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body) ||
             curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer) ||
             curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) ||
             curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, tell_stopped) ||
             curl_easy_setopt(curl, CURLOPT_XFERINFODATA, transfer) ||
             (certificates && curl_easy_setopt(curl, CURLOPT_CAINFO, certificates)));
}

struct transfer *transfer_new(void)
{
    struct transfer *transfer = calloc(1, sizeof(*transfer));

    if (!transfer || curl_global_init(CURL_GLOBAL_DEFAULT)) {
        free(transfer);
        return NULL;
    }
    transfer->curl = curl_easy_init();
    if (!transfer->curl || !set_up(transfer)) {
        transfer_free(transfer);
        return NULL;
    }
    return transfer;
}

void transfer_free(struct transfer *transfer)
{
    if (!transfer)
        return;
    curl_easy_cleanup(transfer->curl);
    curl_global_cleanup();
    free(transfer);
}

/* ---- a request ---- */

static bool add_header(struct curl_slist **headers, const char *name, const char *value)
{
    struct buffer line = {0};
    struct curl_slist *longer = NULL;

    buffer_appendf(&line, "%s%s", name, value);
    buffer_append(&line, "", 1);
    if (!buffer_failed(&line))
        longer = curl_slist_append(*headers, line.bytes);
    if (line.bytes)
        explicit_bzero(line.bytes, line.len_bytes); /* a key may be in it */
    buffer_release(&line);
    if (longer)
        *headers = longer;
    return longer;
}

static bool add_headers(const struct transfer_request *request, struct curl_slist **headers)
{
    /* Without "Expect:" libcurl would wait for the server to ask for a large body. */
    return (!request->accept || add_header(headers, "Accept: ", request->accept)) &&
           (!request->bearer || add_header(headers, "Authorization: Bearer ", request->bearer)) &&
           (!request->body.bytes || (add_header(headers, "Content-Type: ", "application/json") &&
                                     add_header(headers, "Expect:", "")));
}

static bool set_body(CURL *curl, struct slice body)
{
    if (!body.bytes)
        return !curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    return !(curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len_bytes) ||
             curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.bytes));
}

static bool prepare(CURL *curl, const struct transfer_request *request, struct curl_slist *headers)
{
    const long timeout_ms = (long)(request->timeout_s * 1e3);
    const long min_rate = request->stall_timeout_s > 0; /* bytes per second */
    char range[32];

    snprintf(range, sizeof(range), "%llu-", (unsigned long long)request->offset);
    return set_body(curl, request->body) &&
           !(curl_easy_setopt(curl, CURLOPT_URL, request->url) ||
             curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) ||
             curl_easy_setopt(curl, CURLOPT_RANGE, request->offset > 0 ? range : NULL) ||
             curl_easy_setopt(curl, CURLOPT_PROXY, request->is_direct ? "" : NULL) ||
             curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, request->is_unverified ? 0L : 1L) ||
             curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, request->is_unverified ? 0L : 2L) ||
             curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, request->connect_timeout_s) ||
             curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, min_rate) ||
             curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, request->stall_timeout_s) ||
             curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, timeout_ms));
}

static enum transfer_end find_end(CURLcode code)
{
    switch (code) {
    case CURLE_OK:
        return TRANSFER_ANSWERED;
    case CURLE_WRITE_ERROR:
    case CURLE_ABORTED_BY_CALLBACK:
        return TRANSFER_BROKEN_OFF;
    case CURLE_COULDNT_CONNECT:
        return TRANSFER_NOT_CONNECTED;
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
        return TRANSFER_CUT_SHORT;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
        return TRANSFER_HOPELESS;
    case CURLE_OUT_OF_MEMORY:
        return TRANSFER_NO_MEMORY;
    default:
        return TRANSFER_FAILED;
    }
}

static struct transfer_reply read_reply(struct transfer *transfer, CURLcode code)
{
    struct transfer_reply reply = {.end = find_end(code)};
    curl_off_t retry_after_s = 0;
    char *redirect = NULL;

    curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &reply.http_status);
    if (!curl_easy_getinfo(transfer->curl, CURLINFO_RETRY_AFTER, &retry_after_s))
        reply.retry_after_s = (double)retry_after_s;
    if (!code)
        curl_easy_getinfo(transfer->curl, CURLINFO_REDIRECT_URL, &redirect);
    reply.redirect = redirect;
    if (code)
        snprintf(reply.problem, sizeof(reply.problem), "%s",
                 transfer->problem[0] ? transfer->problem : curl_easy_strerror(code));
    return reply;
}

struct transfer_reply transfer_run(struct transfer *transfer,
                                   const struct transfer_request *request)
{
    struct transfer_reply reply = {.end = TRANSFER_NO_MEMORY, .problem = "not enough memory"};
    struct curl_slist *headers = NULL;

    transfer->request = request;
    transfer->problem[0] = '\0';
    if (add_headers(request, &headers) && prepare(transfer->curl, request, headers))
        reply = read_reply(transfer, curl_easy_perform(transfer->curl));
    curl_easy_setopt(transfer->curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(headers);
    return reply;
}

/* ---- addresses ---- */

static CURLU *parse(const char *text)
{
    CURLU *url = curl_url();

    if (url && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK)
        return url;
    curl_url_cleanup(url);
    return NULL;
}

bool transfer_is_address(const char *text)
{
    CURLU *url = parse(text);
    const bool is_address = url;

    curl_url_cleanup(url);
    return is_address;
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

bool transfer_is_same_origin(const char *a, const char *b)
{
    CURLU *url_a = parse(a);
    CURLU *url_b = parse(b);
    bool is_same = url_a && url_b && part_is_same(url_a, url_b, CURLUPART_SCHEME) &&
                   part_is_same(url_a, url_b, CURLUPART_HOST) &&
                   part_is_same(url_a, url_b, CURLUPART_PORT);

    curl_url_cleanup(url_a);
    curl_url_cleanup(url_b);
    return is_same;
}
