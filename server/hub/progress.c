/* SPDX-License-Identifier: Apache-2.0 */

#include "server/hub/progress.h"

#include "server/text/amount.h"
#include "server/text/log.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    BAR_CELLS = 30,
    BAR_EVERY_US = 100000,
    LINE_EVERY_US = 5000000,
};

struct hub_progress hub_progress_begin(bool is_json)
{
    return (struct hub_progress){.with_bar = !is_json && isatty(STDERR_FILENO)};
}

struct hub_bar hub_progress_draw(uint64_t done_bytes, uint64_t total_bytes, double bytes_per_second)
{
    double share = total_bytes > 0 ? (double)done_bytes / (double)total_bytes : 0;
    int n_cells = share < 1 ? (int)(share * BAR_CELLS) : BAR_CELLS;
    char cells[BAR_CELLS + 1];
    struct hub_bar bar;

    memset(cells, ' ', BAR_CELLS);
    memset(cells, '#', (size_t)n_cells);
    cells[BAR_CELLS] = '\0';
    snprintf(bar.text, sizeof bar.text, "downloading [%s] %s, %.1f MB/s", cells,
             amount_of(done_bytes, total_bytes).text, bytes_per_second / 1e6);
    return bar;
}

/* The cursor goes back to where the bar begins, so that a line of the log takes its place. */
static void put_bar(const char *text)
{
    char line[200];
    int len = snprintf(line, sizeof line, "\r%s\033[K\r", text);

    (void)!write(STDERR_FILENO, line, (size_t)len);
}

void hub_progress_show(struct hub_progress *progress, uint64_t done_bytes, uint64_t total_bytes,
                       int64_t now_us)
{
    const int64_t every_us = progress->with_bar ? BAR_EVERY_US : LINE_EVERY_US;
    double elapsed_s;

    if (total_bytes == 0)
        return;
    if (progress->began_us == 0) {
        progress->began_us = progress->shown_us = now_us;
        progress->first_bytes = done_bytes;
    }
    if (now_us - progress->shown_us < every_us)
        return;
    progress->shown_us = now_us;
    elapsed_s = (double)(now_us - progress->began_us) / 1e6;
    if (progress->with_bar)
        put_bar(hub_progress_draw(done_bytes, total_bytes,
                                  (double)(done_bytes - progress->first_bytes) / elapsed_s)
                    .text);
    else
        log_write(LOG_INFO, "downloading %s", amount_of(done_bytes, total_bytes).text);
}

void hub_progress_end(const struct hub_progress *progress)
{
    if (progress->with_bar && progress->began_us)
        put_bar("");
}
