/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/stage.h"

#include <stdlib.h>
#include <string.h>

void chain_release(struct chain *chain)
{
    if (!chain)
        return;
    for (size_t i = 0; i < chain->n_parts; i++)
        free(chain->parts[i].data);
    chain->n_parts = 0;
}

enum status chain_add(struct chain *chain, const struct stage_type *type, unsigned flags,
                      void *data, struct error *error)
{
    if (chain->n_parts == MAX_PARTS) {
        free(data);
        return error_set(error, STATUS_UNSUPPORTED,
                         "tokenizer.json: more than %d normalizers or pre-tokenizers", MAX_PARTS);
    }
    chain->parts[chain->n_parts++] = (struct part){type, flags, data};
    return STATUS_OK;
}

enum status chain_grow(struct chain *chain, size_t times, struct error *error)
{
    size_t growth = chain->growth > 0 ? chain->growth : 1;

    if (times > MAX_GROWTH / growth)
        return error_set(error, STATUS_UNSUPPORTED,
                         "tokenizer.json: normalizers or pre-tokenizers that may make more than %d "
                         "characters of one",
                         MAX_GROWTH);
    if (times > 1)
        chain->growth = growth * times;
    return STATUS_OK;
}

void stages_init(struct stage *stages, const struct chain *chain, struct stage *next)
{
    for (size_t i = 0; i < chain->n_parts; i++) {
        stages[i].type = chain->parts[i].type;
        stages[i].part = &chain->parts[i];
        stages[i].next = i + 1 < chain->n_parts ? &stages[i + 1] : next;
        stages[i].status = next->status;
        stages[i].user = NULL;
        memset(stages[i].state, 0, sizeof stages[i].state);
        chars_init(&stages[i].held);
    }
}

void stages_release(struct stage *stages, size_t n_stages)
{
    for (size_t i = 0; i < n_stages; i++)
        chars_release(&stages[i].held);
}

bool chain_run(const struct chain *chain, const char *text, size_t len_bytes, struct stage *last)
{
    struct stage stages[MAX_PARTS];
    struct stage *first = chain->n_parts > 0 ? stages : last;
    bool more = true;

    stages_init(stages, chain, last);
    for (size_t pos = 0; more && pos < len_bytes;) {
        struct normal_char normal = {.start = pos};

        pos += utf8_decode(text + pos, len_bytes - pos, &normal.c);
        normal.kind = unicode_kind(normal.c);
        normal.stop = pos;
        more = first->type->take(first, &normal);
    }
    more = more && first->type->end(first);
    stages_release(stages, chain->n_parts);
    return more;
}
