/* SPDX-License-Identifier: Apache-2.0 */
#include "server/text/progress.h"

#include "server/text/log.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BAR_CELLS = 24, BAR_US = 200000, LINE_US = 10000000 };

void progress_begin(struct progress *progress, bool may_draw, int64_t now_us, size_t n_texts,
                    double share)
{
    *progress = (struct progress){
        .is_bar = may_draw && isatty(STDERR_FILENO),
        .began_us = now_us,
        .shown_us = now_us,
        .n_first = n_texts,
        .first_share = share > 0 ? share : 0,
    };
}

struct progress_words progress_describe(const struct progress *progress, int64_t now_us,
                                        size_t n_texts, double share)
{
    const double elapsed_s = (double)(now_us - progress->began_us) * 1e-6;
    const double done = share - progress->first_share;
    struct progress_words words;
    size_t len = (size_t)snprintf(words.text, sizeof(words.text), "%zu texts", n_texts);

    if (share >= 0)
        len += (size_t)snprintf(words.text + len, sizeof(words.text) - len, ", %d %%",
                                (int)(100 * share));
    if (elapsed_s > 0)
        len += (size_t)snprintf(words.text + len, sizeof(words.text) - len, ", %.0f texts/s",
                                (double)(n_texts - progress->n_first) / elapsed_s);
    if (done > 0 && share < 1 && elapsed_s * (1 - share) / done < 1e9) {
        const long left_s = (long)(elapsed_s * (1 - share) / done);

        if (left_s >= 3600)
            snprintf(words.text + len, sizeof(words.text) - len, ", %ld:%02ld:%02ld left",
                     left_s / 3600, left_s / 60 % 60, left_s % 60);
        else
            snprintf(words.text + len, sizeof(words.text) - len, ", %ld:%02ld left", left_s / 60,
                     left_s % 60);
    }
    return words;
}

static void draw_bar(const struct progress_words *words, double share)
{
    char bar[BAR_CELLS + 1];
    const size_t n_full = share > 0 ? (size_t)(share * BAR_CELLS) : 0;

    memset(bar, '.', BAR_CELLS);
    memset(bar, '#', n_full < BAR_CELLS ? n_full : BAR_CELLS);
    bar[BAR_CELLS] = '\0';
    if (share >= 0)
        fprintf(stderr, "\r\x1b[K[%s] %s", bar, words->text);
    else
        fprintf(stderr, "\r\x1b[K%s", words->text);
}

void progress_show(struct progress *progress, int64_t now_us, size_t n_texts, double share)
{
    struct progress_words words;

    if (now_us - progress->shown_us < (progress->is_bar ? BAR_US : LINE_US))
        return;
    progress->shown_us = now_us;
    words = progress_describe(progress, now_us, n_texts, share);
    if (progress->is_bar)
        draw_bar(&words, share);
    else
        log_write(LOG_INFO, "%s", words.text);
}

void progress_end(struct progress *progress)
{
    if (progress->is_bar)
        fputs("\r\x1b[K", stderr);
}
