/* SPDX-License-Identifier: Apache-2.0 */

/* --health-check, for containers that have no other client. Proxies are for the way out, so none is
 * used. A server on this machine is asked by its own options; its certificate, which names another
 * host, is then not verified: nothing secret is sent. */
#include "server/process/commands.h"

#include "config/options.h"
#include "server/http/client/transfer.h"
#include "server/text/buffer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Less than what containers' probes usually wait. */
enum { TIMEOUT_S = 4, MAX_SHOWN_BYTES = 200 };

static bool is_path(const char *text)
{
    return text[0] == '/';
}

/* The address to reach a server at that listens on this one. */
static const char *find_host(const char *hostname)
{
    if (strcmp(hostname, "0.0.0.0") == 0)
        return "127.0.0.1";
    return strcmp(hostname, "::") == 0 ? "::1" : hostname;
}

static void write_url(const struct options *options, struct buffer *url)
{
    const char *host = find_host(options->hostname);

    if (is_path(options->health_check))
        buffer_appendf(url, strchr(host, ':') ? "%s://[%s]:%" PRId64 : "%s://%s:%" PRId64,
                       options->tls_cert ? "https" : "http", host, options->port);
    buffer_append_string(url, options->health_check);
    buffer_append(url, "", 1);
}

/* The beginning of the reply, as one line. */
struct shown {
    char text[MAX_SHOWN_BYTES + 1];
    size_t len_bytes;
};

static bool take_body(void *user, const char *bytes, size_t len_bytes)
{
    struct shown *shown = user;

    for (size_t i = 0; i < len_bytes && shown->len_bytes < MAX_SHOWN_BYTES; i++) {
        unsigned char byte = (unsigned char)bytes[i];

        shown->text[shown->len_bytes++] = byte < 0x20 || byte == 0x7f ? ' ' : bytes[i];
    }
    return true;
}

static int ask(struct transfer *transfer, const char *url, bool is_own)
{
    struct shown shown = {{0}, 0};
    const struct transfer_request request = {.url = url,
                                             .is_direct = true,
                                             .is_unverified = is_own,
                                             .connect_timeout_s = TIMEOUT_S,
                                             .timeout_s = TIMEOUT_S,
                                             .take_body = take_body,
                                             .user = &shown};
    struct transfer_reply reply = transfer_run(transfer, &request);

    if (reply.end != TRANSFER_ANSWERED)
        fprintf(stderr, "nestd: %s: %s\n", url, reply.problem);
    else if (reply.http_status != 200)
        fprintf(stderr, "nestd: %s: %ld %s\n", url, reply.http_status, shown.text);
    else
        printf("%s: 200\n", url);
    return reply.end == TRANSFER_ANSWERED && reply.http_status == 200 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int command_check_health(const struct options *options)
{
    const bool is_own = is_path(options->health_check);
    struct transfer *transfer = NULL;
    struct buffer url = {0};
    int exit_status = EXIT_FAILURE;

    if (is_own && options->port == 0)
        return command_complain(options,
                                "--health-check: with --port 0 only the whole URL will do");
    write_url(options, &url);
    if (!buffer_failed(&url))
        transfer = transfer_new();
    if (!transfer)
        fputs("nestd: not enough memory to ask\n", stderr);
    else if (!transfer_is_address(url.bytes))
        exit_status = command_complain(
            options,
            "--health-check: expected a URL, such as http://127.0.0.1:8080/livez, or a path");
    else
        exit_status = ask(transfer, url.bytes, is_own);
    transfer_free(transfer);
    buffer_release(&url);
    return exit_status;
}
