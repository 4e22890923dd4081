/* SPDX-License-Identifier: Apache-2.0 */

/* Takes what nestd shows of a card out of its front matter. Any thread. */
#ifndef NESTD_ENGINE_MODEL_CARD_FIELDS_H
#define NESTD_ENGINE_MODEL_CARD_FIELDS_H

#include "engine/model/card.h"

#include <stdbool.h>

/* What one card may have of each; what comes after is left out. */
enum {
    CARD_MAX_LICENSES = 16,
    CARD_MAX_BASE_MODELS = 16,
    CARD_MAX_EXAMPLES = 100,
    CARD_MAX_SENTENCES = 100,
    CARD_MAX_RESULTS = 1000,
    CARD_MAX_METRICS = 1000, /* of one result */
};

/* Fills license, base_model, examples and results from card->front_matter. What has another type
 * than it should is left out. *ret_cut: something was beyond the limits above. */
MUST_CHECK enum status card_fields_read(struct card *card, bool *ret_cut);

void card_fields_release(struct card *card);

#endif
