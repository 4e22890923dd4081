/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/model/arch.h"

#include "engine/model/family.h"

#include <string.h>

/* The largest BERT known has hidden size 2560 (Megatron, 3.9 billion parameters). */
static const struct {
    size_t offset;
    size_t max;
} fields[N_ARCH_SIZES] = {
    [ARCH_HIDDEN] = {offsetof(struct arch, hidden_size), 1 << 16},
    [ARCH_LAYERS] = {offsetof(struct arch, n_layers), 1 << 10},
    [ARCH_HEADS] = {offsetof(struct arch, n_attention_heads), 1 << 16},
    [ARCH_INTERMEDIATE] = {offsetof(struct arch, intermediate_size), 1 << 18},
    [ARCH_VOCABULARY] = {offsetof(struct arch, vocab_size), 1 << 24},
    [ARCH_POSITIONS] = {offsetof(struct arch, n_positions), 1 << 20},
    [ARCH_TYPES] = {offsetof(struct arch, n_types), 1 << 16},
};

static const struct {
    const char *name;
    enum activation activation;
} activations[] = {
    {"gelu", ACTIVATION_GELU},
    {"gelu_new", ACTIVATION_GELU_TANH},
    {"gelu_pytorch_tanh", ACTIVATION_GELU_TANH},
    {"relu", ACTIVATION_RELU},
};

/* Settings that would change the numbers of any family. Absent, false and empty ask for nothing. */
static const char *const refused[] = {
    "is_decoder",   "add_cross_attention", "is_causal",
    "pruned_heads", "quantization_config", "auto_map", /* code of its own, in place of ours */
};

size_t arch_size(const struct arch *arch, enum arch_size size)
{
    return *(const size_t *)((const char *)arch + fields[size].offset);
}

static enum status check_demands(const struct document *config, const struct family *family,
                                 struct error *error)
{
    for (const struct family_demand *demand = family->demands; demand->key; demand++) {
        enum status status = document_demand(config, demand->key, demand->word, error);

        if (status)
            return status;
    }
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        enum status status = document_refuse(config, refused[i], error);

        if (status)
            return status;
    }
    return STATUS_OK;
}

static enum status read_sizes(const struct document *config, const struct family *family,
                              struct arch *arch, struct error *error)
{
    const struct family_size *sizes = family->sizes;

    for (size_t i = 0; i < N_ARCH_SIZES; i++) {
        size_t *value = (size_t *)((char *)arch + fields[i].offset);
        enum status status = STATUS_OK;

        *value = sizes[i].preset;
        if (sizes[i].key)
            status = document_get_size(config, sizes[i].key, 1, fields[i].max, value, error);
        if (status)
            return status;
    }
    if (arch->hidden_size % arch->n_attention_heads != 0)
        return error_set(error, STATUS_INVALID, "%s: \"%s\" %zu is not a multiple of \"%s\" %zu",
                         config->name, sizes[ARCH_HIDDEN].key, arch->hidden_size,
                         sizes[ARCH_HEADS].key, arch->n_attention_heads);
    return STATUS_OK;
}

static enum status read_activation(const struct document *config, const char *key,
                                   enum activation *ret_activation, struct error *error)
{
    const char *name = activations[0].name;
    enum status status = document_get_string(config, key, &name, error);

    if (status)
        return status;
    for (size_t i = 0; i < sizeof activations / sizeof *activations; i++) {
        if (strcmp(name, activations[i].name) == 0) {
            *ret_activation = activations[i].activation;
            return STATUS_OK;
        }
    }
    return error_set(error, STATUS_UNSUPPORTED,
                     "%s: unsupported \"%s\" \"%.60s\" (supported: gelu, gelu_new, "
                     "gelu_pytorch_tanh, relu)",
                     config->name, key, name);
}

enum status arch_read(const struct document *config, const struct family *family,
                      struct arch *ret_arch, struct error *error)
{
    struct arch arch = {0};
    double eps = family->eps;
    enum status status = check_demands(config, family, error);

    if (!status)
        status = read_sizes(config, family, &arch, error);
    if (!status && family->eps_key)
        status = document_get_real(config, family->eps_key, 0, 1, &eps, error);
    if (!status)
        status = read_activation(config, family->activation_key, &arch.activation, error);
    if (status)
        return status;
    arch.layer_norm_eps = (float)eps;
    *ret_arch = arch;
    return STATUS_OK;
}
