/* SPDX-License-Identifier: Apache-2.0 */

/* THE CHILD writes what it has to tell into a pipe, a message a write, each shorter than PIPE_BUF
 * and so whole: how far it is, and at its end the commit or what went wrong. It logs for itself. The
 * pipe's end without such a message means that it was killed. */
#include "server/hub/source.h"

#include "config/options.h"
#include "server/hub/fetch.h"
#include "server/hub/folder.h"
#include "server/hub/progress.h"
#include "server/text/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    REPORT_EVERY_US = 100000,
    SHOW_EVERY_MS = 1000,
};

struct hub_source {
    const struct options *options;
    struct hub_settings settings;
    struct hub_path folder; /* "" until it is known */
    pid_t child;            /* 0: there is none */
    int pipe;               /* -1: there is none */
};

enum message_kind {
    MESSAGE_COUNT,
    MESSAGE_DONE,
    MESSAGE_FAILED,
};

struct message {
    enum message_kind kind;
    enum status status; /* of FAILED */
    uint64_t done_bytes;
    uint64_t total_bytes;
    char text[sizeof(struct error)]; /* of DONE the commit, of FAILED what went wrong */
};

_Static_assert(sizeof(struct message) <= PIPE_BUF, "a message is written whole");

static const char *get_revision(const struct options *options)
{
    return options->revision ? options->revision : HUB_DEFAULT_REVISION;
}

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- the child ---- */

struct reporter {
    int pipe;
    int64_t told_us;
};

static void tell(int pipe, const struct message *message)
{
    (void)!write(pipe, message, sizeof *message);
}

static void report_count(void *user, uint64_t done_bytes, uint64_t total_bytes)
{
    struct reporter *reporter = user;
    const struct message message = {
        .kind = MESSAGE_COUNT, .done_bytes = done_bytes, .total_bytes = total_bytes};
    struct pollfd room = {.fd = reporter->pipe, .events = POLLOUT};

    if (now_us() - reporter->told_us < REPORT_EVERY_US && done_bytes < total_bytes)
        return;
    /* Of several models one is waited for at a time: those that nobody reads yet go on. */
    if (poll(&room, 1, 0) != 1)
        return;
    reporter->told_us = now_us();
    tell(reporter->pipe, &message);
}

/* Its end is the parent's, and no core of it shows the token. */
static void tie_to(pid_t parent)
{
    const struct rlimit no_core = {0};

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_DUMPABLE, 0);
    setrlimit(RLIMIT_CORE, &no_core);
    prctl(PR_SET_NAME, "nestd-download");
    if (getppid() != parent)
        _exit(EXIT_FAILURE);
}

static _Noreturn void run_child(const struct hub_source *source, int pipe)
{
    const struct options *options = source->options;
    struct reporter reporter = {.pipe = pipe};
    struct message message = {.kind = MESSAGE_DONE};
    struct error error = {0};
    char token[HUB_TOKEN_MAX_BYTES + 1];
    char commit[HUB_COMMIT_BYTES + 1] = "";
    const struct hub_request request = {.name = options->model_id,
                                        .revision = get_revision(options),
                                        .settings = &source->settings,
                                        .token = token,
                                        .report = report_count,
                                        .user = &reporter};
    enum status status = hub_token_read(token, options->hf_token, getenv, &error);

    if (status == STATUS_OK)
        status = hub_fetch(&request, commit, &error);
    if (status) {
        message.kind = MESSAGE_FAILED;
        message.status = status;
    }
    snprintf(message.text, sizeof message.text, "%s", status ? error.text : commit);
    tell(pipe, &message);
    _exit(EXIT_SUCCESS);
}

static enum status start_child(struct hub_source *source, struct error *error)
{
    const pid_t parent = getpid();
    int ends[2];

    if (pipe2(ends, O_CLOEXEC))
        return error_set(error, STATUS_IO, "not enough descriptors to download the model");
    source->child = fork();
    if (source->child == 0) {
        close(ends[0]);
        tie_to(parent);
        run_child(source, ends[1]);
    }
    close(ends[1]);
    source->pipe = ends[0];
    if (source->child > 0)
        return STATUS_OK;
    source->child = 0;
    return error_set(error, STATUS_IO, "no process can be started to download the model: %s",
                     strerror(errno));
}

/* ---- finding the folder ---- */

static enum status check_revision(const struct options *options, struct error *error)
{
    if (!hub_revision_is_valid(get_revision(options)))
        return error_set(error, STATUS_INVALID,
                         "--revision=%.100s: expected a branch, a tag or a commit of the model",
                         get_revision(options));
    return STATUS_OK;
}

/* Why the hub is not asked. */
static const char *tell_offline(const struct options *options)
{
    return options->check_config ? "--check-config downloads nothing" : "HF_HUB_OFFLINE is set";
}

/* Without the hub: what the cache has. */
static enum status find_in_cache(struct hub_source *source, struct error *error)
{
    const struct options *options = source->options;
    const char *const revision = get_revision(options);
    struct hub_cache cache;
    struct error reason = {0};
    char commit[HUB_COMMIT_BYTES + 1];
    enum status status =
        hub_cache_init(&cache, source->settings.cache.text, options->model_id, error);

    if (status)
        return status;
    if (!hub_cache_find_commit(&cache, revision, commit))
        return error_set(error, STATUS_IO,
                         "--model-id=%s: the cache %.200s has no %s of it, and %s; get it with "
                         "--download-only where the hub can be reached",
                         options->model_id, source->settings.cache.text, revision,
                         tell_offline(options));
    if (hub_cache_check_snapshot(&cache, commit, &reason))
        return error_set(error, STATUS_IO,
                         "--model-id=%s: the cache %.200s has commit %.12s of it, but not whole: "
                         "%.150s, and %s",
                         options->model_id, source->settings.cache.text, commit, reason.text,
                         tell_offline(options));
    return hub_cache_name_snapshot(&cache, commit, &source->folder, error);
}

static enum status find_by_name(struct hub_source *source, struct error *error)
{
    const struct options *options = source->options;
    enum status status = check_revision(options, error);

    if (status == STATUS_OK)
        status =
            hub_settings_read(&source->settings, options->huggingface_hub_cache, getenv, error);
    if (status)
        return status;
    if (source->settings.is_offline || options->check_config)
        return find_in_cache(source, error);
    return start_child(source, error);
}

static enum status find_folder(struct hub_source *source, struct error *error)
{
    const struct options *options = source->options;
    struct error reason = {0};
    enum status status = check_revision(options, error);

    if (status)
        return status;
    status = hub_folder_find(options->model_id, options->revision, &source->folder, &reason);
    if (status)
        return error_set(error, status, "--model-id=%s", reason.text);
    return STATUS_OK;
}

static enum status find(struct hub_source *source, struct error *error)
{
    const char *const model_id = source->options->model_id;

    if (!hub_path_exists(model_id) && hub_name_is_valid(model_id))
        return find_by_name(source, error);
    return find_folder(source, error);
}

enum status hub_source_open(struct hub_source **ret_source, const struct options *options,
                            struct error *error)
{
    struct hub_source *source = calloc(1, sizeof *source);
    enum status status;

    if (!source)
        return error_set(error, STATUS_NO_MEMORY, "not enough memory to start");
    source->options = options;
    source->pipe = -1;
    status = find(source, error);
    if (status)
        hub_source_free(source);
    else
        *ret_source = source;
    return status;
}

/* ---- waiting ---- */

/* The next message; false where there is none yet. */
static bool read_message(struct hub_source *source, struct message *ret_message)
{
    struct pollfd polled = {.fd = source->pipe, .events = POLLIN};
    ssize_t n;

    if (poll(&polled, 1, SHOW_EVERY_MS) != 1)
        return false;
    n = read(source->pipe, ret_message, sizeof *ret_message);
    if (n == (ssize_t)sizeof *ret_message)
        return true;
    if (n < 0 && errno == EINTR)
        return false;
    *ret_message = (struct message){.kind = MESSAGE_FAILED, .status = STATUS_INTERNAL};
    snprintf(ret_message->text, sizeof ret_message->text,
             "the process that downloaded the model was ended; start again to go on with it");
    return true;
}

static void end_child(struct hub_source *source)
{
    if (source->child > 0) {
        kill(source->child, SIGKILL);
        while (waitpid(source->child, NULL, 0) < 0 && errno == EINTR)
            continue;
    }
    source->child = 0;
    if (source->pipe >= 0)
        close(source->pipe);
    source->pipe = -1;
}

static enum status take_result(struct hub_source *source, const struct message *message,
                               struct error *error)
{
    struct hub_cache cache;
    enum status status;

    if (message->kind == MESSAGE_FAILED)
        return error_set(error, message->status, "--model-id=%s: %s", source->options->model_id,
                         message->text);
    status = hub_cache_init(&cache, source->settings.cache.text, source->options->model_id, error);
    return status ? status : hub_cache_name_snapshot(&cache, message->text, &source->folder, error);
}

enum status hub_source_wait(struct hub_source *source, hub_report *report, void *user,
                            struct error *error)
{
    struct hub_progress progress = hub_progress_begin(source->options->json_output);
    struct message message = {.kind = MESSAGE_COUNT};

    if (!hub_source_is_coming(source))
        return STATUS_OK;
    do {
        struct message fresh;

        if (read_message(source, &fresh))
            message = fresh;
        if (message.kind != MESSAGE_COUNT)
            break;
        hub_progress_show(&progress, message.done_bytes, message.total_bytes, now_us());
        if (report)
            report(user, message.done_bytes, message.total_bytes);
    } while (true);
    hub_progress_end(&progress);
    end_child(source);
    return take_result(source, &message, error);
}

bool hub_source_is_coming(const struct hub_source *source)
{
    return source->pipe >= 0;
}

const char *hub_source_folder(const struct hub_source *source)
{
    return source->folder.text;
}

void hub_source_free(struct hub_source *source)
{
    if (!source)
        return;
    end_child(source);
    free(source);
}
