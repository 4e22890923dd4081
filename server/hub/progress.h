/* SPDX-License-Identifier: Apache-2.0 */

/* Shows how far a download is: a bar where stderr is a terminal, elsewhere a line of the log every
 * few seconds. One thread. */
#ifndef NESTD_SERVER_HUB_PROGRESS_H
#define NESTD_SERVER_HUB_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* Zeroed but for with_bar: nothing has come. */
struct hub_progress {
    bool with_bar;
    int64_t began_us; /* when the first byte was seen to come; 0: not yet */
    int64_t shown_us;
    uint64_t first_bytes; /* what was there then */
};

/* For a log in JSON, or for no terminal: no bar. */
struct hub_progress hub_progress_begin(bool is_json);

/* Shows it if it is time to. Called at least once a second; 0 of 0 is shown as nothing. */
void hub_progress_show(struct hub_progress *progress, uint64_t done_bytes, uint64_t total_bytes,
                       int64_t now_us);

/* Takes the bar away. */
void hub_progress_end(const struct hub_progress *progress);

/* "downloading [####      ] 412 of 1,340 MB, 56 MB/s". Pure. */
struct hub_bar {
    char text[160];
};
struct hub_bar hub_progress_draw(uint64_t done_bytes, uint64_t total_bytes,
                                 double bytes_per_second);

#endif
