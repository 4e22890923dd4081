/* SPDX-License-Identifier: Apache-2.0 */

/* Folders that are damaged, or ask for what cannot be done: a complaint with file and key. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/engine/model/folder.h"
#include "tests/engine/tokenizer/golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One change to tests/data/tokenizer/uncased/tokenizer.json, and what is said about it. */
static const struct change {
    const char *old;
    const char *now;
    enum status status;
    const char *complaint;
} changes[] = {
    {"\"version\":\"1.0\"", "\"version\":\"2.0\"", STATUS_UNSUPPORTED, "\"version\" is \"2.0\""},
    {"\"type\":\"WordPiece\"", "\"type\":\"BPE\"", STATUS_UNSUPPORTED,
     "tokenizer.json: \"model\": \"type\" is \"BPE\""},
    {"\"type\":\"WordPiece\"", "\"type\":\"Unigram\"", STATUS_UNSUPPORTED, "Unigram"},
    {"\"type\":\"WordPiece\"", "\"type\":7", STATUS_INVALID, "\"type\" must be a text"},
    {"\"model\":{", "\"models\":{", STATUS_INVALID, "\"model\" is missing"},
    {"\"vocab\":{", "\"vocab\":[],\"old\":{", STATUS_INVALID, "\"vocab\" must be an object"},
    {"\"unk_token\":\"[UNK]\"", "\"unk_token\":\"[unk]\"", STATUS_INVALID,
     "\"unk_token\" is \"[unk]\""},
    {"\"unk_token\":\"[UNK]\",", "", STATUS_INVALID, "\"unk_token\" is missing"},
    {"\"max_input_chars_per_word\":100", "\"max_input_chars_per_word\":1001", STATUS_INVALID,
     "\"max_input_chars_per_word\" must be a whole number from 0 to 1000"},
    {"\"max_input_chars_per_word\":100", "\"max_input_chars_per_word\":-1", STATUS_INVALID,
     "\"max_input_chars_per_word\""},
    {"\"the\":5", "\"the\":6", STATUS_INVALID, "cannot have the id 6"},
    {"\"the\":5", "\"the\":-5", STATUS_INVALID, "the id of \"the\""},
    {"\"the\":5", "\"the\":5.5", STATUS_INVALID, "the id of \"the\""},
    {"\"the\":5", "\"the\":\"5\"", STATUS_INVALID, "the id of \"the\""},
    {"\"the\":5", "\"the\":4194304", STATUS_INVALID, "the id of \"the\""},
    {"\"the\":5", "\"the\":1e300", STATUS_INVALID, "the id of \"the\""},
    {"\"the\":5", "\"the\":5,\"the\":5", STATUS_INVALID, "duplicate"},
    {"\"the\":5", "\"\xff\":5", STATUS_INVALID, "not valid JSON"},
    {"\"type\":\"BertNormalizer\"", "\"type\":\"Sequence\"", STATUS_UNSUPPORTED,
     "tokenizer.json: \"normalizer\": \"type\" is \"Sequence\""},
    {"\"lowercase\":true", "\"lowercase\":1", STATUS_INVALID, "\"lowercase\""},
    {"\"clean_text\":true,", "", STATUS_INVALID, "\"clean_text\" is missing"},
    {"\"strip_accents\":null", "\"strip_accents\":\"yes\"", STATUS_INVALID, "\"strip_accents\""},
    {"\"type\":\"BertPreTokenizer\"", "\"type\":\"Whitespace\"", STATUS_UNSUPPORTED,
     "\"pre_tokenizer\": \"type\" is \"Whitespace\""},
    {"\"pre_tokenizer\":{", "\"x\":{", STATUS_UNSUPPORTED, "no \"pre_tokenizer\""},
    {"\"id\":4,\"content\":\"[MASK]\"", "\"id\":7,\"content\":\"[MASK]\"", STATUS_INVALID,
     "\"added_tokens\"[4]: the token \"[MASK]\" has the id 4, not 7"},
    {"\"id\":4,\"content\":\"[MASK]\"", "\"id\":4,\"content\":\"[SEP]\"", STATUS_INVALID,
     "has the id 3, not 4"},
    {"\"id\":4,\"content\":\"[MASK]\"", "\"id\":3,\"content\":\"[SEP]\"", STATUS_INVALID,
     "\"[SEP]\" is empty or there twice"},
    {"\"id\":4,\"content\":\"[MASK]\"", "\"id\":null,\"content\":\"[MASK]\"", STATUS_INVALID,
     "\"added_tokens\"[4]: \"id\""},
    {"\"id\":4,\"content\":\"[MASK]\"", "\"id\":4", STATUS_INVALID, "\"content\" must be a text"},
    {"\"id\":4,\"content\":\"[MASK]\",\"single_word\":false",
     "\"id\":4,\"content\":\"[MASK]\",\"single_word\":true", STATUS_UNSUPPORTED,
     "\"added_tokens\"[4]: \"single_word\""},
    {"\"id\":4,\"content\":\"[MASK]\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,"
     "\"normalized\":false",
     "\"id\":4,\"content\":\"[MASK]\",\"single_word\":false,\"lstrip\":true,\"rstrip\":false,"
     "\"normalized\":true",
     STATUS_UNSUPPORTED, "\"normalized\" with \"lstrip\""},
    {"\"added_tokens\":[", "\"added_tokens\":[3,", STATUS_INVALID, "\"added_tokens\"[0]"},
    {"\"added_tokens\":[", "\"added_tokens\":{},\"x\":[", STATUS_INVALID,
     "\"added_tokens\" must be an array"},
    {"\"type\":\"TemplateProcessing\"", "\"type\":\"RobertaProcessing\"", STATUS_UNSUPPORTED,
     "\"post_processor\": \"type\" is \"RobertaProcessing\""},
    {"\"type\":\"TemplateProcessing\"", "\"type\":\"BertProcessing\"", STATUS_INVALID,
     "a special token must have a text and an id"},
    {"\"decoder\":null", "\"decoder\":{\"type\":\"ByteLevel\"}", STATUS_UNSUPPORTED,
     "\"decoder\": \"type\" is \"ByteLevel\""},
    {"\"decoder\":null", "\"decoder\":{\"type\":\"WordPiece\",\"cleanup\":true}", STATUS_INVALID,
     "\"decoder\": \"prefix\" is missing"},
    {"\"decoder\":null", "\"decoder\":{\"type\":\"WordPiece\",\"prefix\":\"##\"}", STATUS_INVALID,
     "\"decoder\": \"cleanup\" is missing"},
    {"\"decoder\":null",
     "\"decoder\":{\"type\":\"WordPiece\",\"prefix\":\"#################################\","
     "\"cleanup\":true}",
     STATUS_UNSUPPORTED, "\"decoder\": a \"prefix\" of more than 32 bytes"},
    {"\"ids\":[2]", "\"ids\":[3]", STATUS_INVALID, "no token \"[CLS]\" with the id 3"},
    {"\"ids\":[2]", "\"ids\":[99999]", STATUS_INVALID, "no token \"[CLS]\" with the id 99999"},
    {"\"ids\":[2]", "\"ids\":[]", STATUS_INVALID, "does not say what \"[CLS]\""},
    {"\"ids\":[2]", "\"ids\":[-2]", STATUS_INVALID, "a text and an id"},
    {"\"single\":[", "\"single\":[{\"Sequence\":{\"id\":\"B\",\"type_id\":0}},", STATUS_UNSUPPORTED,
     "round one \"A\""},
    {"\"single\":[", "\"single\":[{\"Sequence\":{\"id\":\"A\",\"type_id\":0}},", STATUS_UNSUPPORTED,
     "round one \"A\""},
    {"\"single\":[", "\"single\":[{\"SpecialToken\":{\"id\":\"[CLS]\",\"type_id\":1}},",
     STATUS_UNSUPPORTED, "all of type 0"},
    {"\"single\":[", "\"single\":[{\"SpecialToken\":{\"id\":\"[X]\",\"type_id\":0}},",
     STATUS_INVALID, "does not say what \"[X]\""},
    {"\"single\":[", "\"single\":[],\"x\":[", STATUS_INVALID, "\"single\" has no \"Sequence\""},
};

static void copy(struct folder *folder, const char *name)
{
    char path[100];

    snprintf(path, sizeof path, "../tokenizer/%s", name);
    folder_init_copy(folder, path);
}

static void assert_refused(const struct folder *folder, enum status status, const char *complaint)
{
    struct tokenizer *tokenizer = NULL;
    struct error error = {{0}};
    enum status found = tokenizer_load(&tokenizer, folder->path, &error);

    if (found != status || !strstr(error.text, complaint))
        fail_msg("status %d \"%s\" instead of %d \"%s\"", (int)found, error.text, (int)status,
                 complaint);
    assert_null(tokenizer);
}

static struct tokenizer *assert_loads(const struct folder *folder)
{
    struct tokenizer *tokenizer = NULL;
    struct error error = {{0}};

    if (tokenizer_load(&tokenizer, folder->path, &error))
        fail_msg("%s", error.text);
    return tokenizer;
}

static void assert_encodes(const struct folder *folder, const char *text, const int32_t *ids,
                           size_t n_ids)
{
    const struct tokenize_options options = {.add_special = true};
    struct tokenizer *tokenizer = assert_loads(folder);
    struct tokens tokens = {0};

    golden_encode(tokenizer, text, strlen(text), &options, &tokens);
    assert_int_equal(tokens.n_tokens, n_ids);
    assert_memory_equal(tokens.ids, ids, n_ids * sizeof *ids);
    tokens_release(&tokens);
    tokenizer_free(tokenizer);
}

static void test_load__refuses_with_file_and_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct folder folder;

        copy(&folder, "uncased");
        folder_replace(&folder, "tokenizer.json", changes[i].old, changes[i].now);
        assert_refused(&folder, changes[i].status, changes[i].complaint);
        folder_release(&folder);
    }
}

static void test_load__refuses_every_shortened_tokenizer_json(void **state)
{
    struct folder folder;
    size_t len_bytes;
    char *bytes;

    (void)state;
    copy(&folder, "added");
    bytes = folder_read(&folder, "tokenizer.json", &len_bytes);
    for (size_t n = 0; n < len_bytes - 2; n += 1 + n / 50) {
        folder_write(&folder, "tokenizer.json", bytes, n);
        assert_refused(&folder, STATUS_INVALID, "tokenizer.json: is not valid JSON");
    }
    free(bytes);
    folder_release(&folder);
}

static void test_load__refuses_an_empty_folder(void **state)
{
    struct folder folder;

    (void)state;
    folder_init(&folder);
    assert_refused(&folder, STATUS_IO, "has neither tokenizer.json nor vocab.txt");
    folder_release(&folder);
}

static void test_load__no_post_processor_adds_nothing(void **state)
{
    struct folder folder;

    (void)state;
    copy(&folder, "uncased");
    folder_replace(&folder, "tokenizer.json", "\"post_processor\":{", "\"x\":{");
    assert_encodes(&folder, "the", (const int32_t[]){5}, 1);
    folder_release(&folder);
}

static void test_load__tokenizer_config_decides_on_small_letters(void **state)
{
    const struct tokenize_options options = {.add_special = true};
    struct tokenizer *cased = golden_load("cased");
    struct tokens tokens = {0};
    struct folder folder;

    (void)state;
    copy(&folder, "uncased");
    assert_encodes(&folder, "THE", (const int32_t[]){2, 5, 3}, 3);
    folder_write_text(&folder, "tokenizer_config.json", "{\"do_lower_case\": false}");
    golden_encode(cased, "THE", 3, &options, &tokens);
    assert_int_equal(tokens.n_tokens, 5);
    assert_encodes(&folder, "THE", tokens.ids, tokens.n_tokens);
    folder_write_text(&folder, "tokenizer_config.json",
                      "{\"do_lower_case\": false, \"tokenizer_class\": "
                      "\"PreTrainedTokenizerFast\"}");
    assert_encodes(&folder, "THE", (const int32_t[]){2, 5, 3}, 3);
    folder_write_text(&folder, "tokenizer_config.json", "{\"do_lower_case\": \"no\"}");
    assert_refused(&folder, STATUS_INVALID, "tokenizer_config.json: \"do_lower_case\"");
    folder_release(&folder);
    tokens_release(&tokens);
    tokenizer_free(cased);
}

static void test_load__refuses_added_tokens_that_get_in_each_others_way(void **state)
{
    struct folder folder;

    (void)state;
    copy(&folder, "added");
    folder_replace(&folder, "tokenizer.json", "\"content\":\"<b\"", "\"content\":\" b\"");
    assert_refused(&folder, STATUS_UNSUPPORTED, "begins with white space");
    folder_release(&folder);
    copy(&folder, "added");
    /* The same as "New York" once normalised. */
    folder_replace(&folder, "tokenizer.json", "\"content\":\"newt\"", "\"content\":\"NEW yórk\"");
    assert_refused(&folder, STATUS_INVALID, "is empty or there twice");
    folder_replace(&folder, "tokenizer.json", "\"content\":\"NEW yórk\"",
                   "\"content\":\"\\u200b\"");
    assert_refused(&folder, STATUS_INVALID, "is empty or there twice");
    folder_release(&folder);
}

static void test_load__vocab_txt_ends_lines_at_any_white_space(void **state)
{
    struct folder folder;
    struct tokenizer *tokenizer;
    size_t len_bytes;

    (void)state;
    folder_init(&folder);
    folder_write_text(&folder, "vocab.txt", "[UNK]\r\n[CLS] \n[SEP]\n\na\na\n##b");
    tokenizer = assert_loads(&folder);
    assert_int_equal(tokenizer_vocabulary_size(tokenizer), 7);
    assert_string_equal(tokenizer_token_text(tokenizer, 0, &len_bytes), "[UNK]");
    assert_string_equal(tokenizer_token_text(tokenizer, 3, &len_bytes), "");
    /* The last line with a text has it. */
    assert_null(tokenizer_token_text(tokenizer, 4, &len_bytes));
    assert_string_equal(tokenizer_token_text(tokenizer, 5, &len_bytes), "a");
    tokenizer_free(tokenizer);
    assert_encodes(&folder, "AB [MASK]", (const int32_t[]){1, 5, 6, 0, 0, 0, 2}, 7);
    folder_release(&folder);
}

static void test_load__refuses_a_damaged_vocab_txt(void **state)
{
    struct folder folder;

    (void)state;
    copy(&folder, "vocab");
    folder_write_text(&folder, "vocab.txt", "");
    assert_refused(&folder, STATUS_INVALID, "\"unk_token\" is \"[UNK]\", which vocab.txt");
    folder_write_text(&folder, "vocab.txt", "[UNK]\n[CLS]\n");
    assert_refused(&folder, STATUS_INVALID, "\"sep_token\"");
    folder_write_text(&folder, "vocab.txt", "[UNK]\n[CLS]\n[SEP]\n\xc3(\n");
    assert_refused(&folder, STATUS_INVALID, "vocab.txt: is not valid UTF-8");
    folder_release(&folder);
}

static void test_load__vocab_txt_takes_special_tokens_by_name(void **state)
{
    struct folder folder;

    (void)state;
    folder_init(&folder);
    folder_write_text(&folder, "vocab.txt", "<u>\n<s>\n</s>\n[CLS]\na\n<e>\n<m>\n");
    folder_write_text(&folder, "tokenizer_config.json",
                      "{\"unk_token\": \"<u>\", \"cls_token\": \"[CLS]\", \"sep_token\": \"</s>\", "
                      "\"additional_special_tokens\": [\"<e>\", \"<s>\"]}");
    folder_write_text(&folder, "special_tokens_map.json",
                      "{\"cls_token\": \"<s>\", \"mask_token\": {\"content\": \"<m>\", "
                      "\"lstrip\": true}}");
    assert_encodes(&folder, "a<e> <m>b", (const int32_t[]){1, 4, 5, 6, 0, 2}, 6);
    folder_write_text(&folder, "special_tokens_map.json", "{\"mask_token\": \"[MASK]\"}");
    assert_refused(&folder, STATUS_INVALID,
                   "special_tokens_map.json: \"mask_token\" is \"[MASK]\", which vocab.txt");
    folder_write_text(&folder, "special_tokens_map.json", "{\"mask_token\": 7}");
    assert_refused(&folder, STATUS_INVALID, "\"mask_token\" must be a text or an object");
    folder_write_text(&folder, "special_tokens_map.json", "{\"bos_token\": {\"x\": 1}}");
    assert_refused(&folder, STATUS_INVALID, "\"content\" must be a text");
    folder_delete(&folder, "special_tokens_map.json");
    folder_write_text(&folder, "added_tokens.json", "{}");
    assert_refused(&folder, STATUS_UNSUPPORTED, "added_tokens.json");
    folder_release(&folder);
}

static void test_load__vocab_txt_with_added_tokens_decoder(void **state)
{
    struct folder folder;

    (void)state;
    folder_init(&folder);
    folder_write_text(&folder, "vocab.txt", "[UNK]\n[CLS]\n[SEP]\na\n");
    folder_write_text(&folder, "tokenizer_config.json",
                      "{\"added_tokens_decoder\": {\"0\": {\"content\": \"[UNK]\", \"special\": "
                      "true}, \"4\": {\"content\": \"Foo\", \"normalized\": true}}}");
    assert_encodes(&folder, "a foo [UNK]", (const int32_t[]){1, 3, 4, 0, 2}, 5);
    folder_replace(&folder, "tokenizer_config.json", "\"4\"", "\"5\"");
    assert_refused(&folder, STATUS_INVALID, "has the id 4, not 5");
    folder_replace(&folder, "tokenizer_config.json", "\"5\"", "\"99999999999\"");
    assert_refused(&folder, STATUS_INVALID, "\"99999999999\" is not an id");
    folder_release(&folder);
}

static void test_load__refuses_a_bad_sentence_bert_config(void **state)
{
    struct folder folder;

    (void)state;
    copy(&folder, "lower");
    folder_write_text(&folder, "sentence_bert_config.json", "{\"do_lower_case\": 3}");
    assert_refused(&folder, STATUS_INVALID, "sentence_bert_config.json: \"do_lower_case\"");
    folder_release(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_load__refuses_with_file_and_key),
        cmocka_unit_test(test_load__refuses_every_shortened_tokenizer_json),
        cmocka_unit_test(test_load__refuses_an_empty_folder),
        cmocka_unit_test(test_load__no_post_processor_adds_nothing),
        cmocka_unit_test(test_load__tokenizer_config_decides_on_small_letters),
        cmocka_unit_test(test_load__refuses_added_tokens_that_get_in_each_others_way),
        cmocka_unit_test(test_load__vocab_txt_ends_lines_at_any_white_space),
        cmocka_unit_test(test_load__refuses_a_damaged_vocab_txt),
        cmocka_unit_test(test_load__vocab_txt_takes_special_tokens_by_name),
        cmocka_unit_test(test_load__vocab_txt_with_added_tokens_decoder),
        cmocka_unit_test(test_load__refuses_a_bad_sentence_bert_config),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
