/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/embed/fields.h"

#include "server/api/embed/body.h"

#include <stdlib.h>

void fields_release(struct fields *fields)
{
    body_free(fields->body);
    free(fields->inputs);
    free(fields->ids);
    fields->body = NULL;
    fields->inputs = NULL;
    fields->ids = NULL;
    fields->model = (struct slice){0};
}

const char *fields_locate(const struct fields *fields, size_t i_input, size_t *ret_index)
{
    bool in_rows = i_input < fields->n_rows;

    *ret_index = in_rows ? i_input : i_input - fields->n_rows;
    return in_rows ? fields->row_field : fields->column_field;
}
