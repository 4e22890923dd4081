/* SPDX-License-Identifier: Apache-2.0 */

/* What is wrong with a request, in words for the client. Filled in where requests are decoded,
 * turned into a reply by respond_api_error(). */
#ifndef NESTD_SERVER_EXCHANGE_API_ERROR_H
#define NESTD_SERVER_EXCHANGE_API_ERROR_H

#include "server/exchange/problem.h"
#include "server/text/slice.h"

#include <stdarg.h>
#include <stdbool.h>

struct memory_claim;

struct api_error {
    enum problem problem;
    char param[128];   /* the field, as a JSON path ("input[3]"); "" for no field */
    char message[512]; /* UTF-8, truncated between characters; invalid bytes become '?' */
};

/* Fills in *ret_error and returns false, so that a failing function can end with
 * `return api_error_set(...)`. `param` may be NULL. */
bool api_error_set(struct api_error *ret_error, enum problem problem, const char *param,
                   const char *format, ...) __attribute__((format(printf, 4, 5)));
void api_error_set_va(struct api_error *ret_error, enum problem problem, const char *param,
                      const char *format, va_list arguments) __attribute__((format(printf, 4, 0)));

/* The inputs of a request, which came in `field`, together have more tokens than allowed. */
bool api_error_set_too_many_tokens(struct api_error *ret_error, const char *field, size_t n_tokens,
                                   size_t max_tokens);

/* An allocation failed. */
bool api_error_set_no_memory(struct api_error *ret_error);

/* The beginning of what a client sent, fit for a message: at most 40 bytes of UTF-8, without
 * control characters. */
struct excerpt {
    char text[48];
};
struct excerpt excerpt_of(struct slice slice);

/* Says why the claim was last refused: the server is full, or the request is too large. */
void api_error_of_memory(const struct memory_claim *claim, struct api_error *ret_error);

#endif
