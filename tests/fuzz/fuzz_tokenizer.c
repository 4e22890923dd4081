/* SPDX-License-Identifier: Apache-2.0 */

/* Any text through tokenizers of every kind: the tokens keep what the header promises. */
#include "engine/tokenizer/tokenizer.h"
#include "engine/tokenizer/unicode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of "A" (b), U+00A0 (a space), U+200B (nothing) and e with U+0301 (one character), by
 * make_part_data.py. */
#define CHARACTER_MAP                                                                              \
    "AAQAAAAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"         \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"         \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACAACAgQUAAAAAAAAAAAAAAAAAAAAAAAAA"         \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"         \
    "AAAAAAAAAABBBQAAAAAAgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"         \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"         \
    "AAAAAAAAAAAAAAAAAACABAAAoAUAAAUAAIBlBAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"         \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"         \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"         \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"         \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAADMBAAAAAAAAAAAAAAA"         \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"         \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAMIEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"         \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"         \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA4ggAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAcAAICL"         \
    "BQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"         \
    "AAAAAAAAAAAAAAAAAAAAAAAAAABiAMOpACAAAA=="

/* BERT's tokenizers differ in BertNormalizer's flags, and in the flags of the added token "<a b>"; the
 * others are whole files. */
static const struct variant {
    const char *normalizer; /* NULL: a whole file */
    const char *added;      /* or the file */
    bool lowercase;         /* of sentence-transformers */
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
    {NULL,
     "{\"added_tokens\":[{\"id\":0,\"content\":\"<s>\"},{\"id\":1,\"content\":\"</s>\"},{"
     "\"id\":14,\"content\":\"<m>\",\"lstrip\":true},{\"id\":15,\"content\":\"ab \",\"norm"
     "alized\":true}],\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"P"
     "recompiled\",\"precompiled_charsmap\":\"" CHARACTER_MAP "\"},{\"type\":\"Replace\",\"pattern"
     "\":{\"Regex\":\" {2,}\"},\"content\":\" \"}]},\"pre_tokenizer\":{\"type\":\"Metaspac"
     "e\",\"replacement\":\"\\u2581\",\"prepend_scheme\":\"always\",\"split\":true},\"post"
     "_processor\":{\"type\":\"BertProcessing\",\"cls\":[\"<s>\",0],\"sep\":[\"</s>\",1]},"
     "\"decoder\":{\"type\":\"Metaspace\",\"replacement\":\"\\u2581\",\"prepend_scheme\":"
     "\"always\"},\"model\":{\"type\":\"Unigram\",\"unk_id\":2,\"byte_fallback\":true,\"vo"
     "cab\":[[\"<s>\",0],[\"</s>\",0],[\"<u>\",0],[\"\\u2581\",-2],[\"a\",-3],[\"b\",-3],["
     "\"ab\",-4],[\"\\u2581a\",-3],[\"ba\",-6],[\"\\u00e9\",-5],[\"<0xE2>\",-9],[\"<0x98>"
     "\",-9],[\"<0x83>\",-9],[\"e\",-4]]}}",
     false},
    {NULL,
     "{\"added_tokens\":[{\"id\":0,\"content\":\"<s>\"},{\"id\":1,\"content\":\"</s>\"},{"
     "\"id\":22,\"content\":\"<m>\",\"lstrip\":true,\"normalized\":true},{\"id\":23,\"cont"
     "ent\":\"  \",\"normalized\":true},{\"id\":24,\"content\":\"tab\",\"single_word\":tru"
     "e}],\"normalizer\":{\"type\":\"NFC\"},\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"ad"
     "d_prefix_space\":true,\"trim_offsets\":true,\"use_regex\":true},\"post_processor\":{"
     "\"type\":\"RobertaProcessing\",\"cls\":[\"<s>\",0],\"sep\":[\"</s>\",1],\"trim_offse"
     "ts\":true,\"add_prefix_space\":true},\"decoder\":{\"type\":\"ByteLevel\",\"add_prefi"
     "x_space\":true,\"trim_offsets\":true,\"use_regex\":true},\"model\":{\"type\":\"BPE\""
     ",\"vocab\":{\"<s>\":0,\"</s>\":1,\"a\":2,\"b\":3,\"e\":4,\"'\":5,\"l\":6,\"s\":7,\"t"
     "\":8,\"1\":9,\"\\u0120\":10,\".\":11,\"\\u00c3\":12,\"\\u00a9\":13,\"\\u010a\":14,\""
     "\\u00cc\":15,\"\\u0122\":16,\"ab\":17,\"\\u0120a\":18,\"abab\":19,\"'s\":20,\"\\u00c"
     "3\\u00a9\":21},\"merges\":[\"a b\",\"\\u0120 a\",\"ab ab\",\"' s\",\"\\u00c3 \\u00a9"
     "\"]}}",
     false},
    {NULL,
     "{\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFKD\"},{\"type"
     "\":\"StripAccents\"},{\"type\":\"Strip\",\"strip_left\":true,\"strip_right\":true}]}"
     ",\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\",\"p"
     "attern\":{\"Regex\":\"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?\\"
     "\\p{L}+|\\\\p{N}{1,3}| ?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r\\\\n]*|\\\\s*[\\\\r\\\\n]+|"
     "\\\\s+(?!\\\\S)|\\\\s+\"},\"behavior\":\"Isolated\",\"invert\":false},{\"type\":\"By"
     "teLevel\",\"add_prefix_space\":false,\"trim_offsets\":true,\"use_regex\":false}]},\""
     "decoder\":{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"trim_offsets\":true,\""
     "use_regex\":true},\"model\":{\"type\":\"BPE\",\"ignore_merges\":true,\"vocab\":{\"<s"
     ">\":0,\"</s>\":1,\"a\":2,\"b\":3,\"e\":4,\"'\":5,\"l\":6,\"s\":7,\"t\":8,\"1\":9,\""
     "\\u0120\":10,\".\":11,\"\\u00c3\":12,\"\\u00a9\":13,\"\\u010a\":14,\"\\u00cc\":15,\""
     "\\u0122\":16,\"ab\":17,\"\\u0120a\":18,\"abab\":19,\"'s\":20,\"\\u00c3\\u00a9\":21},"
     "\"merges\":[\"a b\",\"\\u0120 a\",\"ab ab\",\"' s\",\"\\u00c3 \\u00a9\"]}}",
     false},
    {NULL,
     "{\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Prepend\",\"prep"
     "end\":\"\\u2581\"},{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":"
     "\"\\u2581\"}]},\"decoder\":{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Replace"
     "\",\"pattern\":{\"String\":\"\\u2581\"},\"content\":\" \"},{\"type\":\"ByteFallback"
     "\"},{\"type\":\"Fuse\"},{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":0"
     "}]},\"model\":{\"type\":\"BPE\",\"unk_token\":\"<u>\",\"fuse_unk\":true,\"byte_fallb"
     "ack\":true,\"vocab\":{\"<s>\":0,\"</s>\":1,\"<u>\":2,\"\\u2581\":3,\"a\":4,\"b\":5,"
     "\"\\u2581\\u2581\":6,\"\\u2581a\":7,\"ab\":8,\"\\u2581ab\":9,\"<0x80>\":10,\"<0x81>"
     "\":11,\"<0x82>\":12,\"<0x83>\":13,\"<0x84>\":14,\"<0x85>\":15,\"<0x86>\":16,\"<0x87>"
     "\":17,\"<0x88>\":18,\"<0x89>\":19,\"<0x8A>\":20,\"<0x8B>\":21,\"<0x8C>\":22,\"<0x8D>"
     "\":23,\"<0x8E>\":24,\"<0x8F>\":25,\"<0xC3>\":26},\"merges\":[[\"\\u2581\",\"\\u2581"
     "\"],[\"\\u2581\",\"a\"],[\"a\",\"b\"],[\"\\u2581a\",\"b\"]]}}",
     false},
    {NULL,
     "{\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Nmt\"},{\"type\""
     ":\"NFKC\"},{\"type\":\"Lowercase\"}]},\"pre_tokenizer\":{\"type\":\"Sequence\",\"pre"
     "tokenizers\":[{\"type\":\"Whitespace\"},{\"type\":\"Digits\",\"individual_digits\":f"
     "alse},{\"type\":\"Punctuation\",\"behavior\":\"Contiguous\"},{\"type\":\"Split\",\"p"
     "attern\":{\"String\":\"e\"},\"behavior\":\"MergedWithNext\",\"invert\":false},{\"typ"
     "e\":\"CharDelimiterSplit\",\"delimiter\":\"l\"}]},\"model\":{\"type\":\"WordLevel\","
     "\"unk_token\":\"<u>\",\"vocab\":{\"<s>\":0,\"</s>\":1,\"<u>\":2,\"ab\":3,\"1\":4,\"e"
     "\":5}}}",
     false},
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
    char json[8192];
    char path[64];
    char config[64];

    check(mkdtemp(folder) != NULL);
    if (variant->normalizer)
        snprintf(json, sizeof json, parts, variant->added, variant->normalizer);
    else
        snprintf(json, sizeof json, "%s", variant->added);
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

static void check_tokens(const struct tokenizer *tokenizer, bool is_ordered,
                         const struct tokens *tokens, size_t len_bytes,
                         const struct tokenize_options *options,
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
        /* Where a vocabulary lacks characters, the official places of the next ones are wrong. */
        check(tokens->spans[i].start >= last_start || !is_ordered);
        check(tokens->spans[i].start <= tokens->spans[i].stop);
        check(tokens->spans[i].stop <= len_bytes);
        last_start = tokens->spans[i].start;
    }
}

/* A pair is as long as it may be, and says so where it was cut. */
static void check_pair(const struct tokenizer *tokenizer, const char *text, size_t len_bytes,
                       const struct tokenize_options *options)
{
    struct tokenize_result result;
    struct tokens tokens = {0};
    enum status status =
        tokenizer_encode_pair(tokenizer, text, len_bytes, "ab", 2, options, &tokens, &result);

    if (status)
        check(status == STATUS_TOO_LONG && tokens.n_tokens == 0 &&
              result.n_tokens_whole > options->max_tokens);
    else
        check(result.n_tokens == tokens.n_tokens &&
              (!result.truncated || tokens.n_tokens == options->max_tokens));
    tokens_release(&tokens);
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
        check_tokens(tokenizers[i], variants[i].normalizer != NULL, &tokens, len_bytes, &options,
                     &result);
    check_decoded(tokenizers[i], &tokens);
    check_pair(tokenizers[i], text, len_bytes, &options);
    free(text);
    tokens_release(&tokens);
    return 0;
}
