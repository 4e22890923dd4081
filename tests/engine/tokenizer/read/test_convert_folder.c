/* SPDX-License-Identifier: Apache-2.0 */

/* Folders without tokenizer.json whose vocabularies are damaged, or ask for what cannot be done.
 * test_golden.c has what those that are whole make of texts. */
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

#define MODEL_FILE "sentencepiece.bpe.model"

static void copy(struct folder *folder, const char *name)
{
    char path[100];

    snprintf(path, sizeof path, "../tokenizer/%s", name);
    folder_init_copy(folder, path);
}

static enum status load(const struct folder *folder, struct tokenizer **ret_tokenizer,
                        struct error *error)
{
    *ret_tokenizer = NULL;
    return tokenizer_load(ret_tokenizer, folder->path, false, error);
}

static void assert_refused(const struct folder *folder, enum status status, const char *complaint)
{
    struct tokenizer *tokenizer;
    struct error error = {{0}};
    enum status found = load(folder, &tokenizer, &error);

    if (found != status || !strstr(error.text, complaint))
        fail_msg("status %d \"%s\" instead of %d \"%s\"", (int)found, error.text, (int)status,
                 complaint);
}

static void assert_loads(const struct folder *folder)
{
    struct tokenizer *tokenizer;
    struct error error = {{0}};

    if (load(folder, &tokenizer, &error))
        fail_msg("%s", error.text);
    tokenizer_free(tokenizer);
}

/* --- SentencePiece ---------------------------------------------------------------------------- */

#define FILE_OF(text) text, sizeof(text) - 1

/* A piece "a", which all that loads must have. */
#define PIECE                                                                                      \
    "\x0a\x03\x0a\x01"                                                                             \
    "a"

static const struct {
    const char *bytes;
    size_t n_bytes;
    enum status status;
    const char *complaint;
} models[] = {
    {FILE_OF(""), STATUS_INVALID, "there are no pieces"},
    {FILE_OF("\x1a\x00"), STATUS_INVALID, "there are no pieces"},
    {FILE_OF(PIECE "\x02\x00"), STATUS_INVALID, "the field at byte 5 of 7 is damaged"},
    {FILE_OF(PIECE "\x7b"), STATUS_INVALID, "at byte 5 of 6"}, /* a group */
    {FILE_OF(PIECE "\x7f"), STATUS_INVALID, "at byte 5 of 6"}, /* wire type 7 */
    {FILE_OF(PIECE "\x78"), STATUS_INVALID, "at byte 5 of 6"}, /* no varint */
    {FILE_OF(PIECE "\x78\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), STATUS_INVALID,
     "at byte 5 of 17"}, /* one of 11 bytes */
    {FILE_OF(PIECE "\x79\x01\x02\x03\x04\x05\x06\x07"), STATUS_INVALID, "at byte 5 of 13"},
    {FILE_OF(PIECE "\x7d\x01\x02\x03"), STATUS_INVALID, "at byte 5 of 9"},
    {FILE_OF(PIECE "\x0a\x04\x0a\x01"
                   "b"),
     STATUS_INVALID, "at byte 5 of 10"},
    {FILE_OF(PIECE "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), STATUS_INVALID, "byte 5 of 16"},
    {FILE_OF(PIECE "\x0a\x03\x0a\x02"
                   "b"),
     STATUS_INVALID, "at byte 5 of 10"},
    {FILE_OF(PIECE "\x0a\x03\x0a\x01\xff"), STATUS_INVALID, "at byte 5 of 10"}, /* not UTF-8 */
    {FILE_OF(PIECE "\x08\x01"), STATUS_INVALID, "at byte 5 of 7"},
    {FILE_OF(PIECE "\x0a\x02\x08\x01"), STATUS_INVALID, "at byte 5 of 9"},        /* text */
    {FILE_OF(PIECE "\x0a\x02\x10\x01"), STATUS_INVALID, "at byte 5 of 9"},        /* score */
    {FILE_OF(PIECE "\x0a\x02\x1a\x00"), STATUS_INVALID, "at byte 5 of 9"},        /* type */
    {FILE_OF(PIECE "\x0a\x05\x15\x00\x00\xc0\x7f"), STATUS_INVALID, "byte 5 of"}, /* NaN */
    {FILE_OF(PIECE "\x0a\x05\x15\x00\x00\x80\xff"), STATUS_INVALID, "byte 5 of"}, /* -inf */
    {FILE_OF(PIECE "\x12\x02\x1a\x00"), STATUS_INVALID, "at byte 5 of 9"},        /* model_type */
    {FILE_OF(PIECE "\x1a\x02\x10\x01"), STATUS_INVALID, "at byte 5 of 9"},        /* the map */
    {FILE_OF(PIECE "\x12\x02\x18\x02"), STATUS_UNSUPPORTED, "\"model_type\" is 2"},
    {FILE_OF(PIECE "\x1a\x05\x12\x03"
                   "abc"),
     STATUS_INVALID, "\"precompiled_charsmap\" is not"},
    {FILE_OF(PIECE), STATUS_OK, ""},
    /* An empty map, and fields that nobody asks for. */
    {FILE_OF(PIECE "\x1a\x02\x12\x00"
                   "\x78\x01"
                   "\x79\x01\x02\x03\x04\x05\x06\x07\x08"
                   "\x7d\x01\x02\x03\x04"
                   "\x7a\x01"
                   "b"
                   "\xa2\x06\x00"),
     STATUS_OK, ""},
};

static void test_convert_folder__refuses_a_damaged_model(void **state)
{
    struct folder folder;

    (void)state;
    copy(&folder, "convert_xlmr");
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        folder_write(&folder, MODEL_FILE, models[i].bytes, models[i].n_bytes);
        if (models[i].status)
            assert_refused(&folder, models[i].status, models[i].complaint);
        else
            assert_loads(&folder);
    }
    folder_release(&folder);
}

/* A file that ends behind a field is a whole one. */
static void test_convert_folder__refuses_a_model_that_ends_in_a_field(void **state)
{
    struct folder folder;
    size_t n_bytes;
    size_t n_loaded = 0;
    char *bytes;

    (void)state;
    copy(&folder, "convert_xlmr");
    bytes = folder_read(&folder, MODEL_FILE, &n_bytes);
    for (size_t n = 0; n < n_bytes; n++) {
        struct tokenizer *tokenizer;
        struct error error = {{0}};

        folder_write(&folder, MODEL_FILE, bytes, n);
        if (load(&folder, &tokenizer, &error))
            assert_non_null(strstr(error.text, MODEL_FILE));
        else
            n_loaded++;
        tokenizer_free(tokenizer);
    }
    assert_in_range(n_loaded, 100, 130); /* as many as there are fields */
    free(bytes);
    folder_release(&folder);
}

/* A BPE's, of which all parts are tried. */
static void test_convert_folder__refuses_a_piece_that_is_too_long_to_merge(void **state)
{
    enum { N_BYTES = 513 };
    static const char head[] = "\x12\x02\x18\x02\x0a\x84\x04\x0a\x81\x04";
    char bytes[sizeof head - 1 + N_BYTES];
    struct folder folder;

    (void)state;
    memset(bytes, 'a', sizeof bytes);
    memcpy(bytes, head, sizeof head - 1);
    copy(&folder, "convert_llama");
    folder_write(&folder, "tokenizer.model", bytes, sizeof bytes);
    assert_refused(&folder, STATUS_UNSUPPORTED, "tokenizer.model: a piece has 513 bytes");
    folder_release(&folder);
}

/* --- merges.txt ------------------------------------------------------------------------------- */

static const struct {
    const char *bytes;
    size_t n_bytes;
    enum status status;
    const char *complaint;
} merges[] = {
    {FILE_OF("#version: 0.2\nt h\nth\n"), STATUS_INVALID, "merges.txt: line 3 must be two tokens"},
    {FILE_OF("t h e\n"), STATUS_INVALID, "merges.txt: line 1 "},
    {FILE_OF("t  h\n"), STATUS_INVALID, "line 1 "},
    {FILE_OF(" h\n"), STATUS_INVALID, "line 1 "},
    {FILE_OF("t \n"), STATUS_INVALID, "line 1 "},
    {FILE_OF("t h\n\n"), STATUS_INVALID, "line 2 "},
    {FILE_OF("t\0 h\n"), STATUS_INVALID, "line 1 "},
    {FILE_OF("# t h\n"), STATUS_INVALID, "line 1 "},
    {FILE_OF("t \xff\n"), STATUS_INVALID, "merges.txt: is not valid UTF-8"},
    {FILE_OF("t zz\n"), STATUS_INVALID, "\"merges\"[0] is of \"t\" and \"zz\""},
    {FILE_OF(""), STATUS_OK, ""},
    {FILE_OF("t h"), STATUS_OK, ""},
    {FILE_OF("#version: 0.2\r\nt h\r\n"), STATUS_OK, ""},
};

static void test_convert_folder__refuses_damaged_merges(void **state)
{
    struct folder folder;

    (void)state;
    copy(&folder, "convert_roberta");
    for (size_t i = 0; i < sizeof merges / sizeof *merges; i++) {
        folder_write(&folder, "merges.txt", merges[i].bytes, merges[i].n_bytes);
        if (merges[i].status)
            assert_refused(&folder, merges[i].status, merges[i].complaint);
        else
            assert_loads(&folder);
    }
    folder_release(&folder);
}

/* --- all files -------------------------------------------------------------------------------- */

/* A file of a folder that is put in its place; NULL: is missing. */
static const struct {
    const char *folder;
    const char *file;
    const char *text;
    enum status status;
    const char *complaint;
} changes[] = {
    {"convert_xlmr", MODEL_FILE, NULL, STATUS_IO,
     "has neither tokenizer.json nor sentencepiece.bpe.model"},
    {"convert_t5", "spiece.model", NULL, STATUS_IO, "has neither tokenizer.json nor spiece.model"},
    {"convert_roberta", "vocab.json", NULL, STATUS_IO, "has neither tokenizer.json nor vocab.json"},
    {"convert_roberta", "merges.txt", NULL, STATUS_IO, "has neither tokenizer.json nor merges.txt"},
    {"convert_roberta", "vocab.json", "[]", STATUS_INVALID, "vocab.json: must be a JSON object"},
    {"convert_roberta", "vocab.json", "{\"<s>\": 0}", STATUS_UNSUPPORTED,
     "vocab.json: there is no \"</s>\", the \"sep_token\""},
    {"convert_roberta", "vocab.json", "{\"<s>\": 0, \"</s>\": -1}", STATUS_UNSUPPORTED,
     "vocab.json: there is no \"</s>\", the \"sep_token\""},
    {"convert_gpt2", "tokenizer_config.json",
     "{\"tokenizer_class\": \"GPT2Tokenizer\", \"add_bos_token\": true, \"bos_token\": \"<b>\"}",
     STATUS_UNSUPPORTED, "vocab.json: there is no \"<b>\", the \"bos_token\""},
    {"convert_gpt2", "tokenizer_config.json",
     "{\"tokenizer_class\": \"GPT2Tokenizer\", \"add_prefix_space\": null}", STATUS_INVALID,
     "tokenizer_config.json: \"add_prefix_space\" must be true or false, not null"},
    {"convert_gpt2", "tokenizer_config.json", "{\"tokenizer_class\": \"GPTNeoXTokenizer\"}",
     STATUS_UNSUPPORTED, "\"tokenizer_class\" is \"GPTNeoXTokenizer\", one that needs a tokenizer"},
    {"convert_t5", "tokenizer_config.json",
     "{\"tokenizer_class\": \"T5Tokenizer\", \"eos_token\": \"<e>\"}", STATUS_UNSUPPORTED,
     "spiece.model: there is no \"<e>\", the \"eos_token\"; AutoTokenizer.from_pretrained"},
    {"convert_t5", "tokenizer_config.json",
     "{\"tokenizer_class\": \"T5Tokenizer\", \"extra_ids\": 1001}", STATUS_INVALID,
     "tokenizer_config.json: \"extra_ids\" must be a whole number from 0 to 1000"},
    {"convert_xlmr", "tokenizer_config.json",
     "{\"tokenizer_class\": \"XLMRobertaTokenizer\", \"mask_token\": null}", STATUS_UNSUPPORTED,
     "\"mask_token\" is null, which \"XLMRobertaTokenizer\" cannot do without"},
    {"convert_deberta", "tokenizer_config.json",
     "{\"tokenizer_class\": \"DebertaV2Tokenizer\", \"unk_token\": \"the\"}", STATUS_UNSUPPORTED,
     "spm.model: the \"unk_token\" has another score than 0"},
    {"convert_deberta", "tokenizer_config.json",
     "{\"tokenizer_class\": \"DebertaV2Tokenizer\", \"unk_token\": \"<u>\"}", STATUS_UNSUPPORTED,
     "spm.model: there is no \"<u>\", the \"unk_token\""},
    {"convert_llama", "tokenizer.model", NULL, STATUS_IO,
     "has neither tokenizer.json nor tokenizer.model"},
    {"convert_llama", "tokenizer.model", PIECE, STATUS_UNSUPPORTED,
     "\"model_type\" is 1, and \"LlamaTokenizer\" has a BPE (2)"},
    {"convert_llama", "tokenizer.model", "\x12\x02\x18\x02" PIECE, STATUS_UNSUPPORTED,
     "tokenizer.model: there is no \"<s>\", the \"bos_token\""},
    {"convert_llama", "config.json", "{\"model_type\": \"mistral\"}", STATUS_UNSUPPORTED,
     "\"LlamaTokenizer\", which is not heard for config.json's \"model_type\""},
    /* Whether these count is not the same in all releases. */
    {"convert_xlmr", "special_tokens_map.json", "{\"additional_special_tokens\": [\"the\"]}",
     STATUS_UNSUPPORTED, "special_tokens_map.json: \"additional_special_tokens\" names \"the\""},
};

static void test_convert_folder__refuses_with_file_and_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct folder folder;

        copy(&folder, changes[i].folder);
        if (changes[i].text)
            folder_write_text(&folder, changes[i].file, changes[i].text);
        else
            folder_delete(&folder, changes[i].file);
        assert_refused(&folder, changes[i].status, changes[i].complaint);
        folder_release(&folder);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_convert_folder__refuses_a_damaged_model),
        cmocka_unit_test(test_convert_folder__refuses_a_model_that_ends_in_a_field),
        cmocka_unit_test(test_convert_folder__refuses_a_piece_that_is_too_long_to_merge),
        cmocka_unit_test(test_convert_folder__refuses_damaged_merges),
        cmocka_unit_test(test_convert_folder__refuses_with_file_and_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
