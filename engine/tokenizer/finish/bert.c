/* SPDX-License-Identifier: Apache-2.0 */

/* {"type": "BertProcessing", "cls": ["[CLS]", 101], "sep": ["[SEP]", 102]} */
#include "engine/tokenizer/finish/finish.h"

enum status finish_bert_read(void *into, const struct document *part, struct error *error)
{
    const struct finish_target *target = into;
    const json_t *cls = json_object_get(part->root, "cls");
    const json_t *sep = json_object_get(part->root, "sep");
    enum status status;

    status = special_tokens_add(&target->finish->first, target->vocab, json_array_get(cls, 0),
                                json_array_get(cls, 1), part->name, error);
    if (!status)
        status = special_tokens_add(&target->finish->last, target->vocab, json_array_get(sep, 0),
                                    json_array_get(sep, 1), part->name, error);
    return status;
}
