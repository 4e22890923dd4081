/* SPDX-License-Identifier: Apache-2.0 */

/* What is wrong with a request, in words for its sender: written where requests are decoded, turned
 * into a reply by respond_fault(). */
#ifndef NESTD_SERVER_EXCHANGE_FAULT_H
#define NESTD_SERVER_EXCHANGE_FAULT_H

#include "server/exchange/problem.h"
#include "server/text/slice.h"

#include <stdarg.h>
#include <stdbool.h>

struct memory_claim;

struct fault {
    enum problem problem;
    char param[128];   /* the field, as a JSON path ("input[3]"); "" for none */
    char message[512]; /* UTF-8, cut between characters; what is none becomes '?' */
};

/* Fills in *ret_fault and returns false, so that a failing function can end with
 * `return fault_set(...)`. `param` may be NULL. */
bool fault_set(struct fault *ret_fault, enum problem problem, const char *param, const char *format,
               ...) __attribute__((format(printf, 4, 5)));
void fault_set_va(struct fault *ret_fault, enum problem problem, const char *param,
                  const char *format, va_list arguments) __attribute__((format(printf, 4, 0)));

/* All inputs of a request together, which came in `field`, have more tokens than it may have. */
bool fault_set_too_many_tokens(struct fault *ret_fault, const char *field, size_t n_tokens,
                               size_t max_tokens);

/* The beginning of something that a client sent, fit to be shown in a message: at most 40 bytes of
 * UTF-8, without control characters. */
struct excerpt {
    char text[48];
};
struct excerpt excerpt_of(struct slice slice);

/* Why the claim was last refused: the server is full, or no request may hold as much. */
void fault_of_memory(const struct memory_claim *claim, struct fault *ret_fault);

#endif
