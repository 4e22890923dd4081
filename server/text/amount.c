/* SPDX-License-Identifier: Apache-2.0 */

#include "server/text/amount.h"

#include <stdio.h>
#include <string.h>

enum { KILO = 1000, MEGA = 1000000, MIN_MEGA = 10 };

struct number {
    char text[32];
};

/* 1340 -> "1,340" */
static struct number print_grouped(uint64_t n)
{
    struct number number;
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    size_t at = 0;

    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            number.text[at++] = ',';
        number.text[at++] = digits[i];
    }
    number.text[at] = '\0';
    return number;
}

static uint64_t choose_unit(uint64_t n_bytes)
{
    return n_bytes >= (uint64_t)MIN_MEGA * MEGA ? MEGA : KILO;
}

static const char *name_unit(uint64_t unit)
{
    return unit == MEGA ? "MB" : "KB";
}

struct amount amount_of(uint64_t n_bytes, uint64_t total_bytes)
{
    const uint64_t unit = choose_unit(total_bytes);
    struct amount amount;

    snprintf(amount.text, sizeof amount.text, "%s of %s %s", print_grouped(n_bytes / unit).text,
             print_grouped((total_bytes + unit / 2) / unit).text, name_unit(unit));
    return amount;
}

struct amount amount_whole(uint64_t n_bytes)
{
    const uint64_t unit = choose_unit(n_bytes);
    struct amount amount;

    snprintf(amount.text, sizeof amount.text, "%s %s",
             print_grouped((n_bytes + unit / 2) / unit).text, name_unit(unit));
    return amount;
}
