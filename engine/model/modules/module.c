/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/model/modules/module.h"

#include "engine/base/memory.h"
#include "engine/files/file.h"

enum status module_open(const struct module_place *place, const char *name,
                        struct document *document, struct error *error)
{
    AUTO_FREE char *path = path_join(place->path, name);

    if (!path)
        return STATUS_NO_MEMORY;
    return document_open(document, place->model_dir, path, false, error);
}

enum status module_open_if_there(const struct module_place *place, const char *name,
                                 struct document *document, struct error *error)
{
    AUTO_FREE char *path = path_join(place->path, name);

    if (!path)
        return STATUS_NO_MEMORY;
    return document_open_if_there(document, place->model_dir, path, false, error);
}
