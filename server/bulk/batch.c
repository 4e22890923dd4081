/* SPDX-License-Identifier: Apache-2.0 */

/* As bulk.c, with requests in place of windows: a ring of them, read and submitted at its head,
 * written at its tail. How many texts are under way is bounded, whatever a line asks for. */
#include "server/bulk/batch.h"

#include "server/bulk/requests.h"
#include "server/exchange/api_error.h"
#include "server/text/log.h"
#include "server/text/progress.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

enum {
    MAX_TEXTS = 4096,      /* under way, but for a single request of more */
    KEPT_BYTES = 64 << 10, /* of a reply's memory, for the next */
    SAVE_US = 5000000,
    LOOK_MS = 200,
};

struct item {
    struct answer answer; /* first, so that mark_done() finds the rest */
    struct batch *batch;
    atomic_bool is_done;
    size_t line;
    size_t number; /* in the file, from 0 */
    size_t n_texts;
    struct buffer custom_id; /* as JSON */
    struct buffer problem;   /* as JSON: why it was not asked; or empty */
    bool is_bad;             /* no request at all: `problem` is for the list of bad records */
    size_t n_records;        /* of the shard, with this one */
    uint32_t digest;
    double share;
};

struct batch {
    struct office *office;
    struct bulk_setup setup;
    struct requests *requests;
    struct targets targets;
    struct progress progress;
    struct journal_place place;
    struct buffer line; /* to be written */
    int64_t saved_us;
    size_t n_texts; /* under way */
    bool has_ended;
    enum status end_status;
    struct error end_error;

    size_t first; /* of the ring's n_used items */
    size_t n_used;
    struct item items[OFFICE_MAX_REQUESTS];
};

static void mark_done(struct answer *answer)
{
    struct item *item = (struct item *)answer;
    const int wake = item->batch->setup.wake;

    atomic_store(&item->is_done, true); /* the item is the owner's again */
    eventfd_write(wake, 1);
}

enum status batch_new(struct batch **ret_batch, struct office *office,
                      const struct bulk_setup *setup, struct error *error)
{
    struct batch *batch = calloc(1, sizeof(*batch));
    enum status status;

    if (!batch)
        return error_set(error, STATUS_NO_MEMORY, "not enough memory to start");
    batch->office = office;
    batch->setup = *setup;
    for (size_t i = 0; i < OFFICE_MAX_REQUESTS; i++) {
        batch->items[i].batch = batch;
        batch->items[i].answer.done = mark_done;
    }
    status = targets_init(&batch->targets, setup->output, &setup->rows, setup->skips_bad, error);
    if (!status)
        status = requests_open(&batch->requests, &setup->source, error);
    if (status)
        batch_free(batch);
    else
        *ret_batch = batch;
    return status;
}

void batch_free(struct batch *batch)
{
    if (!batch)
        return;
    for (size_t i = 0; i < OFFICE_MAX_REQUESTS; i++) {
        buffer_release(&batch->items[i].answer.body);
        buffer_release(&batch->items[i].custom_id);
        buffer_release(&batch->items[i].problem);
    }
    targets_release(&batch->targets);
    requests_free(batch->requests);
    buffer_release(&batch->line);
    free(batch);
}

static bool is_stopped(const struct batch *batch)
{
    return *batch->setup.stop;
}

/* ---- reading a line ---- */

static void set_problem(struct item *item, const char *code, const char *words, const char *what)
{
    struct buffer message = {0};

    buffer_append_string(&message, words);
    buffer_append_string(&message,
                         what ? excerpt_of((struct slice){what, strlen(what)}).text : "nothing");
    buffer_appendf(&item->problem, "{\"code\":\"%s\",\"message\":", code);
    buffer_append_json_string(&item->problem, message.bytes, message.len_bytes);
    buffer_append_string(&item->problem, "}");
    item->problem.failed = item->problem.failed || buffer_failed(&message);
    buffer_release(&message);
}

static const char *get_text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* What keeps the line from being asked; the reply says it, and the run goes on. */
static void check_request(const struct batch *batch, struct item *item, const json_t *object)
{
    const char *method = get_text(object, "method");
    const char *url = get_text(object, "url");

    if (!method || strcmp(method, "POST") != 0)
        set_problem(item, "invalid_method", "method must be POST, but is ", method);
    else if (!url || !office_knows(batch->office, url))
        set_problem(item, "invalid_url",
                    "url must be that of a route such as /v1/embeddings, but is ", url);
    else if (!json_is_object(json_object_get(object, "body")))
        set_problem(item, "invalid_body", "body must be a JSON object", "");
}

/* Its longest list, whatever the route calls it. */
static size_t count_texts(const json_t *object)
{
    json_t *body = json_object_get(object, "body");
    const char *key;
    const json_t *value;
    size_t n_texts = 1;

    json_object_foreach(body, key, value)
    {
        if (json_array_size(value) > n_texts)
            n_texts = json_array_size(value);
    }
    return n_texts;
}

static enum status submit(struct batch *batch, struct item *item, const json_t *object)
{
    char *body = json_dumps(json_object_get(object, "body"), JSON_COMPACT);
    enum status status = STATUS_NO_MEMORY;

    if (body)
        status = office_submit(batch->office, get_text(object, "url"),
                               (struct slice){body, strlen(body)}, &item->answer);
    free(body);
    return status;
}

static enum status fill_item(struct batch *batch, struct item *item, const json_t *object,
                             struct error *error)
{
    const json_t *id = json_object_get(object, "custom_id");

    if (!json_is_string(id))
        return reader_complain(requests_get_reader(batch->requests), error, "\"custom_id\" is %s",
                               id ? "not a text" : "missing");
    buffer_append_json_string(&item->custom_id, json_string_value(id), json_string_length(id));
    item->n_texts = count_texts(object);
    check_request(batch, item, object);
    if (item->problem.len_bytes > 0) {
        atomic_store(&item->is_done, true);
        return STATUS_OK;
    }
    return submit(batch, item, object);
}

/* A bad line becomes an item where it may be left out, else the input's end. */
static enum status take_line(struct batch *batch, struct item *item, struct error *error)
{
    json_t *object = NULL;
    struct error why = {0};
    enum status status = requests_next(batch->requests, &object, &why);

    if (!status && !object) {
        batch->has_ended = true;
        return STATUS_OK;
    }
    item->line = reader_get_line(requests_get_reader(batch->requests));
    item->number = requests_get_number(batch->requests);
    item->n_texts = 1;
    if (!status)
        status = fill_item(batch, item, object, &why);
    json_decref(object);
    if (status == STATUS_INVALID && batch->setup.skips_bad) {
        item->is_bad = true;
        buffer_append_string(&item->problem, why.text);
        atomic_store(&item->is_done, true);
        status = STATUS_OK;
    }
    if (status)
        return error_set(error, status, "%s", why.text[0] ? why.text : "not enough memory");
    item->n_records = requests_count(batch->requests);
    item->digest = requests_get_digest(batch->requests);
    item->share = reader_get_share(requests_get_reader(batch->requests));
    batch->n_texts += item->n_texts;
    batch->n_used++;
    return STATUS_OK;
}

static void fill_ring(struct batch *batch)
{
    struct item *item;

    if (batch->has_ended || batch->n_used == OFFICE_MAX_REQUESTS ||
        (batch->n_used > 0 && batch->n_texts >= MAX_TEXTS))
        return;
    item = &batch->items[(batch->first + batch->n_used) % OFFICE_MAX_REQUESTS];
    item->custom_id.len_bytes = 0;
    item->problem.len_bytes = 0;
    item->is_bad = false;
    atomic_store(&item->is_done, false);
    batch->end_status = take_line(batch, item, &batch->end_error);
    if (batch->end_status)
        batch->has_ended = true;
}

/* ---- writing a line ---- */

static void write_response(const struct item *item, struct buffer *line)
{
    buffer_appendf(line,
                   "\"response\":{\"status_code\":%u,\"request_id\":\"batch_req_%zu\",\"body\":",
                   item->answer.http_status, item->number);
    buffer_append(line, item->answer.body.bytes, item->answer.body.len_bytes);
    buffer_append_string(line, "},\"error\":null}\n");
}

static enum status write_item(struct batch *batch, const struct item *item, struct error *error)
{
    struct buffer *line = &batch->line;

    if (item->is_bad)
        return targets_add_bad(&batch->targets, item->line,
                               (struct slice){item->problem.bytes, item->problem.len_bytes}, error);
    line->len_bytes = 0;
    buffer_appendf(line, "{\"id\":\"batch_req_%zu\",\"custom_id\":", item->number);
    buffer_append(line, item->custom_id.bytes, item->custom_id.len_bytes);
    buffer_append_string(line, ",");
    if (item->problem.len_bytes > 0) {
        buffer_append_string(line, "\"response\":null,\"error\":");
        buffer_append(line, item->problem.bytes, item->problem.len_bytes);
        buffer_append_string(line, "}\n");
    } else if (item->answer.status) {
        return error_set(error, item->answer.status, "%s:%zu: %s", batch->setup.source.path,
                         item->line, item->answer.error.text);
    } else {
        write_response(item, line);
    }
    if (buffer_failed(line) || buffer_failed(&item->custom_id) || buffer_failed(&item->problem) ||
        buffer_failed(&item->answer.body))
        return error_set(error, STATUS_NO_MEMORY, "not enough memory for a reply");
    return output_append(batch->targets.output, line->bytes, line->len_bytes, error);
}

static enum status end_item(struct batch *batch, struct error *error)
{
    struct item *item = &batch->items[batch->first];
    enum status status = write_item(batch, item, error);

    if (status)
        return status;
    batch->place.n_bad += item->is_bad;
    batch->place.n_rows += !item->is_bad;
    batch->place.n_records = item->n_records;
    batch->place.digest = item->digest;
    targets_measure(&batch->targets, &batch->place);
    if (item->answer.body.capacity_bytes > KEPT_BYTES)
        buffer_release(&item->answer.body);
    batch->n_texts -= item->n_texts;
    batch->first = (batch->first + 1) % OFFICE_MAX_REQUESTS;
    batch->n_used--;
    return STATUS_OK;
}

/* ---- the loop ---- */

static enum status skip_records(struct batch *batch, struct error *error)
{
    const struct journal_place *place = &batch->place;
    struct requests *requests = batch->requests;

    while (requests_count(requests) < place->n_records && !is_stopped(batch)) {
        const size_t n_before = requests_count(requests);
        json_t *object = NULL;
        struct error why = {0};
        enum status status = requests_next(requests, &object, &why);

        json_decref(object);
        if (status && status != STATUS_INVALID && !is_stopped(batch))
            return error_set(error, status, "%s", why.text);
        if (requests_count(requests) == n_before)
            break;
    }
    if (is_stopped(batch)) /* a read that it broke off is no failure */
        return STATUS_OK;
    if (requests_count(requests) == place->n_records &&
        requests_get_digest(requests) == place->digest)
        return STATUS_OK;
    return error_set(error, STATUS_INVALID,
                     "--resume: the first %zu lines of %s are not those of the interrupted run; "
                     "--overwrite begins anew",
                     place->n_records, batch->setup.source.path);
}

static void wait_a_little(const struct batch *batch)
{
    struct pollfd polled = {.fd = batch->setup.wake, .events = POLLIN};
    eventfd_t value;

    if (poll(&polled, 1, LOOK_MS) > 0)
        (void)eventfd_read(batch->setup.wake, &value);
}

static bool may_read(const struct batch *batch)
{
    return !batch->has_ended && batch->n_used < OFFICE_MAX_REQUESTS && batch->n_texts < MAX_TEXTS;
}

static enum status turn(struct batch *batch, struct error *error)
{
    while (!is_stopped(batch)) {
        const int64_t now_us = clock_now_us();
        enum status status = STATUS_OK;
        double share;

        fill_ring(batch);
        if (batch->n_used == 0)
            return STATUS_OK;
        share = batch->items[batch->first].share;
        if (atomic_load(&batch->items[batch->first].is_done))
            status = end_item(batch, error);
        else if (!may_read(batch))
            wait_a_little(batch);
        if (!status && now_us - batch->saved_us >= SAVE_US) {
            batch->saved_us = now_us;
            status = targets_save(&batch->targets, &batch->place, error);
        }
        if (status)
            return status;
        progress_show(&batch->progress, now_us, batch->place.n_rows, share);
    }
    return STATUS_OK;
}

static enum status run_to_end(struct batch *batch, struct error *error)
{
    enum status status = turn(batch, error);
    enum status saved;

    progress_end(&batch->progress);
    if (!status && !is_stopped(batch) && batch->end_status)
        status = error_set(error, batch->end_status, "%s", batch->end_error.text);
    if (!status && !is_stopped(batch))
        return targets_finish(&batch->targets, batch->setup.output, &batch->place, error);
    saved = targets_save_now(&batch->targets, &batch->place, error);
    return status ? status : saved;
}

enum status batch_run(struct batch *batch, struct bulk_result *ret_result, struct error *error)
{
    const int64_t began_us = clock_now_us();
    size_t n_before = 0;
    enum status status = targets_open(&batch->targets, batch->setup.output, batch->setup.begin,
                                      batch->setup.run, &batch->place, error);
    const bool was_complete = !status && batch->place.state == JOURNAL_COMPLETE;

    if (!status && !was_complete) {
        n_before = batch->place.n_rows;
        batch->saved_us = began_us;
        status = skip_records(batch, error);
        progress_begin(&batch->progress, batch->setup.may_draw, clock_now_us(), n_before,
                       reader_get_share(requests_get_reader(batch->requests)));
        if (!status)
            status = run_to_end(batch, error);
    }
    *ret_result = (struct bulk_result){
        .place = batch->place,
        .n_texts = batch->place.n_rows - n_before,
        .elapsed_s = (double)(clock_now_us() - began_us) * 1e-6,
        .was_complete = was_complete,
        .was_stopped = !status && batch->place.state != JOURNAL_COMPLETE && is_stopped(batch),
        .can_resume = batch->targets.journal_path && batch->place.state != JOURNAL_COMPLETE,
    };
    return status;
}
