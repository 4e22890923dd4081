/* SPDX-License-Identifier: Apache-2.0 */
#include "server/exchange/problem.h"

#include <stddef.h>

static const struct problem_row rows[N_PROBLEMS] = {
#define PROBLEM(name, http_status, type, code, tei_status, tei_type)                               \
    [PROBLEM_##name] = {http_status, type, code, tei_status, tei_type},
#include "server/exchange/errors.def"
#undef PROBLEM
};

const struct problem_row *problem_get_row(enum problem problem)
{
    return &rows[problem];
}
