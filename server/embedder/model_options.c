/* SPDX-License-Identifier: Apache-2.0 */
#include "server/embedder/model_options.h"

#include "config/options.h"

struct engine_options model_options_make(const struct options *options)
{
    unsigned cpu_mask = CPU_MASK_ALL;

    (void)engine_find_cpu_mask(options->cpu_mask, &cpu_mask); /* model_options_check() did */
    return (struct engine_options){
        .model_dir = options->model_id,
        .pooling = options->pooling,
        .n_workers = (size_t)options->threads,
        .max_pass_tokens = (size_t)options->max_batch_tokens,
        .max_queued_tokens = (size_t)options->max_queue_tokens,
        .cache_bytes = (size_t)options->cache_size,
        .dtype = options->dtype,
        .cpu_mask = cpu_mask,
        .tune = options->tune,
    };
}

enum status model_options_check(const struct options *options, bool with_folder,
                                struct error *error)
{
    struct engine_options engine_options = model_options_make(options);
    struct error found = {0};
    unsigned cpu_mask;
    enum status status;

    if (!engine_find_cpu_mask(options->cpu_mask, &cpu_mask))
        return error_set(error, STATUS_UNSUPPORTED,
                         "--cpu-mask=%s: that is an instruction set of another architecture",
                         options->cpu_mask);
    if (!with_folder)
        engine_options.model_dir = NULL;
    status = engine_check(&engine_options, &found);
    if (status == STATUS_UNSUPPORTED)
        return error_set(error, status, "--dtype=%s: %s", options->dtype, found.text);
    if (status)
        return error_set(error, status, "--model-id=%s", found.text);
    return STATUS_OK;
}
