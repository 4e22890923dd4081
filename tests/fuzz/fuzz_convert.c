/* SPDX-License-Identifier: Apache-2.0 */

/* Damaged vocabularies of folders without tokenizer.json: the first byte says of which class and
 * which file, the rest is its content. What loads must also encode. */
#include "engine/tokenizer/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct kind {
    const char *class;
    const char *damaged;
    const char *other; /* a good file beside it; NULL: there is none */
    const char *content;
} kinds[] = {
    {"XLMRobertaTokenizer", "sentencepiece.bpe.model", NULL, NULL},
    {"CamembertTokenizer", "sentencepiece.bpe.model", NULL, NULL},
    {"AlbertTokenizer", "spiece.model", NULL, NULL},
    {"T5Tokenizer", "spiece.model", NULL, NULL},
    {"RobertaTokenizer", "merges.txt", "vocab.json",
     "{\"<s>\":0,\"</s>\":1,\"a\":2,\"b\":3,\"\\u0120\":4,\"ab\":5,\"\\u0120a\":6}"},
    {"Qwen2Tokenizer", "vocab.json", "merges.txt", "#version: 0.2\na b\n"},
    {"DebertaV2Tokenizer", "spm.model", NULL, NULL},
    {"LlamaTokenizer", "tokenizer.model", NULL, NULL},
};

enum { N_KINDS = sizeof kinds / sizeof *kinds };

static char folder[64];

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void remove_folder(void)
{
    rmdir(folder);
}

static const char *path_of(const char *name)
{
    static char path[128];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const void *bytes, size_t n_bytes)
{
    FILE *file = fopen(path_of(name), "wb");

    check(file != NULL);
    check(fwrite(bytes, 1, n_bytes, file) == n_bytes);
    check(fclose(file) == 0);
}

static void write_class(const char *class)
{
    char json[100];
    int len = snprintf(json, sizeof json, "{\"tokenizer_class\": \"%s\"}", class);

    write_file("tokenizer_config.json", json, (size_t)len);
}

static void encode(const struct tokenizer *tokenizer)
{
    static const char text[] = "The caf\xc3\xa9 <mask> \xe5\x8c\x97 ab  abab\n<extra_id_0> "
                               "e\xcc\x81 A\xc2\xa0\xe2\x96\x81 <s>a b";
    const struct tokenize_options options = {.add_special = true, .want_spans = true};
    struct tokenize_result result;
    struct tokens tokens = {0};
    char *decoded = NULL;
    size_t len_bytes;

    check(!tokenizer_encode(tokenizer, text, sizeof text - 1, &options, &tokens, &result));
    check(!tokenizer_decode(tokenizer, tokens.ids, tokens.n_tokens, false, &decoded, &len_bytes));
    free(decoded);
    check(!tokenizer_encode_pair(tokenizer, text, sizeof text - 1, text, 9, &options, &tokens,
                                 &result));
    tokens_release(&tokens);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct tokenizer *tokenizer = NULL;
    struct error error = {{0}};
    const struct kind *kind;

    if (folder[0] == '\0') {
        snprintf(folder, sizeof folder, "/tmp/nestd-fuzz-XXXXXX");
        check(mkdtemp(folder) != NULL);
        atexit(remove_folder);
    }
    if (n_bytes == 0)
        return 0;
    kind = &kinds[data[0] % N_KINDS];
    write_class(kind->class);
    write_file(kind->damaged, data + 1, n_bytes - 1);
    if (kind->other)
        write_file(kind->other, kind->content, strlen(kind->content));
    if (tokenizer_load(&tokenizer, folder, false, &error))
        check(error.text[0] != '\0' && !tokenizer);
    else
        encode(tokenizer);
    tokenizer_free(tokenizer);
    unlink(path_of("tokenizer_config.json"));
    unlink(path_of(kind->damaged));
    if (kind->other)
        unlink(path_of(kind->other));
    return 0;
}
