/* SPDX-License-Identifier: Apache-2.0 */

/* The roof over an encoder's rate: what the products of one of its layers do alone, on hot weights,
 * a pass of 512 rows at a time. For the benchmarks; used by one thread. */
#ifndef NESTD_TESTS_BENCH_ROOF_H
#define NESTD_TESTS_BENCH_ROOF_H

#include "engine/base/status.h"
#include "engine/gemm/gemm.h"
#include "engine/model/model.h"

#include <stddef.h>

struct roof;

/* Packs random weights of the shape's layer. */
MUST_CHECK enum status roof_new(struct roof **ret_roof, const struct arch *arch,
                                enum gemm_format format, struct error *error);
void roof_free(struct roof *roof);

/* FLOP a second of `n_threads` threads together, measured for about `seconds`. */
MUST_CHECK enum status roof_measure(struct roof *roof, size_t n_threads, double seconds,
                                    double *ret_flops_per_second);

#endif
