/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/embed/json_whole.h"

#include <math.h>
#include <stdio.h>

bool json_to_whole(const json_t *json, int64_t *ret_whole)
{
    const double beyond = 9223372036854775808.0; /* 2^63 */
    double real;

    if (json_is_integer(json)) {
        *ret_whole = json_integer_value(json);
        return true;
    }
    if (!json_is_real(json))
        return false;
    real = json_real_value(json);
    if (real != floor(real))
        return false;
    if (real >= beyond)
        *ret_whole = INT64_MAX;
    else if (real < -beyond)
        *ret_whole = INT64_MIN;
    else
        *ret_whole = (int64_t)real;
    return true;
}

struct json_number_text json_number_text_of(const json_t *json)
{
    struct json_number_text number;

    if (json_is_integer(json))
        snprintf(number.text, sizeof(number.text), "%" JSON_INTEGER_FORMAT,
                 json_integer_value(json));
    else
        snprintf(number.text, sizeof(number.text), "%.17g", json_real_value(json));
    return number;
}
