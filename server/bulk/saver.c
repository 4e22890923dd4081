/* SPDX-License-Identifier: Apache-2.0 */
#include "server/bulk/saver.h"

#include <pthread.h>
#include <stdlib.h>

struct saver {
    const char *journal_path;
    const json_t *run;
    struct output *outputs[SAVER_MAX_OUTPUTS];
    size_t n_outputs;
    pthread_t thread;

    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool is_busy; /* this and the rest guarded by mutex */
    bool is_ending;
    struct journal_place place; /* to be saved */
    enum status status;         /* of the first save that failed */
    struct error error;
};

static enum status save(struct saver *saver, const struct journal_place *place, struct error *error)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < saver->n_outputs && !status; i++)
        status = output_sync(saver->outputs[i], error);
    if (!status)
        status = journal_write(saver->journal_path, saver->run, place, error);
    return status;
}

static void *run(void *argument)
{
    struct saver *saver = argument;

    pthread_mutex_lock(&saver->mutex);
    for (;;) {
        struct journal_place place;
        struct error error = {0};
        enum status status;

        while (!saver->is_busy && !saver->is_ending)
            pthread_cond_wait(&saver->changed, &saver->mutex);
        if (!saver->is_busy)
            break;
        place = saver->place;
        pthread_mutex_unlock(&saver->mutex);
        status = save(saver, &place, &error);
        pthread_mutex_lock(&saver->mutex);
        if (status && !saver->status) {
            saver->status = status;
            saver->error = error;
        }
        saver->is_busy = false;
        pthread_cond_broadcast(&saver->changed);
    }
    pthread_mutex_unlock(&saver->mutex);
    return NULL;
}

enum status saver_new(struct saver **ret_saver, const char *journal_path, const json_t *run_,
                      struct output *const *outputs, size_t n_outputs, struct error *error)
{
    struct saver *saver = calloc(1, sizeof(*saver));

    if (!saver)
        return error_set(error, STATUS_NO_MEMORY, "not enough memory to start");
    saver->journal_path = journal_path;
    saver->run = run_;
    for (size_t i = 0; i < n_outputs; i++)
        saver->outputs[saver->n_outputs++] = outputs[i];
    pthread_mutex_init(&saver->mutex, NULL);
    pthread_cond_init(&saver->changed, NULL);
    if (pthread_create(&saver->thread, NULL, run, saver)) {
        free(saver);
        return error_set(error, STATUS_NO_MEMORY, "cannot start a thread");
    }
    *ret_saver = saver;
    return STATUS_OK;
}

void saver_free(struct saver *saver)
{
    if (!saver)
        return;
    pthread_mutex_lock(&saver->mutex);
    saver->is_ending = true;
    pthread_cond_broadcast(&saver->changed);
    pthread_mutex_unlock(&saver->mutex);
    pthread_join(saver->thread, NULL);
    pthread_cond_destroy(&saver->changed);
    pthread_mutex_destroy(&saver->mutex);
    free(saver);
}

bool saver_is_idle(struct saver *saver)
{
    bool idle;

    pthread_mutex_lock(&saver->mutex);
    idle = !saver->is_busy;
    pthread_mutex_unlock(&saver->mutex);
    return idle;
}

void saver_start(struct saver *saver, const struct journal_place *place)
{
    pthread_mutex_lock(&saver->mutex);
    saver->place = *place;
    saver->is_busy = true;
    pthread_cond_broadcast(&saver->changed);
    pthread_mutex_unlock(&saver->mutex);
}

enum status saver_wait(struct saver *saver, struct error *error)
{
    enum status status;

    pthread_mutex_lock(&saver->mutex);
    while (saver->is_busy)
        pthread_cond_wait(&saver->changed, &saver->mutex);
    status = saver->status;
    if (status)
        (void)error_set(error, status, "%s", saver->error.text);
    pthread_mutex_unlock(&saver->mutex);
    return status;
}
