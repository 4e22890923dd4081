/* SPDX-License-Identifier: Apache-2.0 */

/* A model folder whose configuration is hostile. The input is pieces that end with NUL; the first
 * byte of each says which file the rest replaces (see `files`). The weights are those of a BERT of
 * one layer, all zero, so that a harmless configuration loads. */
#include "engine/model/model.h"

#include <ftw.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    HIDDEN = 4,
    INTERMEDIATE = 8,
    VOCABULARY = 8,
    POSITIONS = 8,
    TYPES = 2,
    LABELS = 2, /* where config.json does not say */
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes);

static char folder[64];

static const struct {
    char letter;
    const char *name;
    const char *harmless;
} files[] = {
    {'c', "config.json",
     "{\"model_type\": \"bert\", \"hidden_size\": 4, \"num_hidden_layers\": 1, "
     "\"num_attention_heads\": 2, \"intermediate_size\": 8, \"vocab_size\": 8, "
     "\"max_position_embeddings\": 8, \"matryoshka_dimensions\": [2, 4]}"},
    {'m', "modules.json",
     "[{\"path\": \"\", \"type\": \"sentence_transformers.models.Transformer\"}, "
     "{\"path\": \"1\", \"type\": \"sentence_transformers.models.Pooling\"}, "
     "{\"path\": \"3\", \"type\": \"sentence_transformers.models.Dense\"}, "
     "{\"path\": \"4\", \"type\": \"sentence_transformers.models.LayerNorm\"}, "
     "{\"path\": \"2\", \"type\": \"sentence_transformers.models.Normalize\"}]"},
    {'p', "1/config.json", "{\"embedding_dimension\": 4, \"pooling_mode\": \"mean\"}"},
    {'n', "2/config.json", "{\"module_input_name\": \"sentence_embedding\"}"},
    {'d', "3/config.json",
     "{\"in_features\": 4, \"out_features\": 4, \"use_residual\": true, "
     "\"activation_function\": \"torch.nn.modules.linear.Identity\"}"},
    {'l', "4/config.json", "{\"dimension\": 4}"},
    {'t', "sentence_bert_config.json", "{\"max_seq_length\": 5}"},
    {'s', "config_sentence_transformers.json",
     "{\"prompts\": {\"q\": \"q: \"}, \"default_prompt_name\": \"q\"}"},
    {'k', "tokenizer_config.json", "{\"model_max_length\": 6}"},
};
enum { N_FILES = sizeof files / sizeof *files };

struct stored {
    const char *name;
    int rows;
    int columns; /* 0: a vector */
};

static const struct stored tensors[] = {
    {"embeddings.word_embeddings.weight", VOCABULARY, HIDDEN},
    {"embeddings.position_embeddings.weight", POSITIONS, HIDDEN},
    {"embeddings.token_type_embeddings.weight", TYPES, HIDDEN},
    {"embeddings.LayerNorm.weight", HIDDEN, 0},
    {"embeddings.LayerNorm.bias", HIDDEN, 0},
    {"encoder.layer.0.attention.self.query.weight", HIDDEN, HIDDEN},
    {"encoder.layer.0.attention.self.query.bias", HIDDEN, 0},
    {"encoder.layer.0.attention.self.key.weight", HIDDEN, HIDDEN},
    {"encoder.layer.0.attention.self.key.bias", HIDDEN, 0},
    {"encoder.layer.0.attention.self.value.weight", HIDDEN, HIDDEN},
    {"encoder.layer.0.attention.self.value.bias", HIDDEN, 0},
    {"encoder.layer.0.attention.output.dense.weight", HIDDEN, HIDDEN},
    {"encoder.layer.0.attention.output.dense.bias", HIDDEN, 0},
    {"encoder.layer.0.attention.output.LayerNorm.weight", HIDDEN, 0},
    {"encoder.layer.0.attention.output.LayerNorm.bias", HIDDEN, 0},
    {"encoder.layer.0.intermediate.dense.weight", INTERMEDIATE, HIDDEN},
    {"encoder.layer.0.intermediate.dense.bias", INTERMEDIATE, 0},
    {"encoder.layer.0.output.dense.weight", HIDDEN, INTERMEDIATE},
    {"encoder.layer.0.output.dense.bias", HIDDEN, 0},
    {"encoder.layer.0.output.LayerNorm.weight", HIDDEN, 0},
    {"encoder.layer.0.output.LayerNorm.bias", HIDDEN, 0},
    {"pooler.dense.weight", HIDDEN, HIDDEN},
    {"pooler.dense.bias", HIDDEN, 0},
    {"classifier.weight", LABELS, HIDDEN},
    {"classifier.bias", LABELS, 0},
    {"cls.predictions.transform.dense.weight", HIDDEN, HIDDEN},
    {"cls.predictions.transform.dense.bias", HIDDEN, 0},
    {"cls.predictions.transform.LayerNorm.weight", HIDDEN, 0},
    {"cls.predictions.transform.LayerNorm.bias", HIDDEN, 0},
    {"cls.predictions.decoder.weight", VOCABULARY, HIDDEN},
    {"cls.predictions.bias", VOCABULARY, 0},
};

static const struct stored dense_tensors[] = {
    {"linear.weight", HIDDEN, HIDDEN},
    {"linear.bias", HIDDEN, 0},
};

static const struct stored norm_tensors[] = {
    {"norm.weight", HIDDEN, 0},
    {"norm.bias", HIDDEN, 0},
};

static const struct stored table_tensors[] = {
    {"embedding.weight", VOCABULARY, HIDDEN},
    {"weights", VOCABULARY, 0},
};

static const char *path_of(const char *name)
{
    static char path[200];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const void *bytes, size_t len_bytes)
{
    FILE *file = fopen(path_of(name), "wb");

    if (!file || fwrite(bytes, 1, len_bytes, file) != len_bytes || fclose(file) != 0)
        abort();
}

static void write_weights(const char *name, const struct stored *stored, size_t n_stored)
{
    static char file[8192];
    char *header = file + 8;
    int len = sprintf(header, "{");
    int data_bytes = 0;

    for (size_t i = 0; i < n_stored; i++) {
        int columns = stored[i].columns;
        int end = data_bytes + 2 * stored[i].rows * (columns ? columns : 1);

        len += sprintf(header + len, "%s\"%s\":{\"dtype\":\"F16\",\"shape\":[%d", i ? "," : "",
                       stored[i].name, stored[i].rows);
        len += columns ? sprintf(header + len, ",%d", columns) : 0;
        len += sprintf(header + len, "],\"data_offsets\":[%d,%d]}", data_bytes, end);
        data_bytes = end;
    }
    len += sprintf(header + len, "}");
    file[0] = (char)(len & 0xff);
    file[1] = (char)(len >> 8);
    write_file(name, file, 8 + (size_t)len);
    if (truncate(path_of(name), 8 + len + data_bytes) != 0)
        abort();
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)about;
    (void)kind;
    (void)where;
    return remove(path);
}

static void remove_folder(void)
{
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static bool make_inner_folders(void)
{
    static const char *const names[] = {"1", "2", "3", "4", "5"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (mkdir(path_of(names[i]), 0700) != 0)
            return false;
    return true;
}

static void make_folder(void)
{
    struct model *model;
    const char *parent = getenv("TMPDIR");

    snprintf(folder, sizeof folder, "%.40s/nestd-fuzz-XXXXXX", parent ? parent : "/tmp");
    if (!mkdtemp(folder) || !make_inner_folders())
        abort();
    atexit(remove_folder);
    for (size_t i = 0; i < N_FILES; i++)
        write_file(files[i].name, files[i].harmless, strlen(files[i].harmless));
    write_weights("model.safetensors", tensors, sizeof tensors / sizeof *tensors);
    write_weights("3/model.safetensors", dense_tensors,
                  sizeof dense_tensors / sizeof *dense_tensors);
    write_weights("4/model.safetensors", norm_tensors, sizeof norm_tensors / sizeof *norm_tensors);
    write_weights("5/model.safetensors", table_tensors,
                  sizeof table_tensors / sizeof *table_tensors);
    if (model_load(&model, folder, NULL, NULL))
        abort();
    model_free(model);
}

/* Reads what lies last in the weights. */
static void read_last(const struct model *model)
{
    volatile float last;
    float row[HIDDEN];

    if (model->table.weights) {
        token_table_get(&model->table, (int32_t)model->table.n_ids - 1, row);
        return;
    }
    last = tensor_get(&model->word_embeddings,
                      model->arch.vocab_size * model->arch.embedding_size - 1);
    last = tensor_get(&model->layers[model->arch.n_layers - 1].output.weight,
                      model->arch.hidden_size * model->arch.intermediate_size - 1);
    if (model->sparse.pooling)
        last = tensor_get(&model->vocabulary_head.output.weight,
                          model->n_dims * model->arch.hidden_size - 1);
    (void)last;
}

static void try_model(void)
{
    struct error error = {{0}};
    struct model *model;

    if (model_load(&model, folder, NULL, &error)) {
        if (!error.text[0])
            abort();
        return;
    }
    if (model->n_dims == 0 || model->default_dims > model->n_dims || model->max_tokens == 0 ||
        model->max_tokens > model->arch.n_positions)
        abort();
    if (model->sparse.pooling && model->n_dims != model->arch.vocab_size)
        abort();
    if (model->labels.n > 0 && model->default_dims != model->labels.n)
        abort();
    read_last(model);
    model_free(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
    bool changed[N_FILES] = {false};
    size_t at = 0;

    if (!folder[0])
        make_folder();
    while (at < len_bytes) {
        const uint8_t *end = memchr(bytes + at, 0, len_bytes - at);
        size_t stop = end ? (size_t)(end - bytes) : len_bytes;

        for (size_t i = 0; i < N_FILES; i++) {
            if (stop > at && bytes[at] == files[i].letter) {
                write_file(files[i].name, bytes + at + 1, stop - at - 1);
                changed[i] = true;
            }
        }
        at = stop + 1;
    }
    try_model();
    for (size_t i = 0; i < N_FILES; i++) {
        if (changed[i])
            write_file(files[i].name, files[i].harmless, strlen(files[i].harmless));
    }
    return 0;
}
