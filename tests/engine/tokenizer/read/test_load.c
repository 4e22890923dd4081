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
     "tokenizer.json: \"model\": \"continuing_subword_prefix\" is \"##\""},
    {"\"type\":\"WordPiece\"", "\"type\":\"Unigram\"", STATUS_INVALID,
     "tokenizer.json: \"model\": \"vocab\" must be an array"},
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
    {"\"type\":\"BertNormalizer\"", "\"type\":\"NFX\"", STATUS_UNSUPPORTED,
     "tokenizer.json: \"normalizer\": \"type\" is \"NFX\""},
    {"\"type\":\"BertNormalizer\"", "\"type\":\"Sequence\"", STATUS_INVALID,
     "tokenizer.json: \"normalizer\": \"normalizers\" must be an array"},
    {"\"truncation\":{", "\"truncation\":{\"direction\":\"Up\",\"x\":{}},\"y\":{", STATUS_INVALID,
     "tokenizer.json: \"truncation\": \"direction\" must be"},
    {"\"lowercase\":true", "\"lowercase\":1", STATUS_INVALID, "\"lowercase\""},
    {"\"clean_text\":true,", "", STATUS_INVALID, "\"clean_text\" is missing"},
    {"\"strip_accents\":null", "\"strip_accents\":\"yes\"", STATUS_INVALID, "\"strip_accents\""},
    {"\"type\":\"BertPreTokenizer\"", "\"type\":\"UnicodeScripts\"", STATUS_UNSUPPORTED,
     "\"pre_tokenizer\": \"type\" is \"UnicodeScripts\""},
    {"\"id\":4,\"content\":\"[MASK]\"", "\"id\":7,\"content\":\"[MASK]\"", STATUS_INVALID,
     "\"added_tokens\"[4]: the token \"[MASK]\" has the id 4, not 7"},
    {"\"id\":4,\"content\":\"[MASK]\"", "\"id\":4,\"content\":\"[SEP]\"", STATUS_UNSUPPORTED,
     "\"added_tokens\"[4]: the token \"[SEP]\" has another id"},
    {"\"id\":4,\"content\":\"[MASK]\"", "\"id\":null,\"content\":\"[MASK]\"", STATUS_INVALID,
     "\"added_tokens\"[4]: \"id\""},
    {"\"id\":4,\"content\":\"[MASK]\"", "\"id\":4", STATUS_INVALID, "\"content\" must be a text"},
    {"\"added_tokens\":[", "\"added_tokens\":[3,", STATUS_INVALID, "\"added_tokens\"[0]"},
    {"\"added_tokens\":[", "\"added_tokens\":[{\"id\":0,\"content\":\"\"},", STATUS_INVALID,
     "the token \"\""},
    {"\"added_tokens\":[", "\"added_tokens\":{},\"x\":[", STATUS_INVALID,
     "\"added_tokens\" must be an array"},
    {"\"type\":\"TemplateProcessing\"", "\"type\":\"Roberta\"", STATUS_UNSUPPORTED,
     "\"post_processor\": \"type\" is \"Roberta\""},
    {"\"type\":\"TemplateProcessing\"", "\"type\":\"BertProcessing\"", STATUS_INVALID,
     "a special token must have a text and an id"},
    {"\"decoder\":null", "\"decoder\":{\"type\":\"CTC\"}", STATUS_UNSUPPORTED,
     "\"decoder\": \"type\" is \"CTC\""},
    {"\"decoder\":null", "\"decoder\":{\"type\":\"WordPiece\",\"cleanup\":true}", STATUS_INVALID,
     "\"decoder\": \"prefix\" is missing"},
    {"\"decoder\":null", "\"decoder\":{\"type\":\"WordPiece\",\"prefix\":\"##\"}", STATUS_INVALID,
     "\"decoder\": \"cleanup\" is missing"},
    {"\"decoder\":null",
     "\"decoder\":{\"type\":\"WordPiece\",\"prefix\":\"#################################\","
     "\"cleanup\":true}",
     STATUS_UNSUPPORTED, "\"decoder\": a \"prefix\" of more than 32 bytes"},
    {"\"decoder\":null", "\"decoder\":{\"type\":\"Metaspace\",\"replacement\":\"__\"}",
     STATUS_INVALID, "\"decoder\": \"replacement\" must be one character"},
    {"\"decoder\":null",
     "\"decoder\":{\"type\":\"Metaspace\",\"replacement\":\"_\",\"prepend_scheme\":\"last\"}",
     STATUS_INVALID, "\"decoder\": \"prepend_scheme\" must be"},
    {"\"decoder\":null", "\"decoder\":{\"type\":\"Metaspace\",\"replacement\":\"_\",\"split\":0}",
     STATUS_INVALID, "\"decoder\": \"split\""},
    {"\"decoder\":null",
     "\"decoder\":{\"type\":\"Metaspace\",\"replacement\":\"_\",\"add_prefix_space\":false}",
     STATUS_INVALID, "\"decoder\": \"add_prefix_space\" is false, but \"prepend_scheme\" is"},
    {"{\"type\":\"BertPreTokenizer\"}",
     "{\"type\":\"Metaspace\",\"replacement\":\"_\",\"prepend_scheme\":\"first\","
     "\"add_prefix_space\":false}",
     STATUS_INVALID, "\"pre_tokenizer\": \"add_prefix_space\" is false, but \"prepend_scheme\" is"},
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
    enum status found = tokenizer_load(&tokenizer, folder->path, false, &error);

    if (found != status || !strstr(error.text, complaint))
        fail_msg("status %d \"%s\" instead of %d \"%s\"", (int)found, error.text, (int)status,
                 complaint);
    assert_null(tokenizer);
}

static struct tokenizer *assert_loads(const struct folder *folder)
{
    struct tokenizer *tokenizer = NULL;
    struct error error = {{0}};

    if (tokenizer_load(&tokenizer, folder->path, false, &error))
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

static void test_load__no_pre_tokenizer_makes_one_word_of_a_text(void **state)
{
    struct folder folder;

    (void)state;
    copy(&folder, "uncased");
    folder_replace(&folder, "tokenizer.json", "\"pre_tokenizer\":{", "\"x\":{");
    assert_encodes(&folder, "The", (const int32_t[]){2, 5, 3}, 3);
    assert_encodes(&folder, "the the", (const int32_t[]){2, 1, 3}, 3); /* [UNK] */
    folder_release(&folder);
}

/* As in the official library: beside "never" it may be either and changes nothing. */
static void test_load__add_prefix_space_prepends_nothing_by_itself(void **state)
{
    static const char *const keys[] = {"", ",\"add_prefix_space\":true",
                                       ",\"add_prefix_space\":false"};

    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct folder folder;
        char part[150];

        snprintf(part, sizeof part,
                 "{\"type\":\"Metaspace\",\"replacement\":\"_\",\"prepend_scheme\":\"never\"%s}",
                 keys[i]);
        copy(&folder, "uncased");
        folder_replace(&folder, "tokenizer.json", "{\"type\":\"BertPreTokenizer\"}", part);
        assert_encodes(&folder, "the", (const int32_t[]){2, 5, 3}, 3);
        folder_release(&folder);
    }
}

/* Loads tests/data/tokenizer/`from` with another tokenizer_config.json: how many tokens `text` has,
 * with those round it. */
static size_t count_tokens(const char *from, const char *config, const char *text)
{
    const struct tokenize_options options = {.add_special = true};
    struct tokenizer *tokenizer;
    struct tokens tokens = {0};
    struct folder folder;
    size_t n_tokens;

    copy(&folder, from);
    if (config)
        folder_write_text(&folder, "tokenizer_config.json", config);
    else
        folder_delete(&folder, "tokenizer_config.json");
    tokenizer = assert_loads(&folder);
    golden_encode(tokenizer, text, strlen(text), &options, &tokens);
    n_tokens = tokens.n_tokens;
    tokens_release(&tokens);
    tokenizer_free(tokenizer);
    folder_release(&folder);
    return n_tokens;
}

/* "THE" is one word in small letters, and three pieces else; "accents" and "cased" have a
 * tokenizer.json whose normaliser says otherwise than the constructor's defaults. */
static void test_load__constructor_overrules_the_normalizer(void **state)
{
    static const char *const by_constructor[] = {
        "{}",
        "{\"tokenizer_class\": null}",
        "{\"tokenizer_class\": \"BertTokenizer\"}",
        "{\"tokenizer_class\": \"BertTokenizerFast\"}",
        "{\"tokenizer_class\": \"DistilBertTokenizer\"}",
        "{\"tokenizer_class\": \"ElectraTokenizerFast\"}",
    };

    (void)state;
    assert_int_equal(count_tokens("cased", NULL, "THE"), 3);
    for (size_t i = 0; i < sizeof by_constructor / sizeof *by_constructor; i++) {
        assert_int_equal(count_tokens("cased", by_constructor[i], "THE"), 3);
        /* cafe is a word, and so is café, which only stays where accents do. */
        assert_int_equal(count_tokens("accents", by_constructor[i], "e\xcc\x81"), 3);
    }
    assert_int_equal(count_tokens("cased", "{\"do_lower_case\": false}", "THE"), 5);
    assert_int_equal(count_tokens("uncased", "{\"do_lower_case\": false}", "THE"), 5);
    assert_int_equal(
        count_tokens("cased", "{\"tokenizer_class\": \"PreTrainedTokenizerFast\"}", "THE"), 5);
    assert_int_equal(
        count_tokens("uncased", "{\"tokenizer_class\": \"PreTrainedTokenizerFast\"}", "THE"), 3);
    assert_int_equal(count_tokens("lower", "{\"tokenizer_class\": \"BertTokenizer\"}", "THE"), 3);
}

static void test_load__constructor_knows_its_unknown_token_in_any_form(void **state)
{
    static const int32_t ids[] = {2, 1, 3};
    struct folder folder;

    (void)state;
    copy(&folder, "uncased");
    folder_write_text(&folder, "tokenizer_config.json", "{}");
    folder_replace(&folder, "tokenizer.json",
                   "\"id\":1,\"content\":\"[UNK]\",\"single_word\":false,\"lstrip\":false,"
                   "\"rstrip\":false,\"normalized\":false",
                   "\"id\":1,\"content\":\"[UNK]\",\"single_word\":false,\"lstrip\":false,"
                   "\"rstrip\":false,\"normalized\":true");
    assert_encodes(&folder, "[UNK]", ids, 3);
    folder_release(&folder);
}

static void test_load__config_json_names_the_class_where_nobody_else_does(void **state)
{
    struct folder folder;

    (void)state;
    copy(&folder, "vocab");
    folder_write_text(&folder, "config.json", "{\"tokenizer_class\": \"BertJapaneseTokenizer\"}");
    tokenizer_free(assert_loads(&folder));
    folder_write_text(&folder, "tokenizer_config.json", "{}");
    assert_refused(&folder, STATUS_UNSUPPORTED,
                   "config.json: \"tokenizer_class\" is \"BertJapaneseTokenizer\"");
    folder_release(&folder);
}

static void test_load__model_type_tells_the_class_where_nobody_names_one(void **state)
{
    struct folder folder;

    (void)state;
    copy(&folder, "part_gpt2");
    folder_delete(&folder, "tokenizer_config.json");
    folder_write_text(&folder, "config.json", "{\"model_type\": \"roberta\"}");
    tokenizer_free(assert_loads(&folder));
    folder_write_text(&folder, "config.json", "{\"model_type\": \"xlm-roberta\"}");
    assert_refused(&folder, STATUS_UNSUPPORTED, "is one with a \"Unigram\" model");
    folder_write_text(&folder, "config.json", "{\"model_type\": \"mt5\"}");
    assert_refused(&folder, STATUS_UNSUPPORTED, "is one with a \"Unigram\" model");
    folder_write_text(&folder, "config.json", "{\"model_type\": \"bert\"}");
    assert_refused(&folder, STATUS_UNSUPPORTED, "\"type\" is \"BPE\"");
    folder_release(&folder);
}

/* What tokenizer_config.json says, of the folder "vocab" or "uncased", and how it is refused. */
static const struct config_change {
    const char *folder;
    const char *config;
    enum status status;
    const char *complaint;
} config_changes[] = {
    {"vocab",
     "{\"tokenizer_class\": \"BertJapaneseTokenizer\", \"word_tokenizer_type\": \"mecab\"}",
     STATUS_UNSUPPORTED, "tokenizer_config.json: \"tokenizer_class\" is \"BertJapaneseTokenizer\""},
    {"uncased", "{\"tokenizer_class\": \"BertJapaneseTokenizer\"}", STATUS_UNSUPPORTED,
     "tokenizer_config.json: \"tokenizer_class\""},
    {"uncased", "{\"tokenizer_class\": \"BertTokenizerX\"}", STATUS_UNSUPPORTED,
     "\"tokenizer_class\""},
    {"vocab", "{\"tokenizer_class\": \"PreTrainedTokenizerFast\"}", STATUS_UNSUPPORTED,
     "tokenizer_config.json: \"tokenizer_class\" is \"PreTrainedTokenizer\", one that needs a "
     "tokenizer.json, which is not there; AutoTokenizer.from_pretrained(folder).save_pretrained"},
    {"vocab", "{\"auto_map\": {\"AutoTokenizer\": [\"a.B\", null]}}", STATUS_UNSUPPORTED,
     "tokenizer_config.json: \"auto_map\""},
    {"vocab", "{\"word_tokenizer_type\": \"mecab\"}", STATUS_UNSUPPORTED,
     "tokenizer_config.json: \"word_tokenizer_type\" is \"mecab\""},
    {"vocab", "{\"query_token\": \"[Q]\"}", STATUS_UNSUPPORTED,
     "tokenizer_config.json: \"query_token\""},
    {"vocab", "{\"do_lower_case\": null}", STATUS_INVALID,
     "tokenizer_config.json: \"do_lower_case\" must be true or false"},
    {"uncased", "{\"do_lower_case\": \"no\"}", STATUS_INVALID,
     "tokenizer_config.json: \"do_lower_case\""},
    {"vocab", "{\"strip_accents\": \"no\"}", STATUS_INVALID,
     "tokenizer_config.json: \"strip_accents\""},
    {"vocab", "{\"truncation_side\": \"both\"}", STATUS_INVALID,
     "tokenizer_config.json: \"truncation_side\" must be \"left\" or \"right\""},
    {"vocab", "{\"pad_token\": null}", STATUS_INVALID,
     "tokenizer_config.json: \"pad_token\" is null"},
    {"uncased", "{\"unk_token\": \"[Q]\"}", STATUS_UNSUPPORTED,
     "tokenizer.json: \"model\": \"unk_token\""},
    {"uncased", "{\"cls_token\": \"[Q]\"}", STATUS_UNSUPPORTED,
     "tokenizer.json: \"post_processor\""},
    {"bare", "{}", STATUS_UNSUPPORTED, "tokenizer.json: \"model\": \"max_input_chars_per_word\""},
    {"added", "{\"added_tokens_decoder\": {\"2\": {\"content\": \"[CLS]\"}}}", STATUS_UNSUPPORTED,
     "tokenizer.json: \"added_tokens\"[5]: \"<left>\" is not in"},
    {"vocab", "{\"extra_special_tokens\": [\"[Q]\"], \"additional_special_tokens\": [\"the\"]}",
     STATUS_UNSUPPORTED, "tokenizer_config.json: \"additional_special_tokens\" names \"the\""},
};

static void test_load__refuses_tokenizer_config_with_file_and_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof config_changes / sizeof *config_changes; i++) {
        const struct config_change *change = &config_changes[i];
        struct folder folder;

        copy(&folder, change->folder);
        folder_write_text(&folder, "tokenizer_config.json", change->config);
        assert_refused(&folder, change->status, change->complaint);
        folder_release(&folder);
    }
}

static bool truncates_start(const struct folder *folder)
{
    struct tokenizer *tokenizer = assert_loads(folder);
    bool yes = tokenizer_truncates_start(tokenizer);

    tokenizer_free(tokenizer);
    return yes;
}

static void test_load__side_of_truncation(void **state)
{
    struct folder folder;

    (void)state;
    copy(&folder, "uncased");
    assert_false(truncates_start(&folder));
    folder_replace(&folder, "tokenizer.json", "\"direction\":\"Right\"", "\"direction\":\"Left\"");
    assert_true(truncates_start(&folder));
    folder_write_text(&folder, "tokenizer_config.json", "{\"truncation_side\": \"right\"}");
    assert_false(truncates_start(&folder));
    folder_write_text(&folder, "tokenizer_config.json", "{\"truncation_side\": \"left\"}");
    assert_true(truncates_start(&folder));
    folder_release(&folder);
    copy(&folder, "vocab");
    assert_false(truncates_start(&folder));
    folder_write_text(&folder, "tokenizer_config.json", "{\"truncation_side\": \"left\"}");
    assert_true(truncates_start(&folder));
    folder_release(&folder);
}

static void test_load__split_special_tokens_looks_for_none(void **state)
{
    (void)state;
    /* "[", "s", "##e", "##p", "]" */
    assert_int_equal(count_tokens("vocab", "{}", "[MASK]"), 3);
    assert_int_equal(count_tokens("vocab", "{\"split_special_tokens\": true}", "[SEP]"), 2 + 5);
    assert_int_equal(count_tokens("uncased", "{\"split_special_tokens\": true}", "[SEP]"), 2 + 5);
    /* A token that is not special is looked for all the same. */
    assert_int_equal(
        count_tokens("vocab",
                     "{\"split_special_tokens\": true, \"added_tokens_decoder\": {\"5\": "
                     "{\"content\": \"the\"}}}",
                     "xthex"),
        2 + 3);
}

static void test_load__four_special_tokens_are_known_without_added_tokens(void **state)
{
    struct folder folder;

    (void)state;
    copy(&folder, "uncased");
    folder_write_text(&folder, "tokenizer_config.json", "{}");
    folder_replace(&folder, "tokenizer.json", "\"added_tokens\":[", "\"added_tokens\":[],\"x\":[");
    assert_encodes(&folder, "[SEP][MASK][PAD]the", (const int32_t[]){2, 3, 4, 0, 5, 3}, 6);
    folder_release(&folder);
}

static void test_load__lowercase_goes_before_the_normalizer(void **state)
{
    struct tokenizer *tokenizer = NULL;
    const struct tokenize_options options = {0};
    struct tokens tokens = {0};
    struct error error = {{0}};
    struct folder folder;

    (void)state;
    copy(&folder, "vocab");
    folder_write_text(&folder, "tokenizer_config.json", "{\"do_lower_case\": false}");
    assert_int_equal(tokenizer_load(&tokenizer, folder.path, true, &error), STATUS_OK);
    /* Small letters, but the accent stays, and [SEP] is still a special token. */
    golden_encode(tokenizer, "THE [SEP] CAF\xc3\x89", 15, &options, &tokens);
    assert_int_equal(tokens.n_tokens, 3);
    assert_int_equal(tokens.ids[0], 5);
    assert_int_equal(tokens.ids[1], 3);
    tokens_release(&tokens);
    tokenizer_free(tokenizer);
    folder_release(&folder);
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

/* An empty token needs no row of the embeddings, so no text may become it. */
static void test_load__no_text_becomes_an_empty_token(void **state)
{
    static const struct {
        const char *json;
        const char *complaint;
    } cases[] = {
        {"{\"model\":{\"type\":\"WordLevel\",\"vocab\":{\"a\":0,\"\":1}}}",
         "\"unk_token\" is \"\""},
        {"{\"model\":{\"type\":\"WordPiece\",\"vocab\":{\"a\":0,\"\":1},\"unk_token\":\"\","
         "\"continuing_subword_prefix\":\"##\",\"max_input_chars_per_word\":9}}",
         "\"unk_token\" is \"\""},
        {"{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"\":1},\"merges\":[],"
         "\"unk_token\":\"\"}}",
         "\"unk_token\" is \"\""},
        {"{\"model\":{\"type\":\"Unigram\",\"vocab\":[[\"a\",-1],[\"\",-2]],\"unk_id\":1}}",
         "\"unk_id\" is 1, a piece that is empty"},
        {"{\"model\":{\"type\":\"Unigram\",\"vocab\":[[\"a\",-1],[\"a\",-2]],\"unk_id\":0}}",
         "\"unk_id\" is 0, a piece that is empty or there twice"},
        {"{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"\":1},\"merges\":[]},"
         "\"post_processor\":{\"type\":\"BertProcessing\",\"cls\":[\"a\",0],\"sep\":[\"\",1]}}",
         "no token \"\" with the id 1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct folder folder;

        folder_init(&folder);
        folder_write_text(&folder, "tokenizer.json", cases[i].json);
        folder_write_text(&folder, "tokenizer_config.json",
                          "{\"tokenizer_class\":\"PreTrainedTokenizerFast\"}");
        assert_refused(&folder, STATUS_INVALID, cases[i].complaint);
        folder_release(&folder);
    }
}

/* A folder whose normalizer or decoder is so many "Replace" of "a" by 32 of it. */
static void write_growth(struct folder *folder, const char *part, size_t n_parts)
{
    char json[4096];
    size_t n;

    n = (size_t)snprintf(json, sizeof json,
                         "{\"model\":{\"type\":\"WordLevel\",\"vocab\":{\"a\":0,\"u\":1},"
                         "\"unk_token\":\"u\"},\"%s\":{\"type\":\"Sequence\",\"%ss\":[",
                         part, part);
    for (size_t i = 0; i < n_parts; i++)
        n += (size_t)snprintf(json + n, sizeof json - n,
                              "%s{\"type\":\"Replace\",\"pattern\":{\"String\":\"a\"},"
                              "\"content\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}",
                              i > 0 ? "," : "");
    snprintf(json + n, sizeof json - n, "]}}");
    folder_init(folder);
    folder_write_text(folder, "tokenizer.json", json);
    folder_write_text(folder, "tokenizer_config.json",
                      "{\"tokenizer_class\":\"PreTrainedTokenizerFast\"}");
}

/* Sixteen normalizers would make 2^80 characters of one. */
static void test_load__refuses_parts_that_grow_a_text_without_bound(void **state)
{
    static const struct {
        const char *part;
        size_t n_parts;
        const char *complaint; /* NULL: loads */
    } cases[] = {
        {"normalizer", 16, "make more than 8192 characters of one"},
        {"normalizer", 3, "make more than 8192 characters of one"},
        {"normalizer", 2, NULL},
        {"decoder", 8, "make more than 1024 bytes of one"},
        {"decoder", 3, "make more than 1024 bytes of one"},
        {"decoder", 2, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct folder folder;

        write_growth(&folder, cases[i].part, cases[i].n_parts);
        if (cases[i].complaint)
            assert_refused(&folder, STATUS_UNSUPPORTED, cases[i].complaint);
        else
            tokenizer_free(assert_loads(&folder));
        folder_release(&folder);
    }
}

/* 1,024 characters of a normalizer, and eight of each of those. */
static void test_load__refuses_what_grows_by_normalizer_and_splitter_together(void **state)
{
    struct folder folder;

    (void)state;
    write_growth(&folder, "normalizer", 2);
    folder_replace(&folder, "tokenizer.json", "\"normalizer\"",
                   "\"pre_tokenizer\":{\"type\":\"ByteLevel\"},\"normalizer\"");
    tokenizer_free(assert_loads(&folder));
    folder_replace(&folder, "tokenizer.json", "{\"type\":\"ByteLevel\"}",
                   "{\"type\":\"Sequence\",\"pretokenizers\":["
                   "{\"type\":\"Metaspace\",\"replacement\":\"_\"},{\"type\":\"ByteLevel\"}]}");
    assert_refused(&folder, STATUS_UNSUPPORTED, "make more than 8192 characters of one");
    folder_release(&folder);
}

/* The official reader refuses it; only the model's type may be missing. */
static void test_load__berts_class_refuses_a_pre_tokenizer_without_a_type(void **state)
{
    struct folder folder;

    (void)state;
    copy(&folder, "uncased");
    folder_write_text(&folder, "tokenizer_config.json", "{\"tokenizer_class\": \"BertTokenizer\"}");
    folder_replace(&folder, "tokenizer.json", "{\"type\":\"BertPreTokenizer\"}", "{\"x\":[]}");
    assert_refused(&folder, STATUS_INVALID,
                   "tokenizer.json: \"pre_tokenizer\": \"type\" is missing");
    folder_release(&folder);
}

static void test_load__refuses_a_dropout_of_merges(void **state)
{
    static const char *const odd[] = {"0.1", "\"0.1\"", "{}", "true"};

    (void)state;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        struct folder folder;
        char text[40];

        snprintf(text, sizeof text, "\"dropout\":%s", odd[i]);
        copy(&folder, "part_gpt2");
        folder_replace(&folder, "tokenizer.json", "\"dropout\":null", text);
        assert_refused(&folder, STATUS_UNSUPPORTED,
                       "tokenizer.json: \"model\": \"dropout\" is not supported");
        folder_release(&folder);
    }
}

/* Not even one that is not looked for in texts. */
static void test_load__refuses_an_empty_added_token(void **state)
{
    struct folder folder;

    (void)state;
    copy(&folder, "vocab");
    folder_write_text(&folder, "tokenizer_config.json",
                      "{\"split_special_tokens\":true,\"cls_token\":\"\","
                      "\"added_tokens_decoder\":{\"99\":{\"content\":\"\",\"special\":true}}}");
    assert_refused(&folder, STATUS_INVALID, "the token \"\" is empty");
    folder_release(&folder);
}

static void test_load__vocab_txt_ends_lines_at_any_white_space(void **state)
{
    struct folder folder;
    struct tokenizer *tokenizer;
    size_t len_bytes;

    (void)state;
    folder_init(&folder);
    folder_write_text(&folder, "vocab.txt", "[UNK]\r\n[CLS] \n[SEP]\n[PAD]\n[MASK]\n\na\na\n##b");
    tokenizer = assert_loads(&folder);
    assert_int_equal(tokenizer_vocabulary_size(tokenizer), 9);
    assert_string_equal(tokenizer_token_text(tokenizer, 0, &len_bytes), "[UNK]");
    assert_string_equal(tokenizer_token_text(tokenizer, 5, &len_bytes), "");
    /* The last line with a text has it. */
    assert_null(tokenizer_token_text(tokenizer, 6, &len_bytes));
    assert_string_equal(tokenizer_token_text(tokenizer, 7, &len_bytes), "a");
    tokenizer_free(tokenizer);
    assert_encodes(&folder, "AB [MASK]", (const int32_t[]){1, 7, 8, 4, 2}, 5);
    folder_release(&folder);
}

static void test_load__empty_lines_behind_vocab_txt_need_no_rows(void **state)
{
    struct folder folder;
    struct tokenizer *tokenizer;
    size_t len_bytes;

    (void)state;
    folder_init(&folder);
    folder_write_text(&folder, "vocab.txt", "[UNK]\n[CLS]\n[SEP]\n[PAD]\n[MASK]\na\n\n");
    tokenizer = assert_loads(&folder);
    assert_int_equal(tokenizer_vocabulary_size(tokenizer), 6);
    assert_null(tokenizer_token_text(tokenizer, 6, &len_bytes));
    tokenizer_free(tokenizer);
    folder_release(&folder);
}

static void test_load__refuses_a_damaged_vocab_txt(void **state)
{
    struct folder folder;

    (void)state;
    copy(&folder, "vocab");
    folder_write_text(&folder, "vocab.txt", "");
    assert_refused(&folder, STATUS_INVALID,
                   "tokenizer_config.json: \"unk_token\" is \"[UNK]\", which the vocabulary "
                   "does not have");
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
    folder_write_text(&folder, "vocab.txt", "<u>\n<s>\n</s>\n[CLS]\na\n<e>\n<m>\n[PAD]\n");
    folder_write_text(&folder, "tokenizer_config.json",
                      "{\"unk_token\": \"<u>\", \"cls_token\": \"[CLS]\", \"sep_token\": \"</s>\", "
                      "\"additional_special_tokens\": [\"<e>\", \"<s>\"]}");
    folder_write_text(&folder, "special_tokens_map.json",
                      "{\"cls_token\": \"<s>\", \"mask_token\": {\"content\": \"<m>\", "
                      "\"lstrip\": true}}");
    assert_encodes(&folder, "a<e> <m>b", (const int32_t[]){1, 4, 5, 6, 0, 2}, 6);
    /* A special token that no file of words has is numbered on. */
    folder_write_text(&folder, "special_tokens_map.json", "{\"mask_token\": \"[M]\"}");
    assert_encodes(&folder, "a[M]", (const int32_t[]){3, 4, 8, 2}, 4);
    folder_write_text(&folder, "special_tokens_map.json", "{\"cls_token\": \"[C]\"}");
    assert_refused(&folder, STATUS_INVALID,
                   "special_tokens_map.json: \"cls_token\" is \"[C]\", which the vocabulary");
    folder_write_text(&folder, "special_tokens_map.json", "{\"mask_token\": 7}");
    assert_refused(&folder, STATUS_INVALID, "\"mask_token\" must be a text or an object");
    folder_write_text(&folder, "special_tokens_map.json", "{\"bos_token\": {\"x\": 1}}");
    assert_refused(&folder, STATUS_INVALID, "\"content\" must be a text");
    folder_write_text(&folder, "special_tokens_map.json", "{\"query_token\": \"a\"}");
    assert_refused(&folder, STATUS_UNSUPPORTED, "special_tokens_map.json: \"query_token\"");
    folder_release(&folder);
}

/* Each of the files alone, beside a vocab.txt and beside a tokenizer.json. */
static void test_load__tokens_of_every_file_are_looked_for(void **state)
{
    static const struct {
        const char *name;
        const char *text;
    } files[] = {
        {"tokenizer_config.json", "{\"additional_special_tokens\": [\"<a>\"]}"},
        {"tokenizer_config.json", "{\"extra_special_tokens\": [\"<a>\"]}"},
        {"tokenizer_config.json", "{\"extra_special_tokens\": {\"a_token\": \"<a>\"}}"},
        {"tokenizer_config.json", "{\"bos_token\": \"<a>\"}"},
        {"special_tokens_map.json", "{\"additional_special_tokens\": [\"<a>\"]}"},
        {"special_tokens_map.json", "{\"eos_token\": {\"content\": \"<a>\"}}"},
        {"added_tokens.json", NULL},
    };
    static const char *const folders[] = {"uncased", "vocab"};

    (void)state;
    for (size_t i = 0; i < 2 * sizeof files / sizeof *files; i++) {
        struct tokenizer *tokenizer = golden_load(folders[i % 2]);
        int32_t id = (int32_t)tokenizer_vocabulary_size(tokenizer);
        struct folder folder;
        char text[100];

        snprintf(text, sizeof text, "{\"<a>\": %d}", (int)id);
        copy(&folder, folders[i % 2]);
        folder_write_text(&folder, "tokenizer_config.json", "{}");
        folder_write_text(&folder, files[i / 2].name, files[i / 2].text ? files[i / 2].text : text);
        assert_encodes(&folder, "the<a>the", (const int32_t[]){2, 5, id, 5, 3}, 5);
        folder_release(&folder);
        tokenizer_free(tokenizer);
    }
}

static void test_load__added_tokens_json_is_read_in_the_order_of_ids(void **state)
{
    struct tokenizer *tokenizer = golden_load("vocab");
    int32_t n = (int32_t)tokenizer_vocabulary_size(tokenizer);
    struct folder folder;

    (void)state;
    tokenizer_free(tokenizer);
    /* "newtok" under n + 1, then "New York" under n; both also in other letters; then those without
     * ids. [MASK] is not one any more. */
    copy(&folder, "vocab_added");
    assert_encodes(&folder, "the NEW yorknewtok<ent><new>[Q]",
                   (const int32_t[]){2, 5, n, n + 1, n + 2, n + 3, 49, 3}, 8);
    folder_write_text(&folder, "added_tokens.json", "{\"x\": 9999}");
    assert_refused(&folder, STATUS_INVALID, "added_tokens.json: \"x\": the token \"x\" has the id");
    folder_write_text(&folder, "added_tokens.json", "{\"x\": \"1\"}");
    assert_refused(&folder, STATUS_INVALID, "added_tokens.json: \"x\" must be a whole number");
    folder_release(&folder);
}

static void test_load__vocab_txt_with_added_tokens_decoder(void **state)
{
    struct folder folder;

    (void)state;
    folder_init(&folder);
    folder_write_text(&folder, "vocab.txt", "[UNK]\n[CLS]\n[SEP]\na\n[PAD]\n[MASK]\n");
    folder_write_text(&folder, "tokenizer_config.json",
                      "{\"added_tokens_decoder\": {\"0\": {\"content\": \"[UNK]\", \"special\": "
                      "true}, \"6\": {\"content\": \"Foo\", \"normalized\": true}}}");
    assert_encodes(&folder, "a foo [UNK]", (const int32_t[]){1, 3, 6, 0, 2}, 5);
    folder_replace(&folder, "tokenizer_config.json", "\"6\"", "\"7\"");
    assert_refused(&folder, STATUS_INVALID, "has the id 6, not 7");
    folder_replace(&folder, "tokenizer_config.json", "\"7\"", "\"99999999999\"");
    assert_refused(&folder, STATUS_INVALID, "\"99999999999\" is not an id");
    folder_release(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_load__refuses_with_file_and_key),
        cmocka_unit_test(test_load__refuses_every_shortened_tokenizer_json),
        cmocka_unit_test(test_load__refuses_an_empty_folder),
        cmocka_unit_test(test_load__no_post_processor_adds_nothing),
        cmocka_unit_test(test_load__no_pre_tokenizer_makes_one_word_of_a_text),
        cmocka_unit_test(test_load__add_prefix_space_prepends_nothing_by_itself),
        cmocka_unit_test(test_load__constructor_overrules_the_normalizer),
        cmocka_unit_test(test_load__constructor_knows_its_unknown_token_in_any_form),
        cmocka_unit_test(test_load__config_json_names_the_class_where_nobody_else_does),
        cmocka_unit_test(test_load__model_type_tells_the_class_where_nobody_names_one),
        cmocka_unit_test(test_load__refuses_tokenizer_config_with_file_and_key),
        cmocka_unit_test(test_load__side_of_truncation),
        cmocka_unit_test(test_load__split_special_tokens_looks_for_none),
        cmocka_unit_test(test_load__four_special_tokens_are_known_without_added_tokens),
        cmocka_unit_test(test_load__lowercase_goes_before_the_normalizer),
        cmocka_unit_test(test_load__empty_lines_behind_vocab_txt_need_no_rows),
        cmocka_unit_test(test_load__tokens_of_every_file_are_looked_for),
        cmocka_unit_test(test_load__added_tokens_json_is_read_in_the_order_of_ids),
        cmocka_unit_test(test_load__refuses_added_tokens_that_get_in_each_others_way),
        cmocka_unit_test(test_load__no_text_becomes_an_empty_token),
        cmocka_unit_test(test_load__berts_class_refuses_a_pre_tokenizer_without_a_type),
        cmocka_unit_test(test_load__refuses_a_dropout_of_merges),
        cmocka_unit_test(test_load__refuses_an_empty_added_token),
        cmocka_unit_test(test_load__refuses_parts_that_grow_a_text_without_bound),
        cmocka_unit_test(test_load__refuses_what_grows_by_normalizer_and_splitter_together),
        cmocka_unit_test(test_load__vocab_txt_ends_lines_at_any_white_space),
        cmocka_unit_test(test_load__refuses_a_damaged_vocab_txt),
        cmocka_unit_test(test_load__vocab_txt_takes_special_tokens_by_name),
        cmocka_unit_test(test_load__vocab_txt_with_added_tokens_decoder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
