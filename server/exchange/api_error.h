/* SPDX-License-Identifier: Apache-2.0 */

/* What is wrong with a request, in words for its sender: written where requests are decoded, turned
 * into a reply by respond_api_error(). */
#ifndef NESTD_SERVER_EXCHANGE_API_ERROR_H
#define NESTD_SERVER_EXCHANGE_API_ERROR_H

#include "server/exchange/problem.h"
#include "server/text/slice.h"

#include <stdarg.h>
#include <stdbool.h>

struct memory_claim;

struct api_error {
    enum problem problem;
    char param[128];   /* the field, as a JSON path ("input[3]"); "" for none */
    char message[512]; /* UTF-8, cut between characters; what is none becomes '?' */
};

/* Fills in *ret_fault and returns false, so that a failing function can end with
 * `return api_error_set(...)`. `param` may be NULL. */
bool api_error_set(struct api_error *ret_error, enum problem problem, const char *param,
                   const char *format, ...) __attribute__((format(printf, 4, 5)));
void api_error_set_va(struct api_error *ret_error, enum problem problem, const char *param,
                      const char *format, va_list arguments) __attribute__((format(printf, 4, 0)));

/* All inputs of a request together, which came in `field`, have more tokens than it may have. */
bool api_error_set_too_many_tokens(struct api_error *ret_error, const char *field, size_t n_tokens,
                                   size_t max_tokens);

/* The beginning of something that a client sent, fit to be shown in a message: at most 40 bytes of
 * UTF-8, without control characters. */
struct excerpt {
    char text[48];
};
struct excerpt excerpt_of(struct slice slice);

/* Why the claim was last refused: the server is full, or no request may hold as much. */
void api_error_of_memory(const struct memory_claim *claim, struct api_error *ret_error);

#endif
