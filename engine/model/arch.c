/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/model/arch.h"

#include "engine/model/disentangled.h"
#include "engine/model/family.h"
#include "engine/model/positions.h"

#include <math.h>
#include <string.h>

/* The largest BERT known has hidden size 2560 (Megatron, 3.9 billion parameters). */
static const struct {
    size_t offset;
    size_t min;
    size_t max;
} fields[N_ARCH_SIZES] = {
    [ARCH_HIDDEN] = {offsetof(struct arch, hidden_size), 1, 1 << 16},
    [ARCH_LAYERS] = {offsetof(struct arch, n_layers), 1, ARCH_MAX_LAYERS},
    [ARCH_HEADS] = {offsetof(struct arch, n_attention_heads), 1, 1 << 16},
    [ARCH_KV_HEADS] = {offsetof(struct arch, n_kv_heads), 1, 1 << 16},
    [ARCH_HEAD] = {offsetof(struct arch, head_size), 1, 1 << 16},
    [ARCH_INTERMEDIATE] = {offsetof(struct arch, intermediate_size), 1, 1 << 18},
    [ARCH_VOCABULARY] = {offsetof(struct arch, vocab_size), 1, 1 << 24},
    [ARCH_EMBEDDING] = {offsetof(struct arch, embedding_size), 1, 1 << 16},
    [ARCH_POSITIONS] = {offsetof(struct arch, n_position_rows), 1, 1 << 20},
    [ARCH_TYPES] = {offsetof(struct arch, n_types), 0, 1 << 16},
    [ARCH_BUCKETS] = {offsetof(struct arch, n_buckets), 4, 1 << 16},
    [ARCH_BUCKET_DISTANCE] = {offsetof(struct arch, max_bucket_distance), 1, 1 << 20},
    [ARCH_EXPERTS] = {offsetof(struct arch, n_experts), 0, 1 << 10},
    [ARCH_CHOSEN_EXPERTS] = {offsetof(struct arch, n_chosen_experts), 1, 1 << 10},
    [ARCH_EXPERT_INTERVAL] = {offsetof(struct arch, expert_interval), 0, ARCH_MAX_LAYERS},
    [ARCH_CONVOLUTION] = {offsetof(struct arch, convolution_width), 0, ARCH_MAX_CONVOLUTION},
    [ARCH_GROUPS] = {offsetof(struct arch, n_groups), 1, ARCH_MAX_LAYERS},
    [ARCH_QUERY] = {offsetof(struct arch, query_size), 1, 1 << 16},
    [ARCH_KEY] = {offsetof(struct arch, key_size), 1, 1 << 16},
    [ARCH_EXPERT_ROWS] = {offsetof(struct arch, expert_rows), 0, 1 << 28},
    [ARCH_DISTANCES] = {offsetof(struct arch, n_distance_rows), 0, 1 << 21},
    [ARCH_LABELS] = {offsetof(struct arch, n_labels), 1, 1 << 14},
};

static const struct {
    const char *name;
    enum activation activation;
} activations[] = {
    {"gelu", ACTIVATION_GELU},
    {"gelu_new", ACTIVATION_GELU_TANH},
    {"gelu_pytorch_tanh", ACTIVATION_GELU_TANH},
    {"relu", ACTIVATION_RELU},
    {"silu", ACTIVATION_SILU},
    {"swish", ACTIVATION_SILU},
    {"swiglu", ACTIVATION_SILU},
};

/* Settings that would change the numbers of any family. Absent, false and empty ask for nothing. */
static const char *const refused[] = {"is_decoder", "add_cross_attention", "pruned_heads",
                                      "quantization_config"};

size_t arch_size(const struct arch *arch, enum arch_size size)
{
    return *(const size_t *)((const char *)arch + fields[size].offset);
}

bool arch_has_local_layers(const struct arch *arch)
{
    for (size_t i = 0; i < arch->n_layers; i++)
        if (arch->is_local[i])
            return true;
    return false;
}

bool arch_has_experts(const struct arch *arch, size_t layer)
{
    return arch->n_experts > 0 && arch->expert_interval > 0 && layer % arch->expert_interval == 1;
}

static enum status refuse(const struct document *config, const struct family *family,
                          struct error *error)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < sizeof refused / sizeof *refused && !status; i++)
        status = document_refuse(config, refused[i], error);
    for (size_t i = 0; family->refused && family->refused[i] && !status; i++)
        status = document_refuse(config, family->refused[i], error);
    for (size_t i = 0; family->refused_counts && family->refused_counts[i] && !status; i++)
        status = document_refuse_count(config, family->refused_counts[i], error);
    for (size_t i = 0; family->ones && family->ones[i] && !status; i++) {
        size_t one = 1;

        status = document_get_size(config, family->ones[i], 1, 1, &one, error);
    }
    /* Code of its own, in place of ours. */
    if (!status && !family->has_own_code)
        status = document_refuse(config, "auto_map", error);
    if (!status && !family->features.is_causal)
        status = document_refuse(config, "is_causal", error);
    return status;
}

static enum status check_demands(const struct document *config, const struct family *family,
                                 struct error *error)
{
    for (const struct family_demand *demand = family->demands; demand && demand->key; demand++) {
        enum status status = document_demand(config, demand->key, demand->word, error);

        if (status)
            return status;
    }
    return refuse(config, family, error);
}

/* What the table leaves to the other sizes. */
static void derive_sizes(struct arch *arch)
{
    if (arch->n_kv_heads == 0)
        arch->n_kv_heads = arch->n_attention_heads;
    if (arch->head_size == 0)
        arch->head_size = arch->hidden_size / arch->n_attention_heads;
    if (arch->embedding_size == 0)
        arch->embedding_size = arch->hidden_size;
    if (arch->n_groups == 0)
        arch->n_groups = arch->n_layers;
    arch->query_size = arch->n_attention_heads * arch->head_size;
    arch->key_size = arch->n_kv_heads * arch->head_size;
    arch->expert_rows = arch->n_experts * arch->intermediate_size;
}

static enum status check_sizes(const struct document *config, const struct family *family,
                               const struct arch *arch, struct error *error)
{
    const struct family_size *sizes = family->sizes;

    if (arch->query_size > fields[ARCH_QUERY].max)
        return error_set(error, STATUS_UNSUPPORTED, "%s: %zu heads of %zu are more than %zu",
                         config->name, arch->n_attention_heads, arch->head_size,
                         fields[ARCH_QUERY].max);
    if (arch->n_attention_heads % arch->n_kv_heads != 0)
        return error_set(error, STATUS_INVALID, "%s: \"%s\" %zu is not a multiple of \"%s\" %zu",
                         config->name, sizes[ARCH_HEADS].key, arch->n_attention_heads,
                         sizes[ARCH_KV_HEADS].key, arch->n_kv_heads);
    if (arch->n_layers % arch->n_groups != 0)
        return error_set(error, STATUS_UNSUPPORTED,
                         "%s: \"%s\" %zu is not a multiple of \"%s\" %zu", config->name,
                         sizes[ARCH_LAYERS].key, arch->n_layers, sizes[ARCH_GROUPS].key,
                         arch->n_groups);
    if (arch->n_experts > 0 && arch->n_chosen_experts > arch->n_experts)
        return error_set(error, STATUS_INVALID, "%s: \"%s\" %zu is more than \"%s\" %zu",
                         config->name, sizes[ARCH_CHOSEN_EXPERTS].key, arch->n_chosen_experts,
                         sizes[ARCH_EXPERTS].key, arch->n_experts);
    if (arch->score_bias == SCORE_BIAS_BUCKETS && arch->max_bucket_distance <= arch->n_buckets / 4)
        return error_set(error, STATUS_INVALID,
                         "%s: \"%s\" %zu is no more than a quarter of \"%s\" %zu", config->name,
                         sizes[ARCH_BUCKET_DISTANCE].key, arch->max_bucket_distance,
                         sizes[ARCH_BUCKETS].key, arch->n_buckets);
    return STATUS_OK;
}

static enum status read_sizes(const struct document *config, const struct family *family,
                              struct arch *arch, struct error *error)
{
    const struct family_size *sizes = family->sizes;

    for (size_t i = 0; i < N_ARCH_KEYS; i++) {
        size_t *value = (size_t *)((char *)arch + fields[i].offset);
        enum status status = STATUS_OK;

        *value = sizes[i].preset;
        if (sizes[i].old_key)
            status = document_get_size(config, sizes[i].old_key, fields[i].min, fields[i].max,
                                       value, error);
        if (!status && sizes[i].key)
            status =
                document_get_size(config, sizes[i].key, fields[i].min, fields[i].max, value, error);
        if (status)
            return status;
    }
    if (arch->head_size == 0 && arch->hidden_size % arch->n_attention_heads != 0)
        return error_set(error, STATUS_INVALID, "%s: \"%s\" %zu is not a multiple of \"%s\" %zu",
                         config->name, sizes[ARCH_HIDDEN].key, arch->hidden_size,
                         sizes[ARCH_HEADS].key, arch->n_attention_heads);
    derive_sizes(arch);
    return check_sizes(config, family, arch, error);
}

static enum status find_activation(const struct document *config, const char *key, const char *name,
                                   enum activation *ret_activation, struct error *error)
{
    for (size_t i = 0; i < sizeof activations / sizeof *activations; i++) {
        if (strcmp(name, activations[i].name) == 0) {
            *ret_activation = activations[i].activation;
            return STATUS_OK;
        }
    }
    return error_set(error, STATUS_UNSUPPORTED,
                     "%s: unsupported \"%s\" \"%.60s\" (supported: gelu, gelu_new, "
                     "gelu_pytorch_tanh, relu, silu)",
                     config->name, key, name);
}

static enum status read_activation(const struct document *config, const struct family *family,
                                   enum activation *ret_activation, struct error *error)
{
    const char *key = family->activation_key;
    const char *name = NULL;
    enum status status = STATUS_OK;

    if (family->old_activation_key)
        status = document_get_string(config, family->old_activation_key, &name, error);
    if (name)
        key = family->old_activation_key;
    if (!status && family->activation_key)
        status = document_get_string(config, family->activation_key, &name, error);
    if (status || !name)
        return status;
    return find_activation(config, key, name, ret_activation, error);
}

static enum status read_convolution(const struct document *config, const struct family *family,
                                    struct arch *arch, struct error *error)
{
    const char *name = "tanh"; /* what transformers takes then */
    size_t n_groups = 1;
    enum status status;

    if (arch->convolution_width == 0)
        return STATUS_OK;
    status = document_get_string(config, family->convolution_activation_key, &name, error);
    if (!status)
        status = document_get_size(config, "conv_groups", 1, 1, &n_groups, error);
    if (!status && arch->convolution_width % 2 == 0)
        return error_set(error, STATUS_INVALID, "%s: \"%s\" %zu is not odd", config->name,
                         family->sizes[ARCH_CONVOLUTION].key, arch->convolution_width);
    return status ? status
                  : find_activation(config, family->convolution_activation_key, name,
                                    &arch->convolution_activation, error);
}

static enum status read_eps(const struct document *config, const struct family *family,
                            float *ret_eps, struct error *error)
{
    double eps = family->eps;
    enum status status = STATUS_OK;

    if (family->old_eps_key)
        status = document_get_real(config, family->old_eps_key, 0, 1, &eps, error);
    if (!status && family->eps_key)
        status = document_get_real(config, family->eps_key, 0, 1, &eps, error);
    if (!status)
        *ret_eps = (float)eps;
    return status;
}

static enum status read_attention(const struct document *config, const struct family *family,
                                  struct arch *arch, struct error *error)
{
    double scaled_by = family->scale_key ? family->scaled_by : (double)arch->head_size;
    bool is_bidirectional = false;
    enum status status = STATUS_OK;

    if (family->scale_key)
        status = document_get_real(config, family->scale_key, 1e-6, 1e6, &scaled_by, error);
    if (arch->attention_scale == 0)
        arch->attention_scale = 1.0f / sqrtf((float)scaled_by);
    if (arch->is_causal && !status)
        status = document_get_bool(config, "is_causal", &arch->is_causal, error);
    if (family->bidirectional_key && !status)
        status = document_get_bool(config, family->bidirectional_key, &is_bidirectional, error);
    if (is_bidirectional)
        arch->is_causal = false;
    return status;
}

enum status arch_read(const struct document *config, const struct family *family,
                      struct arch *ret_arch, struct error *error)
{
    struct arch arch = family->features;
    enum status status = check_demands(config, family, error);

    if (!status)
        status = read_sizes(config, family, &arch, error);
    arch.embedding_scale = arch.scales_embeddings ? sqrtf((float)arch.hidden_size) : 1;
    if (!status)
        status = read_eps(config, family, &arch.norm_eps, error);
    if (!status)
        status = read_activation(config, family, &arch.activation, error);
    if (!status)
        status = read_convolution(config, family, &arch, error);
    if (!status && arch.is_disentangled)
        status = disentangled_read(config, &arch, error);
    if (!status)
        status = read_attention(config, family, &arch, error);
    if (!status)
        status = positions_read(config, family, &arch, error);
    if (!status)
        *ret_arch = arch;
    return status;
}
