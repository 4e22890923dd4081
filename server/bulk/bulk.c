/* SPDX-License-Identifier: Apache-2.0 */

/* Windows go round a ring: filled and submitted at its head, written at its tail. An embedder's
 * thread that ends a batch marks its window and wakes the owner by an eventfd, as a signal does. */
#include "server/bulk/bulk.h"

#include "server/bulk/window.h"
#include "server/exchange/server.h"
#include "server/text/log.h"
#include "server/text/progress.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    MORE_WINDOWS = 2, /* than the embedder can use: one to fill, one to write */
    SAVE_US = 5000000,
    LOOK_MS = 200,
};

struct slot {
    struct window window; /* first, so that mark_done() finds the rest */
    struct bulk *bulk;
    atomic_bool is_done;
};

struct bulk {
    struct embedder *embedder;
    struct bulk_setup setup;
    struct source *source;
    struct targets targets;
    struct progress progress;
    struct journal_place place;
    int64_t saved_us;
    bool has_ended; /* the input */
    struct error end_error;
    enum status end_status; /* of the input's end: a bad record, a file cut short */

    size_t first; /* of the ring's n_used slots */
    size_t n_used;
    size_t n_slots;
    struct slot slots[];
};

static void mark_done(struct embed_batch *batch)
{
    struct slot *slot = (struct slot *)batch;
    const int wake = slot->bulk->setup.wake;

    atomic_store(&slot->is_done, true); /* the slot is the owner's again */
    eventfd_write(wake, 1);
}

enum status bulk_new(struct bulk **ret_bulk, struct embedder *embedder,
                     const struct bulk_setup *setup, struct error *error)
{
    const struct embedder_info *info = embedder_get_info(embedder);
    const size_t n_slots = info->n_batches + MORE_WINDOWS;
    struct bulk *bulk = calloc(1, sizeof(*bulk) + n_slots * sizeof(struct slot));
    enum status status = bulk ? STATUS_OK : STATUS_NO_MEMORY;

    if (!bulk)
        return error_set(error, status, "not enough memory to start");
    bulk->embedder = embedder;
    bulk->setup = *setup;
    bulk->setup.rows.n_dims = info->n_dims;
    bulk->n_slots = n_slots;
    for (size_t i = 0; i < n_slots && !status; i++) {
        bulk->slots[i].bulk = bulk;
        status = window_init(&bulk->slots[i].window, info->batch_texts, info->n_dims);
        bulk->slots[i].window.batch.prompt = setup->prompt;
        bulk->slots[i].window.batch.done = mark_done;
    }
    if (!status)
        status =
            targets_init(&bulk->targets, setup->output, &bulk->setup.rows, setup->skips_bad, error);
    if (!status)
        status = source_open(&bulk->source, &setup->source, error);
    if (status) {
        bulk_free(bulk);
        return error_set(error, status, "not enough memory to start");
    }
    *ret_bulk = bulk;
    return STATUS_OK;
}

void bulk_free(struct bulk *bulk)
{
    if (!bulk)
        return;
    for (size_t i = 0; i < bulk->n_slots; i++)
        window_release(&bulk->slots[i].window);
    targets_release(&bulk->targets);
    source_free(bulk->source);
    free(bulk);
}

static bool is_stopped(const struct bulk *bulk)
{
    return *bulk->setup.stop;
}

/* ---- resuming ---- */

/* Passes over what an interrupted run has read. */
static enum status skip_records(struct bulk *bulk, struct error *error)
{
    struct record record;

    while (source_count(bulk->source) < bulk->place.n_records && !is_stopped(bulk)) {
        struct error why = {0};
        enum status status = source_next(bulk->source, &record, &why);

        if (status && status != STATUS_INVALID && !is_stopped(bulk))
            return error_set(error, status, "%s", why.text);
        if (!status && !record.text.bytes)
            break;
    }
    if (is_stopped(bulk)) /* a read that it broke off is no failure */
        return STATUS_OK;
    if (source_count(bulk->source) == bulk->place.n_records &&
        source_get_digest(bulk->source) == bulk->place.digest)
        return STATUS_OK;
    return error_set(error, STATUS_INVALID,
                     "--resume: the first %zu records of %s are not those of the interrupted run; "
                     "--overwrite begins anew",
                     bulk->place.n_records, bulk->setup.source.path);
}

/* ---- the head of the ring ---- */

static void submit_window(struct bulk *bulk)
{
    struct slot *slot = &bulk->slots[(bulk->first + bulk->n_used) % bulk->n_slots];

    if (bulk->has_ended || bulk->n_used == bulk->n_slots)
        return;
    bulk->end_status = window_fill(&slot->window, bulk->source, bulk->setup.skips_bad,
                                   &bulk->has_ended, &bulk->end_error);
    if (bulk->end_status)
        bulk->has_ended = true;
    bulk->n_used++;
    atomic_store(&slot->is_done, slot->window.batch.n_texts == 0);
    if (slot->window.batch.n_texts > 0)
        embedder_submit(bulk->embedder, &slot->window.batch);
}

/* ---- the tail ---- */

static const char *describe_text(const struct window *window, const struct embed_text *text,
                                 bool *is_first)
{
    const bool first = *is_first;

    *is_first = false;
    if (first && window->batch.error.text[0])
        return window->batch.error.text;
    switch (text->status) {
    case STATUS_TOO_LONG:
        return "the text has more tokens than the model takes, and --auto-truncate is false";
    case STATUS_NOT_FINITE:
        return "the vector holds a number that is not finite";
    default:
        return "the server refuses the text";
    }
}

static enum status write_bad(struct bulk *bulk, size_t line, struct slice why, struct error *error)
{
    bulk->place.n_bad++;
    return targets_add_bad(&bulk->targets, line, why, error);
}

/* A text that the embedder did not take: noted, or the end. */
static enum status write_refused(struct bulk *bulk, size_t line, const char *why,
                                 enum status text_status, struct error *error)
{
    struct error words = {0};

    (void)error_set(&words, text_status, "%s:%zu: %s", bulk->setup.source.path, line, why);
    if (!bulk->setup.skips_bad)
        return error_set(error, STATUS_INVALID, "%s", words.text);
    return write_bad(bulk, line, (struct slice){words.text, strlen(words.text)}, error);
}

static enum status write_text(struct bulk *bulk, const struct window *window,
                              const struct window_entry *entry, size_t i_text, struct error *error)
{
    const float *vector = window->batch.vectors + i_text * bulk->setup.rows.n_dims;

    bulk->place.n_rows++;
    bulk->place.n_truncated += window->texts[i_text].is_truncated;
    return targets_add_row(&bulk->targets, vector, embedder_find_scale(bulk->embedder, vector),
                           window_get_id(window, entry), error);
}

static enum status write_window(struct bulk *bulk, const struct window *window, struct error *error)
{
    enum status status = STATUS_OK;
    bool is_first = true;
    size_t i_text = 0;

    for (size_t i = 0; i < window->n_entries && !status; i++) {
        const struct window_entry *entry = &window->entries[i];

        if (entry->is_bad) {
            status = write_bad(bulk, entry->line, window_get_bytes(window, entry), error);
            continue;
        }
        if (window->texts[i_text].status)
            status = write_refused(bulk, entry->line,
                                   describe_text(window, &window->texts[i_text], &is_first),
                                   window->texts[i_text].status, error);
        else
            status = write_text(bulk, window, entry, i_text, error);
        i_text++;
    }
    return status;
}

/* Where a text ends the run, what stands before it in the window may be written, but is not counted:
 * with --resume the whole window comes again. */
static enum status end_window(struct bulk *bulk, struct error *error)
{
    const struct slot *slot = &bulk->slots[bulk->first];
    const struct window *window = &slot->window;
    const struct journal_place before = bulk->place;
    enum status status = window->batch.n_texts > 0 ? window->batch.status : STATUS_OK;

    if (status)
        return error_set(error, status, "%s", window->batch.error.text);
    status = write_window(bulk, window, error);
    if (status) {
        bulk->place = before;
        return status;
    }
    bulk->place.n_records = window->n_records;
    bulk->place.digest = window->digest;
    targets_measure(&bulk->targets, &bulk->place);
    bulk->first = (bulk->first + 1) % bulk->n_slots;
    bulk->n_used--;
    return STATUS_OK;
}

/* ---- the loop ---- */

static void wait_a_little(const struct bulk *bulk)
{
    struct pollfd polled = {.fd = bulk->setup.wake, .events = POLLIN};
    eventfd_t value;

    if (poll(&polled, 1, LOOK_MS) > 0)
        (void)eventfd_read(bulk->setup.wake, &value);
}

static enum status save_sometimes(struct bulk *bulk, int64_t now_us, struct error *error)
{
    if (now_us - bulk->saved_us < SAVE_US)
        return STATUS_OK;
    bulk->saved_us = now_us;
    return targets_save(&bulk->targets, &bulk->place, error);
}

static enum status turn(struct bulk *bulk, struct error *error)
{
    enum status status = STATUS_OK;

    while (!is_stopped(bulk)) {
        double share = -1;

        submit_window(bulk);
        if (bulk->n_used == 0)
            return STATUS_OK;
        if (!atomic_load(&bulk->slots[bulk->first].is_done)) {
            if (bulk->has_ended || bulk->n_used == bulk->n_slots)
                wait_a_little(bulk);
        } else {
            share = bulk->slots[bulk->first].window.share;
            status = end_window(bulk, error);
        }
        if (!status)
            status = save_sometimes(bulk, clock_now_us(), error);
        if (status)
            return status;
        progress_show(&bulk->progress, clock_now_us(), bulk->place.n_rows,
                      share >= 0 ? share : bulk->slots[bulk->first].window.share);
    }
    return STATUS_OK;
}

/* The run stops before its end. A failure to save is told unless there is one already. */
static enum status save_last(struct bulk *bulk, enum status status, struct error *error)
{
    enum status saved = targets_save_now(&bulk->targets, &bulk->place, error);

    return status ? status : saved;
}

static enum status run_to_end(struct bulk *bulk, struct error *error)
{
    enum status status = turn(bulk, error);

    progress_end(&bulk->progress);
    if (!status && !is_stopped(bulk)) {
        status = bulk->end_status;
        if (status)
            (void)error_set(error, status, "%s", bulk->end_error.text);
    }
    if (status || is_stopped(bulk))
        return save_last(bulk, status, error);
    return targets_finish(&bulk->targets, bulk->setup.output, &bulk->place, error);
}

enum status bulk_run(struct bulk *bulk, struct bulk_result *ret_result, struct error *error)
{
    const int64_t began_us = clock_now_us();
    size_t n_before = 0;
    enum status status = targets_open(&bulk->targets, bulk->setup.output, bulk->setup.begin,
                                      bulk->setup.run, &bulk->place, error);
    const bool was_complete = !status && bulk->place.state == JOURNAL_COMPLETE;

    if (!status && !was_complete) {
        n_before = bulk->place.n_rows;
        bulk->saved_us = began_us;
        if (n_before > 0)
            log_write(LOG_INFO, "resuming after %zu texts", n_before);
        status = skip_records(bulk, error);
        progress_begin(&bulk->progress, bulk->setup.may_draw, clock_now_us(), n_before,
                       source_get_share(bulk->source));
        if (!status)
            status = run_to_end(bulk, error);
    }
    *ret_result = (struct bulk_result){
        .place = bulk->place,
        .n_texts = bulk->place.n_rows - n_before,
        .elapsed_s = (double)(clock_now_us() - began_us) * 1e-6,
        .was_complete = was_complete,
        .was_stopped =
            !status && !was_complete && bulk->place.state != JOURNAL_COMPLETE && is_stopped(bulk),
        .can_resume = bulk->targets.journal_path && bulk->place.state != JOURNAL_COMPLETE,
    };
    return status;
}
