/* SPDX-License-Identifier: Apache-2.0 */

#include "server/hub/choose.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_FOLDERS = 64 };

#define WEIGHTS_FILE "model.safetensors"
#define INDEX_FILE   "model.safetensors.index.json"

/* The folders of the model that hold its modules: "", "1_Pooling". Borrowed. */
struct folders {
    const char *paths[MAX_FOLDERS]; /* [n] */
    size_t n;
};

static bool begins_with(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);

    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* What says which model it is and how its texts become tokens, whatever the model's kind. */
static bool is_description(const char *name)
{
    static const char *const names[] = {
        HUB_MODULES_FILE,
        "config.json",
        "config_sentence_transformers.json",
        "adapter_config.json", /* refused by the engine, which must see it */
        "tokenizer.json",
        "tokenizer_config.json",
        "special_tokens_map.json",
        "added_tokens.json",
        "vocab.txt",
        "vocab.json",
        "merges.txt",
        "chat_template.jinja",
        "README.md",
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    if (begins_with(name, "sentence_") && ends_with(name, "_config.json"))
        return true;
    return ends_with(name, ".model"); /* SentencePiece's */
}

/* model-00001-of-00003.safetensors */
static bool is_shard(const char *name)
{
    return begins_with(name, "model-") && ends_with(name, ".safetensors");
}

/* The length of the path's folder; 0 for the model's own. */
static size_t folder_len(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? (size_t)(slash - path) : 0;
}

static bool is_in_folder(const char *path, const char *folder)
{
    size_t len = folder_len(path);

    return strlen(folder) == len && strncmp(path, folder, len) == 0;
}

static bool folder_has(const struct hub_listing *listing, const char *folder, const char *name)
{
    for (size_t i = 0; i < listing->n_files; i++) {
        const char *path = listing->files[i].path;
        size_t len = folder_len(path);

        if (is_in_folder(path, folder) && strcmp(path + len + (len > 0), name) == 0)
            return true;
    }
    return false;
}

/* Sets is_wanted in the folder's own files; those in folders of it are not its. */
static void choose_in_folder(struct hub_listing *listing, const char *folder)
{
    bool is_sharded =
        !folder_has(listing, folder, WEIGHTS_FILE) && folder_has(listing, folder, INDEX_FILE);

    for (size_t i = 0; i < listing->n_files; i++) {
        struct hub_file *file = &listing->files[i];
        size_t len = folder_len(file->path);
        const char *name = file->path + len + (len > 0);

        if (!is_in_folder(file->path, folder))
            continue;
        file->is_wanted = is_description(name) || strcmp(name, WEIGHTS_FILE) == 0 ||
                          (is_sharded && (strcmp(name, INDEX_FILE) == 0 || is_shard(name)));
    }
}

static enum status refuse_modules(struct error *error)
{
    return error_set(error, STATUS_INVALID,
                     HUB_MODULES_FILE ": expected an array of modules, each with a \"path\" within "
                                      "the model, at most %d of them",
                     MAX_FOLDERS - 1);
}

static enum status find_folders(const json_t *modules, struct folders *folders, struct error *error)
{
    if (!json_is_array(modules) || json_array_size(modules) >= MAX_FOLDERS)
        return refuse_modules(error);
    for (size_t i = 0; i < json_array_size(modules); i++) {
        const json_t *path = json_object_get(json_array_get(modules, i), "path");
        const char *text = json_string_value(path);

        if (!text || (text[0] != '\0' && !hub_path_is_valid(text)))
            return refuse_modules(error);
        folders->paths[folders->n++] = text;
    }
    return STATUS_OK;
}

/* The last thing: is there something that can be served at all? */
static enum status check_choice(const struct hub_listing *listing, struct error *error)
{
    bool has_config = false, has_weights = false, has_pickled = false, has_gguf = false;

    for (size_t i = 0; i < listing->n_files; i++) {
        const struct hub_file *file = &listing->files[i];

        has_config |= file->is_wanted && ends_with(file->path, "config.json");
        has_weights |= file->is_wanted && ends_with(file->path, ".safetensors");
        has_pickled |= ends_with(file->path, "pytorch_model.bin") ||
                       ends_with(file->path, "pytorch_model.bin.index.json");
        has_gguf |= ends_with(file->path, ".gguf");
    }
    if (!has_weights && has_gguf)
        return error_set(error, STATUS_UNSUPPORTED,
                         "it has its weights in GGUF, which nestd does not read; give the model "
                         "that it was made of, or download a file and give that, and nestd says "
                         "which command converts it");
    if (!has_config)
        return error_set(error, STATUS_UNSUPPORTED,
                         "it has no config.json: is it a sentence-transformers model?");
    if (!has_weights)
        return error_set(error, STATUS_UNSUPPORTED, "it has no weights in safetensors%s",
                         has_pickled ? ", only pytorch_model.bin, which nestd does not read; "
                                       "download it and give its folder, and nestd says which "
                                       "command converts it"
                                     : "");
    return STATUS_OK;
}

enum status hub_choose(struct hub_listing *listing, const char *modules, size_t len_bytes,
                       struct error *error)
{
    struct folders folders = {.n = 1, .paths = {""}};
    json_error_t reason;
    json_t *root = NULL;
    enum status status = STATUS_OK;

    for (size_t i = 0; i < listing->n_files; i++)
        listing->files[i].is_wanted = false;
    if (modules) {
        root = json_read(modules, len_bytes, 0, &reason);
        if (!root && reason.line == 0)
            return error_set(error, STATUS_NO_MEMORY, "not enough memory to read its modules");
        status = find_folders(root, &folders, error);
    }
    for (size_t i = 0; status == STATUS_OK && i < folders.n; i++)
        choose_in_folder(listing, folders.paths[i]);
    json_decref(root);
    return status ? status : check_choice(listing, error);
}
