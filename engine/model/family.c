/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/model/family.h"

#include "engine/model/families/families.h"

#include <stdio.h>
#include <string.h>

static const struct family *const families[] = {
    &family_bert,
    &family_distilbert,
};

enum { N_FAMILIES = sizeof families / sizeof *families };

enum status family_find(const struct document *config, const struct family **ret_family,
                        struct error *error)
{
    const char *model_type = NULL;
    char known[200] = "";
    size_t len = 0;
    enum status status = document_get_string(config, "model_type", &model_type, error);

    if (status)
        return status;
    for (size_t i = 0; i < N_FAMILIES; i++) {
        if (model_type && strcmp(model_type, families[i]->model_type) == 0) {
            *ret_family = families[i];
            return STATUS_OK;
        }
        if (len < sizeof known)
            len += (size_t)snprintf(known + len, sizeof known - len, "%s%s", i > 0 ? ", " : "",
                                    families[i]->model_type);
    }
    if (!model_type)
        return error_set(error, STATUS_UNSUPPORTED, "%s: \"model_type\" is absent (supported: %s)",
                         config->name, known);
    return error_set(error, STATUS_UNSUPPORTED,
                     "%s: unsupported \"model_type\" \"%.60s\" (supported: %s)", config->name,
                     model_type, known);
}
