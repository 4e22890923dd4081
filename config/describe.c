/* SPDX-License-Identifier: Apache-2.0 */
#include "config/describe.h"

#include "config/describe_man.h"
#include "config/describe_shells.h"

#include <string.h>

options_description *describe_find(const char *name)
{
    static const struct {
        const char *name;
        options_description *print;
    } all[] = {
        {"man", describe_man},
        {"bash", describe_bash},
        {"zsh", describe_zsh},
        {"fish", describe_fish},
    };

    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
        if (strcmp(name, all[i].name) == 0)
            return all[i].print;
    }
    return NULL;
}
