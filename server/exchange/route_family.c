/* SPDX-License-Identifier: Apache-2.0 */
#include "server/exchange/route_family.h"

#include "server/exchange/api_error.h"
#include "server/exchange/problem.h"
#include "server/text/buffer.h"

unsigned openai_get_status(const struct problem_row *row)
{
    return row->http_status;
}

void openai_write_error(struct buffer *buffer, const struct api_error *error)
{
    const struct problem_row *row = problem_get_row(error->problem);

    buffer_append_string(buffer, "{\"message\":");
    buffer_append_json_or_null(buffer, error->message);
    buffer_append_string(buffer, ",\"type\":");
    buffer_append_json_or_null(buffer, row->type);
    buffer_append_string(buffer, ",\"param\":");
    buffer_append_json_or_null(buffer, error->param[0] ? error->param : NULL);
    buffer_append_string(buffer, ",\"code\":");
    buffer_append_json_or_null(buffer, row->code);
    buffer_append_string(buffer, "}");
}

static void write_error(struct buffer *buffer, const struct request *request,
                        const struct api_error *error)
{
    (void)request;
    buffer_append_string(buffer, "{\"error\":");
    openai_write_error(buffer, error);
    buffer_append_string(buffer, "}");
}

const struct route_family openai_family = {
    .get_status = openai_get_status,
    .write_error = write_error,
};
