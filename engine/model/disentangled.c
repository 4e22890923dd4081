/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/model/disentangled.h"

#include <math.h>
#include <string.h>

/* Only what the published models are: a table of distances that is normalised, and projected by
 * the tokens' own weights. The keys' absence means something else. */
static enum status check(const struct document *config, struct error *error)
{
    bool is_relative = false, shares = false;
    const char *norm = "none";
    enum status status = document_get_bool(config, "relative_attention", &is_relative, error);

    if (!status)
        status = document_get_bool(config, "share_att_key", &shares, error);
    if (!status)
        status = document_get_string(config, "norm_rel_ebd", &norm, error);
    if (status)
        return status;
    if (!is_relative || !shares)
        return error_set(error, STATUS_UNSUPPORTED,
                         "%s: \"%s\" is false or absent; supported: true", config->name,
                         is_relative ? "share_att_key" : "relative_attention");
    if (strcmp(norm, "layer_norm") != 0)
        return error_set(error, STATUS_UNSUPPORTED,
                         "%s: \"norm_rel_ebd\" is \"%.60s\"; supported: \"layer_norm\"",
                         config->name, norm);
    return STATUS_OK;
}

static bool add_term(struct arch *arch, const char *term, size_t len)
{
    if (len == 3 && strncmp(term, "c2p", len) == 0)
        arch->content_to_position = true;
    else if (len == 3 && strncmp(term, "p2c", len) == 0)
        arch->position_to_content = true;
    else
        return false;
    return true;
}

/* ["p2c", "c2p"], or "p2c|c2p" in older files. */
static enum status read_terms(const struct document *config, struct arch *arch, struct error *error)
{
    const json_t *value = json_object_get(config->root, "pos_att_type");
    const char *text = json_string_value(value);
    bool is_known = json_is_array(value) || text;
    char shown[DOCUMENT_SHOWN_BYTES];

    for (size_t i = 0; i < json_array_size(value) && is_known; i++) {
        const char *term = json_string_value(json_array_get(value, i));

        is_known = term && add_term(arch, term, strlen(term));
    }
    while (text && is_known) {
        size_t len = strcspn(text, "|");

        is_known = add_term(arch, text, len);
        text = text[len] ? text + len + 1 : NULL;
    }
    if (is_known && (arch->content_to_position || arch->position_to_content))
        return STATUS_OK;
    return error_set(error, STATUS_UNSUPPORTED,
                     "%s: \"pos_att_type\" is %s; supported: \"c2p\", \"p2c\" and both",
                     config->name, value ? document_show(value, shown) : "absent");
}

/* A whole number; 0 where the file says that there is none, by -1. */
static enum status read_count(const struct document *config, const char *key, size_t max,
                              size_t *ret_count, struct error *error)
{
    double number = -1;
    enum status status = document_get_real(config, key, -1, (double)max, &number, error);

    if (!status && number != floor(number))
        return error_set(error, STATUS_INVALID, "%s: \"%s\" must be a whole number", config->name,
                         key);
    if (!status)
        *ret_count = number > 0 ? (size_t)number : 0;
    return status;
}

static enum status read_distances(const struct document *config, struct arch *arch,
                                  struct error *error)
{
    enum status status =
        read_count(config, "max_relative_positions", 1 << 20, &arch->max_bucket_distance, error);

    if (!status)
        status = read_count(config, "position_buckets", 1 << 16, &arch->n_buckets, error);
    if (status)
        return status;
    if (arch->max_bucket_distance == 0)
        arch->max_bucket_distance = arch->n_position_rows; /* "max_position_embeddings" */
    if (arch->n_buckets == 1 ||
        (arch->n_buckets > 0 && arch->max_bucket_distance <= arch->n_buckets / 2 + 1))
        return error_set(error, STATUS_INVALID,
                         "%s: \"position_buckets\" %zu does not go with distances to %zu",
                         config->name, arch->n_buckets, arch->max_bucket_distance);
    arch->n_distance_rows = 2 * (arch->n_buckets ? arch->n_buckets : arch->max_bucket_distance);
    return STATUS_OK;
}

enum status disentangled_read(const struct document *config, struct arch *arch, struct error *error)
{
    enum status status = check(config, error);
    unsigned n_terms;

    if (!status)
        status = read_terms(config, arch, error);
    if (!status)
        status = read_distances(config, arch, error);
    n_terms = 1u + arch->content_to_position + arch->position_to_content;
    arch->attention_scale = 1 / sqrtf((float)(arch->head_size * n_terms));
    return status;
}
