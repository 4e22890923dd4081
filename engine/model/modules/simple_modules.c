/* SPDX-License-Identifier: Apache-2.0 */

/* The modules that have no weights of their own to be read here. */
#include "engine/model/modules/module.h"

#include <stdint.h>
#include <string.h>

/* --- Normalize -------------------------------------------------------------------------------- */

enum status module_read_normalize(const struct module_place *place, struct modules *modules,
                                  struct error *error)
{
    static const char *const known[] = {"module_input_name", "module_output_name"};
    struct document config;
    enum status status;

    modules->normalize = true;
    status = module_open_if_there(place, "config.json", &config, error);
    if (status || !config.root)
        return status;
    status = document_check_keys(&config, known, sizeof known / sizeof *known, error);
    for (size_t i = 0; !status && i < sizeof known / sizeof *known; i++)
        status = document_demand(&config, known[i], "sentence_embedding", error);
    document_release(&config);
    return status;
}

/* --- Dropout ---------------------------------------------------------------------------------- */

/* Sets numbers to zero while a model is trained; there is nothing to do with a trained one. */
enum status module_read_dropout(const struct module_place *place, struct modules *modules,
                                struct error *error)
{
    static const char *const known[] = {"dropout"};
    struct document config = {.root = NULL};
    enum status status = module_open_if_there(place, "config.json", &config, error);

    (void)modules;
    if (!status)
        status = document_check_keys(&config, known, sizeof known / sizeof *known, error);
    document_release(&config);
    return status;
}

/* --- LogitScore ------------------------------------------------------------------------------- */

enum { MAX_TOKEN_ID = 1 << 24 };

static enum status read_answers(const struct document *config, struct answers *ret_answers,
                                struct error *error)
{
    static const char *const known[] = {"true_token_id", "false_token_id", "module_input_name"};
    struct answers answers = {.are_asked = true, .yes_id = SIZE_MAX, .no_id = SIZE_MAX};
    enum status status = document_check_keys(config, known, sizeof known / sizeof *known, error);

    if (!status)
        status = document_get_size(config, known[0], 0, MAX_TOKEN_ID, &answers.yes_id, error);
    if (!status)
        status = document_get_size(config, known[1], 0, MAX_TOKEN_ID, &answers.no_id, error);
    if (!status)
        status = document_demand(config, known[2], "causal_logits", error);
    if (status)
        return status;
    if (answers.yes_id == SIZE_MAX)
        return error_set(error, STATUS_INVALID, "%s: has no \"%s\"", config->name, known[0]);
    answers.has_no = answers.no_id < SIZE_MAX;
    *ret_answers = answers;
    return STATUS_OK;
}

enum status module_read_logit_score(const struct module_place *place, struct modules *modules,
                                    struct error *error)
{
    struct document config;
    enum status status = module_open(place, "config.json", &config, error);

    if (status)
        return status;
    status = read_answers(&config, &modules->answers, error);
    document_release(&config);
    return status;
}

/* --- Transformer ------------------------------------------------------------------------------ */

/* The Transformer's own files are for later (input_limits.h); only where it lies is kept. */
enum status module_read_transformer(const struct module_place *place, struct modules *modules,
                                    struct error *error)
{
    (void)error;
    modules->transformer_path = strdup(place->path);
    return modules->transformer_path ? STATUS_OK : STATUS_NO_MEMORY;
}

/* An older name of a Transformer whose "transformer_task" is "fill-mask". */
enum status module_read_masked_model(const struct module_place *place, struct modules *modules,
                                     struct error *error)
{
    modules->is_masked_model = true;
    return module_read_transformer(place, modules, error);
}
