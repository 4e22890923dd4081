/* SPDX-License-Identifier: Apache-2.0 */
#include "server/exchange/api_error.h"

#include "server/text/memory_budget.h"
#include "server/text/utf8.h"

#include <stdio.h>
#include <string.h>

enum { EXCERPT_MAX_BYTES = 40 };

/* The length without a character that is cut off at the end; the rest is valid UTF-8. */
static size_t whole_characters(const char *bytes, size_t len_bytes)
{
    size_t start = len_bytes; /* of the last character */
    unsigned char lead;
    size_t size;

    while (start > 0 && ((unsigned char)bytes[start - 1] & 0xc0) == 0x80)
        start--;
    if (start == 0)
        return 0;
    start--;
    lead = (unsigned char)bytes[start];
    if (lead < 0x80)
        size = 1;
    else if (lead < 0xe0)
        size = 2;
    else if (lead < 0xf0)
        size = 3;
    else
        size = 4;
    return len_bytes - start >= size ? len_bytes : start;
}

/* Paths and names come from outside and may hold any bytes. */
static void replace_invalid(char *text)
{
    const char *end = text + strlen(text);

    while (text < end) {
        size_t size = utf8_character_size(text, (size_t)(end - text));

        if (size == 0)
            *text = '?';
        text += size ? size : 1;
    }
}

void api_error_set_va(struct api_error *ret_error, enum problem problem, const char *param,
                      const char *format, va_list arguments)
{
    ret_error->problem = problem;
    snprintf(ret_error->param, sizeof(ret_error->param), "%s", param ? param : "");
    vsnprintf(ret_error->message, sizeof(ret_error->message), format, arguments);
    ret_error->message[whole_characters(ret_error->message, strlen(ret_error->message))] = '\0';
    replace_invalid(ret_error->message);
}

bool api_error_set(struct api_error *ret_error, enum problem problem, const char *param,
                   const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    api_error_set_va(ret_error, problem, param, format, arguments);
    va_end(arguments);
    return false;
}

bool api_error_set_no_memory(struct api_error *ret_error)
{
    return api_error_set(ret_error, PROBLEM_INTERNAL_ERROR, NULL,
                         "There is not enough memory for this request");
}

/* Clients recognise this error by OpenAI's wording. */
bool api_error_set_too_many_tokens(struct api_error *ret_error, const char *field, size_t n_tokens,
                                   size_t max_tokens)
{
    return api_error_set(ret_error, PROBLEM_TOO_MANY_TOKENS, field,
                         "Requested %zu tokens, max %zu tokens per request (all of '%s' together)",
                         n_tokens, max_tokens, field);
}

struct excerpt excerpt_of(struct slice slice)
{
    bool cut = slice.len_bytes > EXCERPT_MAX_BYTES;
    size_t n = cut ? whole_characters(slice.bytes, EXCERPT_MAX_BYTES) : slice.len_bytes;
    struct excerpt excerpt;

    for (size_t i = 0; i < n; i++)
        excerpt.text[i] = (unsigned char)slice.bytes[i] < 0x20 ? '?' : slice.bytes[i];
    memcpy(excerpt.text + n, cut ? "..." : "", cut ? 4 : 1);
    return excerpt;
}

void api_error_of_memory(const struct memory_claim *claim, struct api_error *ret_error)
{
    size_t ceiling = memory_find_ceiling(claim);

    if (claim->refused_bytes > ceiling)
        api_error_set(
            ret_error, PROBLEM_PAYLOAD_TOO_LARGE, NULL,
            "This request needs at least %zu bytes of memory, but one request may have at "
            "most %zu (--memory-limit): send it in parts",
            claim->refused_bytes, ceiling);
    else
        api_error_set(
            ret_error, PROBLEM_OVERLOADED, NULL,
            "All requests together hold the %zu bytes of memory that they may (--memory-limit). "
            "Retry after the number of seconds in Retry-After",
            atomic_load(&claim->budget->limit_bytes));
}
