/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/model/matryoshka.h"

#include "engine/base/sizes.h"

#include <stdlib.h>

enum status matryoshka_read(const struct document *config, size_t n_dims, size_t **ret_dims,
                            size_t *ret_n_dims, struct error *error)
{
    const json_t *list = json_object_get(config->root, "matryoshka_dimensions");
    size_t n_listed = json_array_size(list);
    size_t n_kept = 0;
    size_t *dims;

    if (list && !json_is_null(list) && !json_is_array(list))
        return error_set(error, STATUS_INVALID,
                         "%s: \"matryoshka_dimensions\" must be an array of whole numbers",
                         config->name);
    if (n_listed == 0) {
        *ret_dims = NULL;
        *ret_n_dims = 0;
        return STATUS_OK;
    }
    dims = calloc(n_listed, sizeof *dims);
    if (!dims)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < n_listed; i++) {
        const json_t *item = json_array_get(list, i);
        char shown[DOCUMENT_SHOWN_BYTES];

        if (!document_read_size(item, 1, n_dims, &dims[i])) {
            free(dims);
            return error_set(error, STATUS_INVALID,
                             "%s: \"matryoshka_dimensions\" must hold whole numbers from 1 to the "
                             "vector's %zu, holds %s",
                             config->name, n_dims, document_show(item, shown));
        }
    }
    sizes_sort(dims, n_listed);
    for (size_t i = 0; i < n_listed; i++) {
        if (i == 0 || dims[i] != dims[i - 1])
            dims[n_kept++] = dims[i];
    }
    *ret_dims = dims;
    *ret_n_dims = n_kept;
    return STATUS_OK;
}
