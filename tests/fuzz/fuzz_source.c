/* SPDX-License-Identifier: Apache-2.0 */

/* Inputs of nestd embed: the first byte says which format and shard. Whatever follows, a source
 * ends; its texts are UTF-8 and not empty, its ids JSON; a complaint names the file; and reading
 * again gives the same digest. */
#include "server/bulk/source.h"
#include "server/text/utf8.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes);

static char path[40];

static void check_record(const struct record *record)
{
    json_t *id =
        json_loadb(record->id.bytes, record->id.len_bytes, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

    if (!json_is_string(id) && !json_is_integer(id))
        abort();
    json_decref(id);
    if (record->text.len_bytes == 0 || record->line == 0)
        abort();
    for (size_t at = 0; at < record->text.len_bytes;) {
        size_t size = utf8_character_size(record->text.bytes + at, record->text.len_bytes - at);

        if (size == 0)
            abort();
        at += size;
    }
}

/* The digest of all records; 0 where the file cannot be opened as that format. */
static uint32_t read_all(const struct source_setup *setup)
{
    struct source *source = NULL;
    struct error error = {0};
    size_t n_records = 0;
    uint32_t digest;

    if (source_open(&source, setup, &error)) {
        if (!strstr(error.text, path))
            abort();
        return 0;
    }
    for (;;) {
        struct record record;
        enum status status;

        error = (struct error){0};
        status = source_next(source, &record, &error);
        if (status && strncmp(error.text, path, strlen(path)) != 0)
            abort();
        if (!status && !record.text.bytes)
            break;
        if (status && status != STATUS_INVALID)
            break;
        n_records++;
        if (!status)
            check_record(&record);
    }
    if (source_count(source) != n_records)
        abort();
    digest = source_get_digest(source);
    source_free(source);
    return digest;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
    static const char *names[] = {"text", "title"};
    static int file = -1;
    struct source_setup setup = {.path = path, .text_fields = {names, 1}, .n_shards = 1};

    if (len_bytes == 0)
        return 0;
    if (file < 0)
        file = memfd_create("texts", 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    if (ftruncate(file, 0) != 0 ||
        pwrite(file, bytes + 1, len_bytes - 1, 0) != (ssize_t)(len_bytes - 1))
        abort();
    setup.format = (enum source_format)(bytes[0] & 3);
    setup.text_fields.n_values = bytes[0] & 4 ? 2 : 1;
    setup.id_field = bytes[0] & 8 ? "key" : NULL;
    setup.n_shards = bytes[0] & 16 ? 3 : 1;
    setup.i_shard = setup.n_shards - 1;
    if (read_all(&setup) != read_all(&setup))
        abort();
    return 0;
}
