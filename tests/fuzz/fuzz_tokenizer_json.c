/* SPDX-License-Identifier: Apache-2.0 */

/* Damaged tokenizer files: the first byte says which, the rest is its content, beside good ones.
 * What loads must also encode. */
#include "engine/tokenizer/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { N_FILES = 6 };

/* A folder with tokenizer.json, and one with vocab.txt. */
static const struct file {
    const char *name;
    const char *with_json; /* what is in it if it is not the damaged one; NULL: it is not there */
    const char *with_vocab;
} files[N_FILES] = {
    {"tokenizer.json",
     "{\"added_tokens\":[{\"id\":3,\"content\":\"<a>\",\"lstrip\":true}],"
     "\"normalizer\":{\"type\":\"BertNormalizer\",\"clean_text\":true,"
     "\"handle_chinese_chars\":true,\"lowercase\":true},"
     "\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},"
     "\"post_processor\":{\"type\":\"BertProcessing\",\"cls\":[\"[CLS]\",1],"
     "\"sep\":[\"[CLS]\",1]},\"model\":{\"unk_token\":\"[UNK]\","
     "\"continuing_subword_prefix\":\"##\",\"max_input_chars_per_word\":9,"
     "\"vocab\":{\"[UNK]\":0,\"[CLS]\":1,\"the\":2}}}",
     NULL},
    {"vocab.txt", NULL, "[UNK]\n[CLS]\n[SEP]\nthe\n##e\n[MASK]\n"},
    {"tokenizer_config.json", "{\"tokenizer_class\":\"PreTrainedTokenizerFast\"}",
     "{\"strip_accents\":false,\"extra_special_tokens\":[\"[Q]\"]}"},
    {"special_tokens_map.json", NULL, "{\"mask_token\":{\"content\":\"[MASK]\"}}"},
    {"added_tokens.json", NULL, "{\"<new>\":6}"},
    {"config.json", "{}", "{\"tokenizer_class\":\"BertTokenizer\"}"},
};

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

static void write_file(const char *name, const void *bytes, size_t n_bytes)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "wb");
    check(file != NULL);
    check(fwrite(bytes, 1, n_bytes, file) == n_bytes);
    check(fclose(file) == 0);
}

static void encode(const struct tokenizer *tokenizer)
{
    static const char text[] =
        "The caf\xc3\xa9 [MASK] <left> new york \xe5\x8c\x97 xyz [CLS]  abab\n'S 123 "
        "e\xcc\x81 A\xc2\xa0\xe2\x80\x8b\xe2\x96\x81 <s>tab tab <m>";
    const struct tokenize_options options = {.add_special = true, .want_spans = true};
    struct tokenize_result result;
    struct tokens tokens = {0};
    char *decoded = NULL;
    size_t len_bytes;

    check(tokenizer_encode(tokenizer, text, sizeof text - 1, &options, &tokens, &result) ==
          STATUS_OK);
    for (size_t i = 0; i < tokens.n_tokens; i++) {
        size_t ignored;

        check(tokenizer_token_text(tokenizer, tokens.ids[i], &ignored) != NULL);
    }
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
    const struct file *damaged;
    bool has_json;

    if (folder[0] == '\0') {
        snprintf(folder, sizeof folder, "/tmp/nestd-fuzz-XXXXXX");
        check(mkdtemp(folder) != NULL);
        atexit(remove_folder);
    }
    if (n_bytes == 0)
        return 0;
    damaged = &files[data[0] % N_FILES];
    has_json = data[0] & 128;
    for (size_t i = 0; i < N_FILES; i++) {
        const char *text = has_json ? files[i].with_json : files[i].with_vocab;

        if (text && &files[i] != damaged)
            write_file(files[i].name, text, strlen(text));
    }
    write_file(damaged->name, data + 1, n_bytes - 1);
    if (tokenizer_load(&tokenizer, folder, false, &error))
        check(error.text[0] != '\0' && !tokenizer);
    else
        encode(tokenizer);
    tokenizer_free(tokenizer);
    for (size_t i = 0; i < N_FILES; i++) {
        char path[128];

        snprintf(path, sizeof path, "%s/%s", folder, files[i].name);
        unlink(path);
    }
    return 0;
}
