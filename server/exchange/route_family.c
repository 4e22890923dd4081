/* SPDX-License-Identifier: Apache-2.0 */
#include "server/exchange/route_family.h"

#include "server/exchange/fault.h"
#include "server/exchange/problem.h"
#include "server/text/text.h"

unsigned get_openai_status(const struct problem_row *row)
{
    return row->http_status;
}

void write_openai_error(struct text *text, const struct fault *fault)
{
    const struct problem_row *row = problem_get_row(fault->problem);

    text_append_string(text, "{\"message\":");
    text_append_json_or_null(text, fault->message);
    text_append_string(text, ",\"type\":");
    text_append_json_or_null(text, row->type);
    text_append_string(text, ",\"param\":");
    text_append_json_or_null(text, fault->param[0] ? fault->param : NULL);
    text_append_string(text, ",\"code\":");
    text_append_json_or_null(text, row->code);
    text_append_string(text, "}");
}

static void write_error(struct text *text, const struct request *request, const struct fault *fault)
{
    (void)request;
    text_append_string(text, "{\"error\":");
    write_openai_error(text, fault);
    text_append_string(text, "}");
}

const struct route_family openai_family = {
    .get_status = get_openai_status,
    .write_error = write_error,
};
