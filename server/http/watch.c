/* SPDX-License-Identifier: Apache-2.0 */

/* One thread, one epoll set, one mutex, and a list of connections for each phase.
 *
 * DESIGN. A phase has one duration for all connections. So its list, to which connections are
 * appended, is in order of deadlines, and only its head is looked at. The thread sleeps until the
 * first deadline of all; a new one wakes it only if it would be noticed too late, by more than an
 * eighth of the shortest duration. It then sleeps until that one, even if it is off by then, so that
 * not every request wakes it. An idle server does not wake at all: waking every 62 ms took 0.08 % of
 * a core that others use too.
 *
 * Every connection is in the epoll set from beginning to end, edge-triggered and for hang-ups only,
 * so requests on a kept connection cost no system call here. A hang-up is remembered
 * in the entry, so it is not lost when it comes before the request is suspended.
 *
 * When a connection ends, epoll_wait may have returned events for its entry that the thread has not
 * looked at yet. So the entry is marked dead, and the thread frees it after the round.
 *
 * THE END OF A CLIENT'S STREAM looks the same in TCP whether the client has closed its socket, or
 * has sent everything and waits for the reply (shutdown(2), nc -N). The queued texts of the first
 * must be cancelled, the second must be answered. They differ in how they treat bytes that arrive
 * later: a closed socket answers them with a reset. So a client whose stream has ended is sent
 * something that needs no answer (watch_options.ask), and a reset means that it is gone. This waits
 * a moment first, since most replies are ready before that. A request that such a client has sent
 * may still be unread, where the HTTP thread gets no time: until it is read it is still arriving. */

#include "server/http/watch.h"

#include "server/exchange/request_submit.h"
#include "server/exchange/server.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MAX_EVENTS = 64,
    MAX_DROPPED_BYTES = 1 << 20, /* of one connection per round */
    MAX_LATE_US = 1000000,
    MAX_SLEEP_MS = 3600 * 1000,
    SURPLUS_US = 2000000,
    CLOSING_US = 1000000,
    DOUBTING_US = 500000,
};

struct watch_entry {
    int socket;
    enum watch_phase phase;
    int64_t deadline_us;
    struct request *request; /* RECEIVING, SURPLUS, CLOSING, WORKING, DOUBTING */
    bool has_ended;          /* the client's stream */
    bool is_reset;           /* the connection */
    bool was_asked;          /* whether it is still there */
    bool linger;             /* when the connection ends */
    bool dead;               /* in the graveyard */
    TAILQ_ENTRY(watch_entry) place;
};

TAILQ_HEAD(entry_list, watch_entry);

struct watch {
    void (*too_slow)(struct request *request);
    bool (*ask)(struct request *request);
    int idle_shutdown;
    int64_t durations_us[N_WATCH_PHASES]; /* 0: none */
    int64_t max_late_us;                  /* how late a deadline may be noticed */
    size_t max_lingering;
    int epoll;
    int wakeup; /* an eventfd, edge-triggered: written to end the thread's sleep */
    pthread_t thread;
    bool has_thread;

    pthread_mutex_t mutex; /* guards what follows, and all entries */
    struct entry_list phases[N_WATCH_PHASES];
    size_t n_lingering;
    struct entry_list graveyard;
    int64_t wakes_us; /* when the thread's sleep ends; 0: it is awake, or about to be */
    int64_t asked_us; /* the deadline that it was last woken for; INT64_MAX: that has passed */
    bool stopping;
};

/* For the entry's phase, from now on. */
static void set_deadline(struct watch *watch, struct watch_entry *entry)
{
    if (!watch->durations_us[entry->phase])
        return;
    entry->deadline_us = clock_now_us() + watch->durations_us[entry->phase];
    if (entry->deadline_us + watch->max_late_us < watch->wakes_us) {
        watch->asked_us = entry->deadline_us;
        watch->wakes_us = 0;
        eventfd_write(watch->wakeup, 1);
    }
}

static void enter(struct watch *watch, struct watch_entry *entry, enum watch_phase phase,
                  struct request *request)
{
    TAILQ_REMOVE(&watch->phases[entry->phase], entry, place);
    if (entry->has_ended && (phase == WATCH_IDLE || phase == WATCH_RECEIVING))
        phase = WATCH_CLOSING;
    if (entry->has_ended && !entry->is_reset && !entry->was_asked && phase == WATCH_WORKING)
        phase = WATCH_DOUBTING;
    entry->phase = phase;
    entry->request = request;
    set_deadline(watch, entry);
    TAILQ_INSERT_TAIL(&watch->phases[phase], entry, place);
}

static void bury(struct watch *watch, struct watch_entry *entry)
{
    TAILQ_REMOVE(&watch->phases[entry->phase], entry, place);
    entry->dead = true;
    TAILQ_INSERT_TAIL(&watch->graveyard, entry, place);
}

static void clear_graveyard(struct watch *watch)
{
    struct watch_entry *entry;

    while ((entry = TAILQ_FIRST(&watch->graveyard)) != NULL) {
        TAILQ_REMOVE(&watch->graveyard, entry, place);
        free(entry);
    }
}

static void end_lingering(struct watch *watch, struct watch_entry *entry)
{
    epoll_ctl(watch->epoll, EPOLL_CTL_DEL, entry->socket, NULL);
    close(entry->socket);
    watch->n_lingering--;
    bury(watch, entry);
}

/* Keeps the connection open by a duplicate of its socket. False if it cannot be. */
static bool begin_lingering(struct watch *watch, struct watch_entry *entry)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = entry};
    int duplicate;

    if (watch->n_lingering == watch->max_lingering)
        return false;
    duplicate = fcntl(entry->socket, F_DUPFD_CLOEXEC, 0);
    if (duplicate < 0)
        return false;
    if (epoll_ctl(watch->epoll, EPOLL_CTL_ADD, duplicate, &event)) {
        close(duplicate);
        return false;
    }
    /* The client then sees the end of the reply. */
    shutdown(duplicate, SHUT_WR);
    entry->socket = duplicate;
    watch->n_lingering++;
    enter(watch, entry, WATCH_LINGERING, NULL);
    return true;
}

/* Not under the mutex, which HTTP threads need: lingering clients may send a lot. Only the watch's
 * thread touches lingering entries. False once the client's stream has ended. */
static bool drop_received(const struct watch_entry *entry)
{
    static char unused[1 << 16];
    size_t n_dropped = 0;

    while (n_dropped < MAX_DROPPED_BYTES) {
        /* On TCP, MSG_TRUNC drops the bytes in the kernel: nothing is copied. */
        ssize_t n = recv(entry->socket, unused, sizeof unused, MSG_TRUNC | MSG_DONTWAIT);

        if (n <= 0)
            return n < 0 && (errno == EAGAIN || errno == EINTR);
        n_dropped += (size_t)n;
    }
    return true;
}

static bool is_working(const struct watch_entry *entry)
{
    return entry->phase == WATCH_WORKING || entry->phase == WATCH_DOUBTING;
}

static void handle_event(struct watch *watch, struct watch_entry *entry, uint32_t events)
{
    if (!entry->is_reset && (events & (EPOLLHUP | EPOLLERR))) {
        entry->is_reset = true;
        if (is_working(entry))
            request_gone(entry->request);
    }
    if (entry->has_ended)
        return;
    entry->has_ended = true;
    enter(watch, entry, entry->phase, entry->request);
}

/* Whether the HTTP thread has still to read something of what the client sent. */
static bool has_unread(const struct watch_entry *entry)
{
    char byte;

    return recv(entry->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
}

static void expire(struct watch *watch, struct watch_entry *entry)
{
    if (entry->phase == WATCH_CLOSING && has_unread(entry)) {
        enter(watch, entry, WATCH_CLOSING, entry->request);
        return;
    }
    switch (entry->phase) {
    case WATCH_SURPLUS:
    case WATCH_CLOSING:
        if (entry->request)
            request_gone(entry->request);
        __attribute__((fallthrough));
    case WATCH_IDLE:
        shutdown(entry->socket, watch->idle_shutdown);
        enter(watch, entry, WATCH_SENDING, NULL);
        break;
    case WATCH_DOUBTING:
        entry->was_asked = true;
        if (!watch->ask(entry->request))
            request_gone(entry->request);
        enter(watch, entry, WATCH_WORKING, entry->request);
        break;
    case WATCH_RECEIVING:
        watch->too_slow(entry->request);
        /* libmicrohttpd reads the end of the stream, and closes. */
        shutdown(entry->socket, SHUT_RD);
        enter(watch, entry, WATCH_SENDING, NULL);
        break;
    default:
        end_lingering(watch, entry);
        break;
    }
}

/* Ends everything whose deadline has passed; returns the next deadline, INT64_MAX if there is none. */
static int64_t expire_all(struct watch *watch, int64_t now_us)
{
    int64_t next_us = INT64_MAX;

    for (size_t i = 0; i < N_WATCH_PHASES; i++) {
        struct watch_entry *entry;

        if (!watch->durations_us[i])
            continue;
        while ((entry = TAILQ_FIRST(&watch->phases[i])) != NULL && entry->deadline_us <= now_us)
            expire(watch, entry);
        if (entry && entry->deadline_us < next_us)
            next_us = entry->deadline_us;
    }
    return next_us;
}

/* Ends what is due, and says how long to sleep; under the mutex. */
static int plan_sleep(struct watch *watch)
{
    int64_t now_us = clock_now_us();
    int64_t sleep_ms;

    watch->wakes_us = expire_all(watch, now_us);
    if (watch->asked_us <= now_us)
        watch->asked_us = INT64_MAX;
    if (watch->asked_us < watch->wakes_us)
        watch->wakes_us = watch->asked_us;
    sleep_ms = (watch->wakes_us - now_us) / 1000 + 1;
    return sleep_ms < MAX_SLEEP_MS ? (int)sleep_ms : MAX_SLEEP_MS;
}

/* Collects the lingering entries instead of handling them. Returns how many. */
static size_t handle_events(struct watch *watch, const struct epoll_event *events, int n_events,
                            struct watch_entry *ret_lingering[MAX_EVENTS])
{
    size_t n_lingering = 0;

    for (int i = 0; i < n_events; i++) {
        struct watch_entry *entry = events[i].data.ptr;

        if (!entry || entry->dead)
            continue;
        if (entry->phase == WATCH_LINGERING)
            ret_lingering[n_lingering++] = entry;
        else
            handle_event(watch, entry, events[i].events);
    }
    return n_lingering;
}

/* Moves those that have ended to the front, and returns how many. */
static size_t drop_all_received(struct watch_entry *lingering[MAX_EVENTS], size_t n_lingering)
{
    size_t n_ended = 0;

    for (size_t i = 0; i < n_lingering; i++) {
        if (!drop_received(lingering[i]))
            lingering[n_ended++] = lingering[i];
    }
    return n_ended;
}

static void *run(void *argument)
{
    struct watch *watch = argument;
    struct epoll_event events[MAX_EVENTS];
    struct watch_entry *lingering[MAX_EVENTS];
    int sleep_ms = 0;
    bool stopping = false;

    while (!stopping) {
        int n_events = epoll_wait(watch->epoll, events, MAX_EVENTS, sleep_ms);
        size_t n_lingering, n_ended;

        pthread_mutex_lock(&watch->mutex);
        watch->wakes_us = 0;
        n_lingering = handle_events(watch, events, n_events, lingering);
        pthread_mutex_unlock(&watch->mutex);
        n_ended = drop_all_received(lingering, n_lingering);
        pthread_mutex_lock(&watch->mutex);
        for (size_t i = 0; i < n_ended; i++) {
            if (!lingering[i]->dead) /* two events may have named it */
                end_lingering(watch, lingering[i]);
        }
        sleep_ms = plan_sleep(watch);
        clear_graveyard(watch);
        stopping = watch->stopping;
        pthread_mutex_unlock(&watch->mutex);
    }
    return NULL;
}

static bool watch_start(struct watch *watch)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};

    watch->epoll = epoll_create1(EPOLL_CLOEXEC);
    watch->wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (watch->epoll < 0 || watch->wakeup < 0)
        return false;
    if (epoll_ctl(watch->epoll, EPOLL_CTL_ADD, watch->wakeup, &event))
        return false;
    errno = pthread_create(&watch->thread, NULL, run, watch);
    watch->has_thread = errno == 0;
    return watch->has_thread;
}

enum status watch_new(struct watch **ret_watch, const struct watch_options *options)
{
    struct watch *watch = calloc(1, sizeof *watch);

    if (!watch)
        return STATUS_NO_MEMORY;
    pthread_mutex_init(&watch->mutex, NULL);
    TAILQ_INIT(&watch->graveyard);
    for (size_t i = 0; i < N_WATCH_PHASES; i++)
        TAILQ_INIT(&watch->phases[i]);
    watch->too_slow = options->too_slow;
    watch->ask = options->ask;
    watch->idle_shutdown = options->idle_shutdown;
    watch->durations_us[WATCH_IDLE] = options->idle_us;
    watch->durations_us[WATCH_RECEIVING] = options->receiving_us;
    watch->durations_us[WATCH_SURPLUS] = SURPLUS_US;
    watch->durations_us[WATCH_CLOSING] = CLOSING_US;
    watch->durations_us[WATCH_DOUBTING] = DOUBTING_US;
    watch->durations_us[WATCH_LINGERING] = options->lingering_us;
    watch->max_lingering = SIZE_MAX;
    watch->asked_us = INT64_MAX;
    watch->max_late_us = MAX_LATE_US;
    for (size_t i = 0; i < N_WATCH_PHASES; i++) {
        if (watch->durations_us[i] && watch->durations_us[i] / 8 < watch->max_late_us)
            watch->max_late_us = watch->durations_us[i] / 8;
    }
    if (!watch_start(watch)) {
        watch_free(watch);
        return STATUS_NO_MEMORY;
    }
    *ret_watch = watch;
    return STATUS_OK;
}

void watch_limit_lingering(struct watch *watch, size_t max)
{
    watch->max_lingering = max;
}

void watch_free(struct watch *watch)
{
    if (!watch)
        return;
    if (watch->has_thread) {
        pthread_mutex_lock(&watch->mutex);
        watch->stopping = true;
        pthread_mutex_unlock(&watch->mutex);
        /* Cannot fail: the count is far from its max. */
        eventfd_write(watch->wakeup, 1);
        pthread_join(watch->thread, NULL);
    }
    while (!TAILQ_EMPTY(&watch->phases[WATCH_LINGERING]))
        end_lingering(watch, TAILQ_FIRST(&watch->phases[WATCH_LINGERING]));
    clear_graveyard(watch);
    if (watch->epoll >= 0)
        close(watch->epoll);
    if (watch->wakeup >= 0)
        close(watch->wakeup);
    pthread_mutex_destroy(&watch->mutex);
    free(watch);
}

struct watch_entry *watch_connection_begin(struct watch *watch, int socket)
{
    struct watch_entry *entry = calloc(1, sizeof *entry);
    struct epoll_event event = {.events = EPOLLRDHUP | EPOLLET, .data.ptr = entry};

    if (!entry)
        return NULL;
    entry->socket = socket;
    entry->phase = WATCH_IDLE;
    pthread_mutex_lock(&watch->mutex);
    set_deadline(watch, entry);
    TAILQ_INSERT_TAIL(&watch->phases[WATCH_IDLE], entry, place);
    if (epoll_ctl(watch->epoll, EPOLL_CTL_ADD, socket, &event)) {
        bury(watch, entry);
        entry = NULL;
    }
    pthread_mutex_unlock(&watch->mutex);
    return entry;
}

void watch_connection_end(struct watch *watch, struct watch_entry *entry)
{
    pthread_mutex_lock(&watch->mutex);
    epoll_ctl(watch->epoll, EPOLL_CTL_DEL, entry->socket, NULL);
    if (!entry->linger || !begin_lingering(watch, entry))
        bury(watch, entry);
    pthread_mutex_unlock(&watch->mutex);
}

void watch_enter(struct watch *watch, struct watch_entry *entry, enum watch_phase phase,
                 struct request *request)
{
    pthread_mutex_lock(&watch->mutex);
    enter(watch, entry, phase, request);
    if (phase == WATCH_WORKING && entry->is_reset)
        request_gone(request);
    pthread_mutex_unlock(&watch->mutex);
}

void watch_linger(struct watch *watch, struct watch_entry *entry)
{
    pthread_mutex_lock(&watch->mutex);
    entry->linger = true;
    pthread_mutex_unlock(&watch->mutex);
}

static void hang_up_list(const struct entry_list *list)
{
    const struct watch_entry *entry;

    TAILQ_FOREACH(entry, list, place)
    {
        request_gone(entry->request);
    }
}

void watch_hang_up_all(struct watch *watch)
{
    pthread_mutex_lock(&watch->mutex);
    hang_up_list(&watch->phases[WATCH_WORKING]);
    hang_up_list(&watch->phases[WATCH_DOUBTING]);
    pthread_mutex_unlock(&watch->mutex);
}
