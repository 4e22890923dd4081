/* SPDX-License-Identifier: Apache-2.0 */

/* Any text through tokenizers of every kind: the tokens keep what the header promises. */
#include "engine/tokenizer/tokenizer.h"
#include "engine/tokenizer/unicode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the tokenizers differ in: BertNormalizer's flags, and the flags of the added token "<a b>".
 */
static const struct variant {
    const char *normalizer;
    const char *added;
    bool lowercase; /* of sentence-transformers */
} variants[] = {
    {"\"clean_text\":true,\"handle_chinese_chars\":true,\"lowercase\":true", "\"lstrip\":true",
     false},
    {"\"clean_text\":true,\"handle_chinese_chars\":true,\"lowercase\":false", "\"rstrip\":true",
     false},
    {"\"clean_text\":false,\"handle_chinese_chars\":false,\"lowercase\":true,"
     "\"strip_accents\":false",
     "\"lstrip\":true,\"rstrip\":true", false},
    {"\"clean_text\":true,\"handle_chinese_chars\":true,\"lowercase\":true", "\"normalized\":true",
     false},
    {"\"clean_text\":false,\"handle_chinese_chars\":true,\"lowercase\":false,"
     "\"strip_accents\":true",
     "\"special\":true", true},
};
enum {
    N_VARIANTS = sizeof variants / sizeof *variants,
    OPTION_BYTES = 2,
    MAX_TEXT_BYTES = 1 << 16
};

static const char parts[] =
    "{\"added_tokens\":[{\"id\":2,\"content\":\"[MASK]\"},{\"id\":12,\"content\":\"<a b>\",%s}],"
    "\"normalizer\":{\"type\":\"BertNormalizer\",%s},"
    "\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},"
    "\"post_processor\":{\"type\":\"BertProcessing\",\"cls\":[\"[CLS]\",1],\"sep\":[\"[SEP]\",3]},"
    "\"decoder\":{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":true},"
    "\"model\":{\"type\":\"WordPiece\",\"unk_token\":\"[UNK]\",\"continuing_subword_prefix\":\"##"
    "\","
    "\"max_input_chars_per_word\":20,\"vocab\":{\"[UNK]\":0,\"[CLS]\":1,\"[MASK]\":2,\"[SEP]\":3,"
    "\"a\":4,\"##a\":5,\"ab\":6,\"##b\":7,\"e\":8,\"##e\":9,\"\\u00e9\":10,\".\":11}}}";

static struct tokenizer *tokenizers[N_VARIANTS];

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");

    check(file != NULL);
    check(fputs(text, file) >= 0);
    check(fclose(file) == 0);
}

static struct tokenizer *load(const struct variant *variant)
{
    struct tokenizer *tokenizer = NULL;
    char folder[] = "/tmp/nestd-fuzz-XXXXXX";
    struct error error = {{0}};
    char json[2048];
    char path[64];
    char config[64];

    check(mkdtemp(folder) != NULL);
    snprintf(json, sizeof json, parts, variant->added, variant->normalizer);
    snprintf(path, sizeof path, "%s/tokenizer.json", folder);
    snprintf(config, sizeof config, "%s/tokenizer_config.json", folder);
    write_file(path, json);
    write_file(config, "{\"tokenizer_class\":\"PreTrainedTokenizerFast\"}");
    if (tokenizer_load(&tokenizer, folder, variant->lowercase, &error)) {
        fprintf(stderr, "%s\n", error.text);
        abort();
    }
    unlink(path);
    unlink(config);
    rmdir(folder);
    return tokenizer;
}

/* Bytes that are no UTF-8 become code points of the same number. Returns the text's length. */
static size_t make_text(const uint8_t *data, size_t n_bytes, char *text)
{
    size_t len_bytes = 0;

    if (utf8_is_valid((const char *)data, n_bytes)) {
        memcpy(text, data, n_bytes);
        return n_bytes;
    }
    for (size_t i = 0; i < n_bytes; i++)
        len_bytes += utf8_encode(data[i], text + len_bytes);
    return len_bytes;
}

static void check_tokens(const struct tokenizer *tokenizer, const struct tokens *tokens,
                         size_t len_bytes, const struct tokenize_options *options,
                         const struct tokenize_result *result)
{
    size_t last_start = 0;

    check(tokens->n_tokens == result->n_tokens && result->n_tokens <= result->n_tokens_whole);
    check(result->truncated == (result->n_tokens < result->n_tokens_whole));
    check(options->max_tokens == 0 || tokens->n_tokens <= options->max_tokens);
    for (size_t i = 0; i < tokens->n_tokens; i++) {
        size_t ignored;

        check(tokenizer_token_text(tokenizer, tokens->ids[i], &ignored) != NULL);
        if (!options->want_spans || tokens->spans[i].start == SIZE_MAX)
            continue;
        check(tokens->spans[i].start >= last_start);
        check(tokens->spans[i].start < tokens->spans[i].stop);
        check(tokens->spans[i].stop <= len_bytes);
        last_start = tokens->spans[i].start;
    }
}

/* The way back gives valid UTF-8, and never more than tokens and spaces. */
static void check_decoded(const struct tokenizer *tokenizer, const struct tokens *tokens)
{
    size_t max_bytes = 0;
    size_t len_bytes;
    char *text;

    for (size_t i = 0; i < tokens->n_tokens; i++) {
        size_t token_bytes = 0;

        tokenizer_token_text(tokenizer, tokens->ids[i], &token_bytes);
        max_bytes += token_bytes + 1;
    }
    check(!tokenizer_decode(tokenizer, tokens->ids, tokens->n_tokens, false, &text, &len_bytes));
    check(len_bytes <= max_bytes && utf8_is_valid(text, len_bytes));
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct tokens tokens = {0};
    struct tokenize_options options;
    struct tokenize_result result;
    enum status status;
    size_t len_bytes;
    size_t i;
    char *wide;
    char *text;

    if (n_bytes < OPTION_BYTES || n_bytes > MAX_TEXT_BYTES)
        return 0;
    i = data[0] % N_VARIANTS;
    if (!tokenizers[i])
        tokenizers[i] = load(&variants[i]);
    options = (struct tokenize_options){
        .truncate = data[1] % 3,
        .max_tokens = data[1] >> 4,
        .add_special = data[1] & 4,
        .want_spans = data[1] & 8,
    };
    wide = malloc((n_bytes - OPTION_BYTES) * 2 + 1);
    check(wide != NULL);
    len_bytes = make_text(data + OPTION_BYTES, n_bytes - OPTION_BYTES, wide);
    /* Exactly as long as the text, for the sanitizer to see what is read behind it. */
    text = malloc(len_bytes > 0 ? len_bytes : 1);
    check(text != NULL);
    memcpy(text, wide, len_bytes);
    free(wide);
    status = tokenizer_encode(tokenizers[i], text, len_bytes, &options, &tokens, &result);
    if (status)
        check(status == STATUS_TOO_LONG && tokens.n_tokens == 0 &&
              result.n_tokens_whole > options.max_tokens);
    else
        check_tokens(tokenizers[i], &tokens, len_bytes, &options, &result);
    check_decoded(tokenizers[i], &tokens);
    free(text);
    tokens_release(&tokens);
    return 0;
}
