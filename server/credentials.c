/* SPDX-License-Identifier: Apache-2.0 */

#include "server/credentials.h"

#include "config/options.h"
#include "server/api_keys.h"
#include "server/log.h"
#include "server/server.h"

#include <time.h>

bool credentials_have_files(const struct options *options)
{
    return options->api_key_file;
}

static void log_keys(const struct server *server)
{
    const struct api_key_count count = api_keys_count(server->api_keys, time(NULL));

    log_write(LOG_INFO, "%zu API keys, of which %zu have expired", count.n_keys, count.n_expired);
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
    return STATUS_OK;
}

static void reload_keys(struct server *server)
{
    struct error error = {0};

    if (api_keys_reload(server->api_keys, &error))
        log_write(LOG_ERROR, "SIGHUP: the API keys stay as they were: %s", error.text);
    else
        log_keys(server);
}

void credentials_reload(struct server *server)
{
    if (server->options->api_key_file)
        reload_keys(server);
}

void credentials_release(struct server *server)
{
    api_keys_free(server->api_keys);
}
