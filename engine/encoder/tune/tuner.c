/* SPDX-License-Identifier: Apache-2.0 */

/* Two questions, each put to one layer after another, so that weights come from as far away as in a
 * whole pass: with random tokens, the ways in turn.
 *
 *     passes      by block or by product: 192 tokens on one thread, in the thread's own time
 *     lone texts  by panels or by rows: 64, 48, 32 and 16 tokens on as many threads as would share
 *                 them, from the longest to the first at which rows are no longer the faster
 *
 * A way that is not the rule's is taken only where it is clearly faster (runs.h): not when a team
 * was no faster than one thread, and not when there was no time for enough runs. */
#include "engine/encoder/tune/tuner.h"

#include "engine/base/clock.h"
#include "engine/base/memory.h"
#include "engine/encoder/context.h"
#include "engine/encoder/team.h"
#include "engine/encoder/tune/runs.h"
#include "engine/model/model.h"

#include <pthread.h>
#include <sched.h>
#include <time.h>

enum {
    MAX_TEXT_TOKENS = GEMM_MAX_ROWS,
    PASS_TEXTS = 3,
    MAX_TOKENS = PASS_TEXTS * MAX_TEXT_TOKENS,
    BUDGET_US = 90 * 1000,             /* of a question */
    MAX_MEMBERS = 1 << GEMM_MAX_SPLIT, /* of a team with MAX_TEXT_TOKENS or fewer */

    /* What a pass of FEW_TOKENS takes tells in time whether a question would take too long: so many
     * times as much, about, as one of MAX_TOKENS, or of MAX_TEXT_TOKENS alone and twice shared. */
    FEW_TOKENS = 8,
    TIMES_PASS = 16,
    TIMES_SHARING = 12,
};

struct tuning {
    struct encoder *encoder;
    float *tokens; /* [MAX_TOKENS, hidden] */
    size_t layer;  /* the next to run */
    double few_s;  /* of FEW_TOKENS */
    clockid_t clock;
    int64_t end_us; /* of the question */
};

static double read_clock(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static bool is_over(const struct tuning *tuning)
{
    return clock_now_us() >= tuning->end_us;
}

/* `times`: what a run of each way takes of few_s. */
static bool fits(const struct tuning *tuning, double times)
{
    return RUNS_MIN * times * tuning->few_s < BUDGET_US * 1e-6;
}

static void ask(struct tuning *tuning, clockid_t clock)
{
    tuning->clock = clock;
    tuning->end_us = clock_now_us() + BUDGET_US;
}

/* Between 1 and -1. */
static void fill(float *values, size_t n)
{
    uint32_t random = 1;

    for (size_t i = 0; i < n; i++) {
        random = random * 1664525 + 1013904223;
        values[i] = (float)(int32_t)random * 0x1p-31f;
    }
}

static size_t text_tokens(const struct tuning *tuning)
{
    size_t max_tokens = tuning->encoder->model->max_tokens;

    return max_tokens < MAX_TEXT_TOKENS ? max_tokens : MAX_TEXT_TOKENS;
}

/* One layer of texts with n_tokens each, added to the runs. */
static enum status run(struct tuning *tuning, struct encoder_context *context, struct team *team,
                       size_t n_texts, size_t n_tokens, struct runs *runs)
{
    static const int32_t ids[MAX_TEXT_TOKENS];
    const struct encoder_text text = {.ids = ids, .n_tokens = n_tokens};
    const struct encoder_text texts[PASS_TEXTS] = {text, text, text};
    const struct encoder_pass pass = {.texts = texts,
                                      .n_texts = n_texts,
                                      .team = team,
                                      .first_layer = tuning->layer,
                                      .first_tokens = tuning->tokens,
                                      .n_layers = 1};
    const float *found;
    double start_s = read_clock(tuning->clock);
    enum status status = encoder_run(context, &pass, &found);

    runs_add(runs, read_clock(tuning->clock) - start_s);
    tuning->layer = (tuning->layer + 1) % tuning->encoder->model->arch.n_layers;
    return status;
}

/* ---- passes ---- */

static enum status run_passes(struct tuning *tuning, struct encoder_context *context,
                              struct runs ret_runs[2])
{
    struct ways *ways = &tuning->encoder->ways;
    size_t n_tokens = text_tokens(tuning);
    struct team team = {0};
    struct runs few = {.n = 0}, warm_up = {.n = 0}; /* whose first runs are slow */
    enum status status = STATUS_OK;

    team_open(&team);
    for (size_t i = 0; i < 2 && !status; i++)
        status =
            run(tuning, context, &team, 1, n_tokens < FEW_TOKENS ? n_tokens : FEW_TOKENS, &few);
    tuning->few_s = runs_median(&few);
    if (status || !fits(tuning, 2 * TIMES_PASS))
        return status;
    status = run(tuning, context, &team, PASS_TEXTS, n_tokens, &warm_up);
    while (!status && ret_runs[1].n < RUNS_MAX && !is_over(tuning)) {
        for (size_t i = 0; i < 2 && !status; i++) {
            ways->by_product = i;
            status = run(tuning, context, &team, PASS_TEXTS, n_tokens, &ret_runs[i]);
        }
    }
    return status;
}

static enum status tune_passes(struct tuning *tuning)
{
    struct ways *ways = &tuning->encoder->ways;
    bool rule = ways->by_product;
    struct encoder_context *context;
    struct runs runs[2] = {{.n = 0}, {.n = 0}}; /* by product? */
    enum status status;

    ask(tuning, CLOCK_THREAD_CPUTIME_ID);
    ways->by_product = true; /* such a context has room for both */
    status = encoder_context_new(tuning->encoder, MAX_TOKENS, &context);
    if (!status) {
        status = run_passes(tuning, context, runs);
        encoder_context_free(context);
    }
    ways->by_product = runs_are_clearly_faster(&runs[!rule], &runs[rule]) ? !rule : rule;
    return status;
}

/* ---- lone texts ---- */

struct helper {
    struct team *team;
    struct encoder_context *context;
    pthread_t thread;
    bool is_there;
};

/* A team that is as large as a lone text's can be. */
struct crowd {
    struct team team;
    struct encoder_context *owner;
    struct helper helpers[MAX_MEMBERS - 1]; /* [n_members - 1] */
    size_t n_members;
};

static void *help(void *user)
{
    struct helper *helper = user;

    team_help(helper->team, helper->context);
    return NULL;
}

static enum status hire(struct crowd *crowd, const struct encoder *encoder)
{
    enum status status = encoder_context_new(encoder, MAX_TEXT_TOKENS, &crowd->owner);

    team_open(&crowd->team);
    for (size_t i = 0; i + 1 < crowd->n_members && !status; i++) {
        struct helper *helper = &crowd->helpers[i];

        helper->team = &crowd->team;
        status = encoder_context_new(encoder, MAX_TEXT_TOKENS, &helper->context);
        if (status)
            break;
        helper->is_there = pthread_create(&helper->thread, NULL, help, helper) == 0;
        if (helper->is_there)
            team_enter(&crowd->team);
        else
            status = STATUS_NO_MEMORY;
    }
    return status;
}

static void dissolve(struct crowd *crowd)
{
    team_close(&crowd->team);
    for (size_t i = 0; i + 1 < crowd->n_members; i++) {
        if (crowd->helpers[i].is_there)
            pthread_join(crowd->helpers[i].thread, NULL);
        encoder_context_free(crowd->helpers[i].context);
    }
    encoder_context_free(crowd->owner);
}

/* False if they do not come in time. */
static bool gather(const struct tuning *tuning, struct crowd *crowd)
{
    while (team_admit(&crowd->team) < crowd->n_members) {
        if (is_over(tuning))
            return false;
        sched_yield();
    }
    return true;
}

/* Whether a lone text is faster by rows; by the rule where that is not clear. Where threads do not
 * run together, the machine is busy, and the question ends. */
static enum status compare_sharing(struct tuning *tuning, struct crowd *crowd, size_t n_tokens,
                                   bool *ret_by_rows)
{
    struct ways *ways = &tuning->encoder->ways;
    const struct ways before = *ways;
    bool rule = n_tokens >= ways_rows_from(&before, crowd->n_members);
    struct team nobody = {0};
    struct runs alone = {.n = 0}, runs[2] = {{.n = 0}, {.n = 0}}; /* by rows? */
    enum status status = STATUS_OK;

    team_open(&nobody);
    while (!status && alone.n < RUNS_MAX && !is_over(tuning)) {
        status = run(tuning, crowd->owner, &nobody, 1, n_tokens, &alone);
        for (size_t i = 0; i < 2 && !status; i++) {
            ways_take(ways, i ? "rows" : "panels");
            status = run(tuning, crowd->owner, &crowd->team, 1, n_tokens, &runs[i]);
        }
        if (alone.n == RUNS_MIN && !runs_were_shared(&runs[0], &alone) &&
            !runs_were_shared(&runs[1], &alone))
            tuning->end_us = 0;
    }
    *ways = before;
    *ret_by_rows =
        runs_are_clearly_faster(&runs[!rule], &runs[rule]) && runs_were_shared(&runs[!rule], &alone)
            ? !rule
            : rule;
    return status;
}

static enum status measure_sharing(struct tuning *tuning, struct crowd *crowd)
{
    struct ways *ways = &tuning->encoder->ways;
    size_t rows_from = GEMM_MAX_ROWS + 1;
    bool is_rule = true;

    for (size_t n_tokens = GEMM_MAX_ROWS; n_tokens >= 2 * GEMM_ROW_STEP;
         n_tokens -= 2 * GEMM_ROW_STEP) {
        bool by_rows;
        enum status status = compare_sharing(tuning, crowd, n_tokens, &by_rows);

        if (status)
            return status;
        if (by_rows != (n_tokens >= ways_rows_from(ways, crowd->n_members)))
            is_rule = false;
        if (!by_rows)
            break;
        rows_from = n_tokens;
    }
    if (!is_rule) {
        ways->rows_from = rows_from;
        ways->rows_members = crowd->n_members;
    }
    return STATUS_OK;
}

static enum status tune_lone_texts(struct tuning *tuning, size_t n_threads)
{
    struct crowd crowd = {.n_members = n_threads < MAX_MEMBERS ? n_threads : MAX_MEMBERS};
    enum status status;

    if (n_threads < 2 || text_tokens(tuning) < GEMM_MAX_ROWS || !fits(tuning, TIMES_SHARING))
        return STATUS_OK;
    ask(tuning, CLOCK_MONOTONIC);
    status = hire(&crowd, tuning->encoder);
    if (!status && gather(tuning, &crowd))
        status = measure_sharing(tuning, &crowd);
    dissolve(&crowd);
    return status;
}

enum status tuner_run(struct encoder *encoder, size_t n_threads)
{
    size_t n = MAX_TOKENS * encoder->model->arch.hidden_size;
    AUTO_FREE float *tokens = memory_new_aligned(n * sizeof *tokens);
    struct tuning tuning = {.encoder = encoder, .tokens = tokens};
    enum status status;

    if (!tokens)
        return STATUS_NO_MEMORY;
    fill(tokens, n);
    status = tune_passes(&tuning);
    return status ? status : tune_lone_texts(&tuning, n_threads);
}
