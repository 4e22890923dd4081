/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/base/sizes.h"

#include <stdlib.h>

static int compare(const void *left, const void *right)
{
    size_t a = *(const size_t *)left;
    size_t b = *(const size_t *)right;

    return (a > b) - (a < b);
}

void sizes_sort(size_t *sizes, size_t n)
{
    qsort(sizes, n, sizeof *sizes, compare);
}
