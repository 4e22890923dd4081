/* SPDX-License-Identifier: Apache-2.0 */
#include "server/bulk/window.h"

#include <stdlib.h>
#include <string.h>

enum {
    ENTRIES_PER_TEXT = 2,
    FULL_BYTES = 256 << 10, /* what is longer than that waits for the next window */
};

enum status window_init(struct window *window, size_t max_texts, size_t n_dims)
{
    size_t n_numbers;

    *window = (struct window){.max_texts = max_texts};
    if (__builtin_mul_overflow(max_texts, n_dims, &n_numbers))
        return STATUS_NO_MEMORY;
    window->texts = calloc(max_texts, sizeof(*window->texts));
    window->entries = calloc(max_texts, ENTRIES_PER_TEXT * sizeof(*window->entries));
    window->batch.vectors = calloc(n_numbers, sizeof(float));
    window->batch.texts = window->texts;
    return window->texts && window->entries && window->batch.vectors ? STATUS_OK : STATUS_NO_MEMORY;
}

void window_release(struct window *window)
{
    free(window->texts);
    free(window->entries);
    free(window->batch.vectors);
    buffer_release(&window->bytes);
    *window = (struct window){0};
}

static struct window_entry *add_entry(struct window *window, size_t line, struct slice bytes)
{
    struct window_entry *entry = &window->entries[window->n_entries++];

    *entry = (struct window_entry){
        .line = line,
        .bytes_at = window->bytes.len_bytes,
        .len_bytes = bytes.len_bytes,
    };
    buffer_append(&window->bytes, bytes.bytes, bytes.len_bytes);
    return entry;
}

static void add_record(struct window *window, const struct record *record)
{
    struct window_entry *entry = add_entry(window, record->line, record->text);

    entry->id_at = window->bytes.len_bytes;
    entry->id_len_bytes = record->id.len_bytes;
    buffer_append(&window->bytes, record->id.bytes, record->id.len_bytes);
    window->batch.n_texts++;
}

static bool is_full(const struct window *window)
{
    return window->batch.n_texts == window->max_texts ||
           window->n_entries == ENTRIES_PER_TEXT * window->max_texts ||
           window->bytes.len_bytes >= FULL_BYTES;
}

/* Once all bytes are there, for their buffer may move. */
static void point_at_texts(struct window *window)
{
    size_t n_texts = 0;

    for (size_t i = 0; i < window->n_entries; i++)
        if (!window->entries[i].is_bad)
            window->texts[n_texts++] =
                (struct embed_text){.text = window_get_bytes(window, &window->entries[i])};
}

static void note_place(struct window *window, const struct source *source)
{
    window->n_records = source_count(source);
    window->digest = source_get_digest(source);
}

enum status window_fill(struct window *window, struct source *source, bool keep_bad,
                        bool *ret_ended, struct error *error)
{
    enum status status = STATUS_OK;

    window->batch.n_texts = 0;
    window->n_entries = 0;
    window->bytes.len_bytes = 0;
    *ret_ended = false;
    while (!is_full(window)) {
        struct record record;
        struct error why = {0};

        note_place(window, source);
        status = source_next(source, &record, &why);
        if (status == STATUS_INVALID && keep_bad) {
            add_entry(window, record.line, (struct slice){why.text, strlen(why.text)})->is_bad =
                true;
            status = STATUS_OK;
            continue;
        }
        *ret_ended = status || !record.text.bytes;
        if (status)
            (void)error_set(error, status, "%s", why.text);
        if (*ret_ended)
            break;
        add_record(window, &record);
    }
    if (buffer_failed(&window->bytes))
        return error_set(error, STATUS_NO_MEMORY, "not enough memory for the texts");
    point_at_texts(window);
    if (!status)
        note_place(window, source);
    window->share = source_get_share(source);
    return status;
}

struct slice window_get_bytes(const struct window *window, const struct window_entry *entry)
{
    return (struct slice){window->bytes.bytes + entry->bytes_at, entry->len_bytes};
}

struct slice window_get_id(const struct window *window, const struct window_entry *entry)
{
    return (struct slice){window->bytes.bytes + entry->id_at, entry->id_len_bytes};
}
