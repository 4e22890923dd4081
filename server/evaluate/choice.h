/* SPDX-License-Identifier: Apache-2.0 */

/* What the options of nestd evaluate ask for. For evaluate.c. */
#ifndef NESTD_SERVER_EVALUATE_CHOICE_H
#define NESTD_SERVER_EVALUATE_CHOICE_H

#include "server/evaluate/scoring.h"

struct options;

/* Where the data set is; the paths are the caller's to free by source_release. */
struct source {
    char *queries; /* NULL: `pairs` or `sts` */
    char *corpus;
    char *qrels;
    const char *pairs; /* borrowed from the options */
    const char *sts;
};

/* Checks that just one data set is named, and puts the paths together. STATUS_INVALID,
 * STATUS_NO_MEMORY. */
MUST_CHECK enum status source_init(struct source *ret_source, const struct options *options,
                                   struct error *error);
void source_release(struct source *source);

struct formats {
    bool wanted[N_VECTOR_FORMATS];
};

/* Those of --output-dtype; default: all that the data set can be measured by. */
MUST_CHECK enum status formats_choose(struct formats *ret_formats, const struct options *options,
                                      struct error *error);

enum { MAX_SIZES = 64 };

struct sizes {
    size_t n_dims[MAX_SIZES]; /* [n_sizes], falling; the first is the full size */
    size_t n_sizes;
};

/* Those of --dimensions, or else of trained[n_trained], or else halves down to MIN_SIZE; and the
 * full size. STATUS_UNSUPPORTED for one that is larger than the full size. */
MUST_CHECK enum status sizes_choose(struct sizes *ret_sizes, const struct options *options,
                                    size_t full_dims, const size_t *trained, size_t n_trained,
                                    struct error *error);

#endif
