/* SPDX-License-Identifier: Apache-2.0 */
#include "server/bulk/requests.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { MAX_LINE_BYTES = 32 << 20 };

struct requests {
    struct reader *reader;
    size_t i_shard;
    size_t n_shards;
    size_t n_read;    /* lines of the file */
    size_t n_counted; /* of those, this shard's */
    uint32_t digest;
};

enum status requests_open(struct requests **ret_requests, const struct source_setup *setup,
                          struct error *error)
{
    struct requests *requests = calloc(1, sizeof(*requests));
    enum status status;

    if (!requests)
        return error_set(error, STATUS_NO_MEMORY, "%s: not enough memory to read it", setup->path);
    requests->i_shard = setup->i_shard;
    requests->n_shards = setup->n_shards;
    status = reader_open(&requests->reader, setup->path, MAX_LINE_BYTES, error);
    if (status)
        free(requests);
    else
        *ret_requests = requests;
    return status;
}

void requests_free(struct requests *requests)
{
    if (!requests)
        return;
    reader_free(requests->reader);
    free(requests);
}

/* A line that is no object counts as an empty one. */
static enum status count(struct requests *requests, const json_t *object)
{
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    const char *counted = text ? text : "";

    if (object && !text)
        return STATUS_NO_MEMORY;
    requests->n_counted++;
    requests->digest =
        (uint32_t)crc32_z(requests->digest, (const unsigned char *)counted, strlen(counted) + 1);
    free(text);
    return STATUS_OK;
}

enum status requests_next(struct requests *requests, json_t **ret_object, struct error *error)
{
    for (;;) {
        json_t *object = NULL;
        struct error why = {0};
        enum status status = jsonl_next(requests->reader, &object, &why);
        enum status counted;

        *ret_object = NULL;
        if (status == STATUS_INVALID && reader_skip_line(requests->reader, error))
            return STATUS_IO;
        if (status && status != STATUS_INVALID)
            return error_set(error, status, "%s", why.text);
        if (!status && !object)
            return STATUS_OK;
        if (requests->n_read++ % requests->n_shards != requests->i_shard) {
            json_decref(object);
            continue;
        }
        counted = count(requests, object);
        if (counted) {
            json_decref(object);
            return error_set(error, counted, "not enough memory to read a request");
        }
        if (status)
            return error_set(error, status, "%s", why.text);
        *ret_object = object;
        return STATUS_OK;
    }
}

size_t requests_get_number(const struct requests *requests)
{
    return requests->n_read - 1;
}

size_t requests_count(const struct requests *requests)
{
    return requests->n_counted;
}

uint32_t requests_get_digest(const struct requests *requests)
{
    return requests->digest;
}

const struct reader *requests_get_reader(const struct requests *requests)
{
    return requests->reader;
}
