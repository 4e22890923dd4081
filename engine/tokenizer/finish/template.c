/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/finish/finish.h"

#include <stdbool.h>
#include <string.h>

/* Appends what the template's special token `name` stands for. */
static enum status add_special(const struct finish_target *target, struct special_tokens *special,
                               const struct document *part, const json_t *name, struct error *error)
{
    const json_t *all = json_object_get(part->root, "special_tokens");
    const json_t *token = NULL;
    const json_t *ids;
    const json_t *texts;
    enum status status = STATUS_OK;

    if (json_is_string(name))
        token = json_object_get(all, json_string_value(name));
    ids = json_object_get(token, "ids");
    texts = json_object_get(token, "tokens");
    if (json_array_size(ids) == 0 || json_array_size(ids) != json_array_size(texts))
        return error_set(error, STATUS_INVALID,
                         "%s: \"special_tokens\" does not say what \"%.60s\" in \"single\" is",
                         part->name, json_is_string(name) ? json_string_value(name) : "");
    for (size_t i = 0; i < json_array_size(ids) && !status; i++)
        status = special_tokens_add(special, target->vocab, json_array_get(texts, i),
                                    json_array_get(ids, i), part->name, error);
    return status;
}

enum status finish_template_read(void *into, const struct document *part, struct error *error)
{
    const struct finish_target *target = into;
    const json_t *single = json_object_get(part->root, "single");
    struct special_tokens *special = &target->finish->first;
    struct special_tokens *last = &target->finish->last;
    json_t *piece;
    size_t i;

    json_array_foreach(single, i, piece)
    {
        const json_t *sequence = json_object_get(piece, "Sequence");
        const json_t *token = json_object_get(piece, "SpecialToken");
        const json_t *body = sequence ? sequence : token;
        const char *id = json_string_value(json_object_get(body, "id"));
        enum status status;
        size_t type_id;

        if (!document_read_size(json_object_get(body, "type_id"), 0, 0, &type_id) ||
            (sequence && (!id || strcmp(id, "A") != 0 || special == last)))
            return error_set(error, STATUS_UNSUPPORTED,
                             "%s: only special tokens around one \"A\", all of type 0, are "
                             "supported in \"single\"",
                             part->name);
        if (sequence) {
            special = last;
            continue;
        }
        status = add_special(target, special, part, json_object_get(token, "id"), error);
        if (status)
            return status;
    }
    if (special != last)
        return error_set(error, STATUS_INVALID, "%s: \"single\" has no \"Sequence\"", part->name);
    return STATUS_OK;
}
