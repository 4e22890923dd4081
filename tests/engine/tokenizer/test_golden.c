/* SPDX-License-Identifier: Apache-2.0 */

/* Ids and places against those that the official tokenizer gave. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/engine/model/folder.h"
#include "tests/engine/tokenizer/golden.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum truncate_side parse_side(const char *name)
{
    if (strcmp(name, "end") == 0)
        return TRUNCATE_END;
    return strcmp(name, "start") == 0 ? TRUNCATE_START : TRUNCATE_NONE;
}

static long long get_integer(const json_t *array, size_t i)
{
    return (long long)json_integer_value(json_array_get(array, i));
}

/* [[id, start, stop]...], [id] for one that the tokenizer added. */
static void assert_tokens(const struct tokens *tokens, const json_t *expected, const char *folder,
                          const char *text)
{
    if (tokens->n_tokens != json_array_size(expected))
        fail_msg("%s: %zu tokens instead of %zu of \"%.60s\"", folder, tokens->n_tokens,
                 json_array_size(expected), text);
    for (size_t i = 0; i < tokens->n_tokens; i++) {
        const json_t *token = json_array_get(expected, i);
        bool in_text = json_array_size(token) == 3;
        size_t start = in_text ? (size_t)get_integer(token, 1) : SIZE_MAX;
        size_t stop = in_text ? (size_t)get_integer(token, 2) : SIZE_MAX;

        if (tokens->ids[i] != get_integer(token, 0) || tokens->spans[i].start != start ||
            tokens->spans[i].stop != stop)
            fail_msg("%s: token %zu is %d at %zu to %zu, instead of %lld at %zu to %zu, of "
                     "\"%.60s\"",
                     folder, i, tokens->ids[i], tokens->spans[i].start, tokens->spans[i].stop,
                     get_integer(token, 0), start, stop, text);
    }
}

/* Encodes each text of the file's rows about `rows` with `folder`; how many cases there are. */
static size_t check_folder(const char *folder, const char *golden_file, const char *rows)
{
    struct tokenizer *tokenizer = golden_load(folder);
    FILE *file = fopen(golden_path(golden_file), "r");
    struct tokens tokens = {0};
    size_t n_cases = 0;
    char *line = NULL;
    size_t room = 0;

    assert_non_null(file);
    while (getline(&line, &room, file) > 0) {
        json_t *row = json_loads(line, JSON_ALLOW_NUL, NULL);
        const json_t *text = json_object_get(row, "text");
        json_t *golden;
        size_t i;

        assert_non_null(row);
        if (strcmp(json_string_value(json_object_get(row, "folder")), rows) == 0)
            json_array_foreach(json_object_get(row, "cases"), i, golden)
            {
                const char *side = json_string_value(json_object_get(golden, "truncate"));
                const struct tokenize_options options = {
                    .truncate = parse_side(side),
                    .max_tokens = (size_t)json_integer_value(json_object_get(golden, "most")),
                    .add_special = json_is_true(json_object_get(golden, "special")),
                    .want_spans = true,
                };

                golden_encode(tokenizer, json_string_value(text), json_string_length(text),
                              &options, &tokens);
                assert_tokens(&tokens, json_object_get(golden, "tokens"), folder,
                              json_string_value(text));
                n_cases++;
            }
        json_decref(row);
    }
    free(line);
    fclose(file);
    tokens_release(&tokens);
    tokenizer_free(tokenizer);
    return n_cases;
}

static void test_tokenizer__agrees_with_the_official_one(void **state)
{
    static const char *const folders[] = {"uncased", "cased", "accents", "bare",
                                          "added",   "lower", "spaces"};

    (void)state;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        assert_in_range(check_folder(folders[i], "golden.jsonl", folders[i]), 400, 1000);
}

static void test_tokenizer__parts_agree_with_the_official_ones(void **state)
{
    static const char *const folders[] = {
        "part_xlmr",    "part_bge_m3",      "part_unigram_bytes", "part_albert",
        "part_nfkc",    "part_nfc",         "part_nfd",           "part_gpt2",
        "part_roberta", "part_modernbert",  "part_qwen",          "part_llama3",
        "part_gemma",   "part_bpe_unknown", "part_bpe_fused",     "part_bpe_dropped",
        "part_words",   "part_rounded",     "part_replaced",
    };

    (void)state;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        assert_in_range(check_folder(folders[i], "parts.jsonl", folders[i]), 150, 1000);
}

/* Folders without tokenizer.json, as transformers converts them. */
static void test_tokenizer__converted_folders_agree_with_transformers(void **state)
{
    static const char *const folders[] = {
        "convert_xlmr",    "convert_xlmr_bare",     "convert_xlmr_named", "convert_camembert",
        "convert_albert",  "convert_albert_cased",  "convert_t5",         "convert_t5_few",
        "convert_roberta", "convert_roberta_bare",  "convert_gpt2",       "convert_qwen2",
        "convert_deberta", "convert_deberta_split", "convert_mpnet",      "convert_gemma",
        "convert_llama",   "convert_llama_new",
    };

    (void)state;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        assert_in_range(check_folder(folders[i], "converted.jsonl", folders[i]), 100, 1000);
}

static void test_tokenizer__from_vocab_txt_is_the_same(void **state)
{
    (void)state;
    assert_in_range(check_folder("vocab", "golden.jsonl", "uncased"), 400, 1000);
    assert_in_range(check_folder("vocab_cased", "golden.jsonl", "cased"), 400, 1000);
}

/* Encodes the 9,795 texts with the tokenizer in `folder`, cut to 512 tokens. */
static void check_real(const struct folder *folder, FILE *golden)
{
    const struct tokenize_options options = {
        .truncate = TRUNCATE_END, .max_tokens = 512, .add_special = true};
    struct tokenizer *tokenizer = NULL;
    struct tokens tokens = {0};
    struct error error = {{0}};
    size_t n_texts = 0;
    char *line = NULL;
    size_t room = 0;

    if (tokenizer_load(&tokenizer, folder->path, false, &error))
        fail_msg("%s", error.text);
    assert_int_equal(tokenizer_vocabulary_size(tokenizer), 30522);
    while (getline(&line, &room, golden) > 0) {
        json_t *row = json_loads(line, JSON_ALLOW_NUL, NULL);
        const json_t *text = json_object_get(row, "text");
        const json_t *ids = json_object_get(row, "ids");

        golden_encode(tokenizer, json_string_value(text), json_string_length(text), &options,
                      &tokens);
        assert_int_equal(tokens.n_tokens, json_array_size(ids));
        for (size_t i = 0; i < tokens.n_tokens; i++)
            assert_int_equal(tokens.ids[i], get_integer(ids, i));
        json_decref(row);
        n_texts++;
    }
    assert_int_equal(n_texts, 9795);
    free(line);
    tokens_release(&tokens);
    tokenizer_free(tokenizer);
}

/* Opens a file of the shared data; NULL where it is not there. */
static FILE *open_shared(const char *name)
{
    const char *shared = getenv("SHARED_DIR");
    char path[1024];

    snprintf(path, sizeof path, "%s/data/tokenizer/%s", shared ? shared : ".", name);
    return fopen(path, "rb");
}

/* The texts with one of the shared data's files as `name` of a model folder. */
static void check_shared(const char *source, const char *name)
{
    FILE *golden = open_shared("bge_tokenizer_golden.jsonl");
    FILE *file = open_shared(source);
    struct folder folder;
    char *bytes;
    size_t n;

    if (!golden || !file) {
        print_message("SHARED_DIR has no data/tokenizer/%s with golden ids\n", source);
        if (golden)
            fclose(golden);
        if (file)
            fclose(file);
        skip();
    }
    bytes = malloc(1 << 20);
    assert_non_null(bytes);
    n = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    folder_init(&folder);
    folder_write(&folder, name, bytes, n);
    free(bytes);
    check_real(&folder, golden);
    fclose(golden);
    folder_release(&folder);
}

static void test_tokenizer__agrees_on_9795_texts(void **state)
{
    (void)state;
    check_shared("bge-tokenizer.json", "tokenizer.json");
}

static void test_tokenizer__agrees_on_9795_texts_from_vocab_txt(void **state)
{
    (void)state;
    check_shared("vocab.txt", "vocab.txt");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokenizer__agrees_with_the_official_one),
        cmocka_unit_test(test_tokenizer__parts_agree_with_the_official_ones),
        cmocka_unit_test(test_tokenizer__converted_folders_agree_with_transformers),
        cmocka_unit_test(test_tokenizer__from_vocab_txt_is_the_same),
        cmocka_unit_test(test_tokenizer__agrees_on_9795_texts),
        cmocka_unit_test(test_tokenizer__agrees_on_9795_texts_from_vocab_txt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
