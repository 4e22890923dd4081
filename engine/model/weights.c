/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/model/weights.h"

#include "engine/base/memory.h"
#include "engine/files/document.h"
#include "engine/files/file.h"
#include "engine/files/folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SINGLE_FILE "model.safetensors"
#define INDEX_FILE  "model.safetensors.index.json"

#define PICKLED_FILE  "pytorch_model.bin"
#define PICKLED_INDEX "pytorch_model.bin.index.json"

enum {
    MAX_SHARDS = 1000,
    MAX_NAME_BYTES = 200,
};

struct shard {
    char *name;
    struct safetensors *file;
};

struct weights {
    struct shard *shards; /* [n_shards] */
    size_t n_shards;
    struct document index; /* root NULL: one file, no index */
    const json_t *map;     /* tensor name -> shard name, in the index */
    const char *prefix;    /* of every tensor's name: "bert." or "" */
};

/* Opens a shard unless it is open already. */
static enum status add_shard(struct weights *weights, const char *folder, const char *name,
                             struct error *error)
{
    AUTO_FREE char *path = path_join(folder, name);
    struct shard *shards;
    struct shard shard;
    enum status status;

    for (size_t i = 0; i < weights->n_shards; i++) {
        if (strcmp(weights->shards[i].name, name) == 0)
            return STATUS_OK;
    }
    if (weights->n_shards == MAX_SHARDS)
        return error_set(error, STATUS_UNSUPPORTED, INDEX_FILE ": lists more than %d files",
                         MAX_SHARDS);
    if (!path)
        return STATUS_NO_MEMORY;
    shards = reallocarray(weights->shards, weights->n_shards + 1, sizeof *shards);
    if (!shards)
        return STATUS_NO_MEMORY;
    weights->shards = shards;
    shard.name = strdup(name);
    if (!shard.name)
        return STATUS_NO_MEMORY;
    status = safetensors_open(&shard.file, path, error);
    if (status) {
        free(shard.name);
        return status;
    }
    weights->shards[weights->n_shards++] = shard;
    return STATUS_OK;
}

static enum status open_sharded(struct weights *weights, const char *folder, struct error *error)
{
    struct document map;
    enum status status;
    json_t *value;
    const char *name;

    status = document_open(&weights->index, folder, INDEX_FILE, false, error);
    if (status)
        return status;
    status = document_get_object(&weights->index, "weight_map", &map, error);
    if (status)
        return status;
    if (!map.root)
        return error_set(error, STATUS_INVALID, INDEX_FILE ": has no \"weight_map\"");
    weights->map = map.root;
    json_object_foreach(map.root, name, value)
    {
        const char *file_name = json_string_value(value);

        if (!file_name || !file_name[0] || strchr(file_name, '/') || strstr(file_name, ".."))
            return error_set(error, STATUS_INVALID,
                             INDEX_FILE ": \"weight_map\": the file of \"%.100s\" must be a name "
                                        "without '/' or '..'",
                             name);
        status = add_shard(weights, folder, file_name, error);
        if (status)
            return status;
    }
    return STATUS_OK;
}

/* Every pickle in place, and below it: a module's weights are in a folder of their own. Shards stay
 * shards, so no more than one is in memory. PyTorch unpickles nothing but tensors there; a tensor
 * that shares its memory with another becomes one of its own. */
#define CONVERT                                                                                    \
    "python3 -c 'import sys,torch;from pathlib import Path;from safetensors.torch import "         \
    "save_file;f=Path(sys.argv[1]).rglob;n=lambda s:s.replace(\"pytorch_model\",\"model\")"        \
    ".replace(\".bin\",\".safetensors\");[save_file({k:v.clone().contiguous() for k,v in "         \
    "torch.load(p,\"cpu\",weights_only=True).items()},p.with_name(n(p.name))) for p in "           \
    "f(\"pytorch_model*.bin\")];[p.with_name(n(p.name)).write_text(n(p.read_text())) for p in "    \
    "f(\"" PICKLED_INDEX "\")]' "

static enum status refuse_pickled(const char *folder, const char *found, struct error *error)
{
    return error_set(error, STATUS_UNSUPPORTED,
                     "%.80s: has its weights only in %s, which is not read; convert it by: " CONVERT
                     "%s",
                     folder, found, folder);
}

static enum status refuse_missing(const char *folder, struct error *error)
{
    AUTO_FREE char *gguf = folder_find(folder, ".gguf");

    if (gguf)
        return folder_refuse_gguf(folder, gguf, error);
    return error_set(error, STATUS_IO, "%.300s: has neither " SINGLE_FILE " nor " INDEX_FILE,
                     folder);
}

static enum status open_files(struct weights *weights, const char *folder, struct error *error)
{
    AUTO_FREE char *single = path_join(folder, SINGLE_FILE);
    AUTO_FREE char *index = path_join(folder, INDEX_FILE);
    AUTO_FREE char *pickled = path_join(folder, PICKLED_FILE);
    AUTO_FREE char *pickled_index = path_join(folder, PICKLED_INDEX);

    if (!single || !index || !pickled || !pickled_index)
        return STATUS_NO_MEMORY;
    if (file_exists(single))
        return add_shard(weights, folder, SINGLE_FILE, error);
    if (file_exists(index))
        return open_sharded(weights, folder, error);
    if (file_exists(pickled))
        return refuse_pickled(folder, PICKLED_FILE, error);
    if (file_exists(pickled_index))
        return refuse_pickled(folder, PICKLED_INDEX, error);
    return refuse_missing(folder, error);
}

/* The file that holds a tensor, or NULL. */
static const struct safetensors *find_file(const struct weights *weights, const char *name)
{
    const char *shard_name;

    if (!weights->map) {
        const struct safetensors *file = weights->shards[0].file;

        return safetensors_has(file, name) ? file : NULL;
    }
    shard_name = json_string_value(json_object_get(weights->map, name));
    if (!shard_name)
        return NULL;
    for (size_t i = 0; i < weights->n_shards; i++) {
        if (strcmp(weights->shards[i].name, shard_name) == 0)
            return weights->shards[i].file;
    }
    return NULL;
}

/* "" where none stands before the tensor's name. */
static const char *find_prefix(const struct weights *weights, const char *const *prefixes,
                               const char *tensor)
{
    for (size_t i = 0; prefixes[i]; i++) {
        char name[MAX_NAME_BYTES];

        snprintf(name, sizeof name, "%s%s", prefixes[i], tensor);
        if (find_file(weights, name))
            return prefixes[i];
    }
    return "";
}

enum status weights_open(struct weights **ret_weights, const char *folder,
                         const char *const *prefixes, const char *tensor, struct error *error)
{
    struct weights *weights = calloc(1, sizeof *weights);
    enum status status;

    if (!weights)
        return STATUS_NO_MEMORY;
    status = open_files(weights, folder, error);
    if (status) {
        weights_close(weights);
        return status;
    }
    weights->prefix = find_prefix(weights, prefixes, tensor);
    *ret_weights = weights;
    return STATUS_OK;
}

void weights_close(struct weights *weights)
{
    if (!weights)
        return;
    for (size_t i = 0; i < weights->n_shards; i++) {
        safetensors_close(weights->shards[i].file);
        free(weights->shards[i].name);
    }
    free(weights->shards);
    document_release(&weights->index);
    free(weights);
}

/* "[384, 1536]" */
static void write_shape(const size_t *dims, size_t n_dims, char *text, size_t text_bytes)
{
    size_t len = (size_t)snprintf(text, text_bytes, "[");

    for (size_t i = 0; i < n_dims && len < text_bytes; i++)
        len += (size_t)snprintf(text + len, text_bytes - len, "%s%zu", i ? ", " : "", dims[i]);
    if (len < text_bytes)
        snprintf(text + len, text_bytes - len, "]");
}

/* TensorFlow's checkpoints called a layer norm's weight gamma and its bias beta; folders converted
 * long ago still do. */
static bool write_old_name(const char *name, char old_name[MAX_NAME_BYTES])
{
    static const struct {
        const char *now;
        const char *old;
    } endings[] = {
        {"LayerNorm.weight", "LayerNorm.gamma"},
        {"LayerNorm.bias", "LayerNorm.beta"},
    };

    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        const char *ending = strstr(name, endings[i].now);

        if (ending) {
            snprintf(old_name, MAX_NAME_BYTES, "%.*s%s", (int)(ending - name), name,
                     endings[i].old);
            return true;
        }
    }
    return false;
}

enum status weights_find_outer(const struct weights *weights, const char *full_name,
                               const size_t *dims, size_t n_dims, struct tensor *ret_tensor,
                               struct error *error)
{
    char old_name[MAX_NAME_BYTES];
    char expected[100];
    char found[100];
    const char *used_name = full_name;
    const struct safetensors *file;
    struct tensor tensor;
    enum status status;

    file = find_file(weights, full_name);
    if (!file && write_old_name(full_name, old_name)) {
        used_name = old_name;
        file = find_file(weights, old_name);
    }
    write_shape(dims, n_dims, expected, sizeof expected);
    if (!file)
        return error_set(error, STATUS_INVALID, "%s: has no tensor \"%s\" of shape %s",
                         weights->map ? INDEX_FILE : SINGLE_FILE, full_name, expected);
    status = safetensors_find(file, used_name, &tensor, error);
    if (status)
        return status;
    if (tensor.n_dims != n_dims || memcmp(tensor.dims, dims, n_dims * sizeof *dims) != 0) {
        write_shape(tensor.dims, tensor.n_dims, found, sizeof found);
        return error_set(error, STATUS_INVALID,
                         "%s: tensor \"%s\" has shape %s, config.json makes it %s",
                         weights->map ? INDEX_FILE : SINGLE_FILE, used_name, found, expected);
    }
    *ret_tensor = tensor;
    return STATUS_OK;
}

enum status weights_find(const struct weights *weights, const char *name, const size_t *dims,
                         size_t n_dims, struct tensor *ret_tensor, struct error *error)
{
    char full_name[MAX_NAME_BYTES];

    snprintf(full_name, sizeof full_name, "%s%s", weights->prefix, name);
    return weights_find_outer(weights, full_name, dims, n_dims, ret_tensor, error);
}

enum status weights_find_any(const struct weights *weights, const char *name, size_t n_dims,
                             struct tensor *ret_tensor, struct error *error)
{
    const struct safetensors *file = find_file(weights, name);
    struct tensor tensor = {0};
    enum status status = file ? safetensors_find_any(file, name, &tensor, error) : STATUS_OK;

    if (status)
        return status;
    if (file && tensor.n_dims != n_dims)
        return error_set(error, STATUS_INVALID, "%s: tensor \"%s\" has %zu dimensions, not %zu",
                         weights->map ? INDEX_FILE : SINGLE_FILE, name, tensor.n_dims, n_dims);
    *ret_tensor = tensor;
    return STATUS_OK;
}
