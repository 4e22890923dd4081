/* SPDX-License-Identifier: Apache-2.0 */

/* The families that there are, each in a file of its own. For family.c. */
#ifndef NESTD_ENGINE_MODEL_FAMILIES_FAMILIES_H
#define NESTD_ENGINE_MODEL_FAMILIES_FAMILIES_H

#include "engine/model/family.h"

extern const struct family family_bert;
extern const struct family family_distilbert;

#endif
