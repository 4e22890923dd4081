/* SPDX-License-Identifier: Apache-2.0 */

/* Every way in which a request can fail, and its statuses and names: the rows of errors.def. */
#ifndef NESTD_SERVER_EXCHANGE_PROBLEM_H
#define NESTD_SERVER_EXCHANGE_PROBLEM_H

enum problem {
#define PROBLEM(name, http_status, type, code, tei_status, tei_type) PROBLEM_##name,
#include "server/exchange/errors.def"
#undef PROBLEM
    N_PROBLEMS
};

struct problem_row {
    unsigned http_status;
    const char *type;
    const char *code; /* NULL: null */
    unsigned tei_status;
    const char *tei_type;
};

const struct problem_row *problem_get_row(enum problem problem);

#endif
