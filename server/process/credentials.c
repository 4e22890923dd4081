/* SPDX-License-Identifier: Apache-2.0 */

#include "server/process/credentials.h"

#include "config/options.h"
#include "server/auth/api_keys.h"
#include "server/exchange/server.h"
#include "server/http/tls.h"
#include "server/text/log.h"

#include <time.h>

bool credentials_have_files(const struct options *options)
{
    return options->api_key_file || options->tls_cert;
}

static void log_keys(const struct server *server)
{
    const struct api_key_count count = api_keys_count(server->api_keys, time(NULL));

    log_write(LOG_INFO, "%zu API keys, %zu of them expired", count.n_keys, count.n_expired);
}

static void note_certificate(struct server *server)
{
    const struct tls_certificate_info info = tls_get_info(server->tls);
    const bool has_expired = info.expires_s <= time(NULL);
    time_t expires = info.expires_s;
    struct tm utc;
    char text[32] = "";

    atomic_store(&server->certificate_ends_s, (int64_t)info.expires_s);
    if (gmtime_r(&expires, &utc))
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    log_write(has_expired ? LOG_WARNING : LOG_INFO, "TLS: the certificate of %s %s %s",
              info.subject, has_expired ? "expired at" : "is valid until", text);
}

enum status credentials_open(struct server *server, struct error *error)
{
    const struct options *options = server->options;
    enum status status;

    if (options->api_key || options->api_key_file) {
        status = api_keys_new(&server->api_keys, options->api_key, options->api_key_file, error);
        if (status)
            return status;
        log_keys(server);
    }
    if (options->tls_cert) {
        status = tls_new(&server->tls, options->tls_cert, options->tls_key, error);
        if (status)
            return status;
        note_certificate(server);
    }
    atomic_store(&server->reloaded_s, (int64_t)time(NULL));
    return STATUS_OK;
}

static bool reload_keys(struct server *server)
{
    struct error error = {0};

    if (api_keys_reload(server->api_keys, &error)) {
        log_write(LOG_ERROR, "SIGHUP: the old API keys stay in force: %s", error.text);
        return false;
    }
    log_keys(server);
    return true;
}

static bool reload_certificate(struct server *server)
{
    struct error error = {0};

    if (tls_reload(server->tls, &error)) {
        log_write(LOG_ERROR, "SIGHUP: the old certificate stays in force: %s", error.text);
        return false;
    }
    note_certificate(server);
    return true;
}

void credentials_reload(struct server *server)
{
    bool succeeded = true;

    if (server->options->api_key_file)
        succeeded = reload_keys(server);
    if (server->tls)
        succeeded = reload_certificate(server) && succeeded;
    atomic_store(&server->reload_failed, !succeeded);
    if (succeeded)
        atomic_store(&server->reloaded_s, (int64_t)time(NULL));
}

void credentials_release(struct server *server)
{
    api_keys_free(server->api_keys);
    tls_free(server->tls);
}
