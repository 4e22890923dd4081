/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/model/family.h"

#include "engine/model/families/families.h"

#include <stdio.h>
#include <string.h>

/* Of two with the same "model_type" the one with a selector is first; those of a folder's own code
 * are before all others. */
static const struct family *const families[] = {
    &family_xlm_roberta_flash,
    &family_albert,
    &family_jina_v2,
    &family_bert,
    &family_deberta_v2,
    &family_distilbert,
    &family_electra,
    &family_eurobert,
    &family_gemma3,
    &family_gte,
    &family_jina_v3,
    &family_llama,
    &family_mistral,
    &family_modernbert,
    &family_mpnet,
    &family_nomic_experts,
    &family_nomic_bert,
    &family_qwen2,
    &family_qwen3,
    &family_roberta,
    &family_t5_gated,
    &family_t5,
    &family_umt5,
};

enum { N_FAMILIES = sizeof families / sizeof *families };

/* The class of a folder's own code for its configuration: "Class" of "repository--file.Class". */
static const char *find_code(const struct document *config)
{
    const json_t *map = json_object_get(config->root, "auto_map");
    const char *name = json_string_value(json_object_get(map, "AutoConfig"));
    const char *dot = name ? strrchr(name, '.') : NULL;

    return dot ? dot + 1 : "";
}

/* model_type: NULL where config.json names none. */
static bool has_name(const struct family *family, const struct document *config,
                     const char *model_type)
{
    size_t n_types = sizeof family->model_types / sizeof *family->model_types;

    if (family->code)
        return strcmp(find_code(config), family->code) == 0;
    for (size_t i = 0; i < n_types && family->model_types[i] && model_type; i++)
        if (strcmp(model_type, family->model_types[i]) == 0)
            return true;
    return false;
}

static bool is_of(const struct family *family, const struct document *config,
                  const char *model_type)
{
    const struct family_demand *selector = &family->selector;
    const char *word = NULL;

    if (selector->key)
        word = json_string_value(json_object_get(config->root, selector->key));
    return has_name(family, config, model_type) &&
           (!selector->key || (word && strcmp(word, selector->word) == 0));
}

const char *family_name(const struct family *family)
{
    return family->code ? family->code : family->model_types[0];
}

/* "bert, distilbert": each once. */
static void list_types(char *text, size_t text_bytes)
{
    size_t len = 0;

    for (size_t i = 0; i < N_FAMILIES; i++)
        for (size_t j = 0; j < 4 && families[i]->model_types[j]; j++)
            if (!families[i]->selector.key && len < text_bytes)
                len += (size_t)snprintf(text + len, text_bytes - len, "%s%s", len > 0 ? ", " : "",
                                        families[i]->model_types[j]);
}

enum status family_find(const struct document *config, const struct family **ret_family,
                        struct error *error)
{
    const char *model_type = NULL;
    char known[400] = "";
    enum status status = document_get_string(config, "model_type", &model_type, error);

    if (status)
        return status;
    for (size_t i = 0; i < N_FAMILIES; i++) {
        if (is_of(families[i], config, model_type)) {
            *ret_family = families[i];
            return STATUS_OK;
        }
    }
    list_types(known, sizeof known);
    if (!model_type)
        return error_set(error, STATUS_UNSUPPORTED, "%s: \"model_type\" is absent (supported: %s)",
                         config->name, known);
    return error_set(error, STATUS_UNSUPPORTED,
                     "%s: unsupported \"model_type\" \"%.60s\" (supported: %s)", config->name,
                     model_type, known);
}
