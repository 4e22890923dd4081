/* SPDX-License-Identifier: Apache-2.0 */

/* Lists of sizes. Any thread. */
#ifndef NESTD_ENGINE_BASE_SIZES_H
#define NESTD_ENGINE_BASE_SIZES_H

#include <stddef.h>

/* Sorts sizes[n], ascending. */
void sizes_sort(size_t *sizes, size_t n);

#endif
