/* SPDX-License-Identifier: Apache-2.0 */

/* How far a run has come, on stderr: on a terminal a line that is written over, elsewhere a line of
 * the log every few seconds. One owner, one thread. */
#ifndef NESTD_SERVER_TEXT_PROGRESS_H
#define NESTD_SERVER_TEXT_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
    bool is_bar;
    int64_t began_us;
    int64_t shown_us;
    size_t n_first; /* texts that an earlier run did */
    double first_share;
};

void progress_begin(struct progress *progress, bool may_draw, int64_t now_us, size_t n_texts,
                    double share);

/* Shows it if it is time. share: of the input, 0 to 1; negative where nobody knows. */
void progress_show(struct progress *progress, int64_t now_us, size_t n_texts, double share);

/* Leaves the terminal's line as it was. */
void progress_end(struct progress *progress);

/* "1234 texts, 12 %, 7012 texts/s, 2:13 left" */
struct progress_words {
    char text[160];
};
struct progress_words progress_describe(const struct progress *progress, int64_t now_us,
                                        size_t n_texts, double share);

#endif
