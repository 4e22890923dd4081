/* SPDX-License-Identifier: Apache-2.0 */
#include "server/bulk/office.h"

#include "config/options.h"
#include "server/bulk/office_local.h"
#include "server/bulk/office_remote.h"

#include <stdlib.h>

struct office {
    struct office_local *local; /* one of both */
    struct office_remote *remote;
    struct office_info info;
};

enum status office_open(struct office **ret_office, const struct options *options,
                        struct error *error)
{
    struct office *office = calloc(1, sizeof(*office));
    enum status status;

    if (!office)
        return error_set(error, STATUS_NO_MEMORY, "not enough memory to start");
    office->info = (struct office_info){.model_name = "", .dtype = ""};
    if (options->url)
        status = office_remote_open(&office->remote, options, error);
    else
        status = office_local_open(&office->local, options, &office->info, error);
    if (status)
        free(office);
    else
        *ret_office = office;
    return status;
}

void office_close(struct office *office)
{
    if (!office)
        return;
    office_local_close(office->local);
    office_remote_close(office->remote);
    free(office);
}

const struct office_info *office_get_info(const struct office *office)
{
    return &office->info;
}

bool office_knows(const struct office *office, const char *path)
{
    return office->local ? office_local_knows(office->local, path) : office_remote_knows(path);
}

enum status office_submit(struct office *office, const char *path, struct slice body,
                          struct answer *answer)
{
    if (office->local)
        return office_local_submit(office->local, path, body, answer);
    return office_remote_submit(office->remote, path, body, answer);
}
