/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/files/file.h"
#include "engine/model/card.h"
#include "engine/model/card_fields.h"
#include "engine/model/model.h"
#include "tests/engine/model/data_dir.h"
#include "tests/engine/model/folder.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The card's text; the complaint must be this one, "" for none. */
static struct card parse(const char *text, size_t n_dims, const char *complaint)
{
    struct error found;
    struct card card;

    assert_int_equal(card_parse(&card, text, strlen(text), n_dims, &found), STATUS_OK);
    if (complaint[0] ? !strstr(found.text, complaint) : found.text[0])
        fail_msg("\"%s\", not \"%s\"", found.text, complaint);
    return card;
}

static char *read_card(const char *name)
{
    struct error error = {{0}};
    char path[256];
    size_t len_bytes;
    char *text;

    snprintf(path, sizeof path, CARDS_DIR "/%s", name);
    assert_int_equal(file_read(path, 1 << 20, &text, &len_bytes, &error), STATUS_OK);
    text = realloc(text, len_bytes + 1);
    text[len_bytes] = '\0';
    return text;
}

static void assert_text(const char *found, const json_t *expected)
{
    if (found)
        assert_string_equal(found, json_string_value(expected));
    else
        assert_null(expected);
}

static void assert_dims(const struct card *card, size_t n_dims, const size_t *dims)
{
    assert_int_equal(card->n_dims, n_dims);
    for (size_t i = 0; i < n_dims; i++)
        assert_int_equal(card->dims[i], dims[i]);
}

static void assert_examples(const struct card *card, const json_t *widget)
{
    assert_int_equal(card->n_examples, json_array_size(widget));
    for (size_t i = 0; i < card->n_examples; i++) {
        const json_t *item = json_array_get(widget, i);
        const json_t *sentences = json_object_get(item, "sentences");

        assert_text(card->examples[i].text, json_object_get(item, "source_sentence"));
        assert_int_equal(card->examples[i].n_sentences, json_array_size(sentences));
        for (size_t j = 0; j < card->examples[i].n_sentences; j++)
            assert_text(card->examples[i].sentences[j], json_array_get(sentences, j));
    }
}

static void assert_results(const struct card *card, const json_t *results)
{
    assert_int_equal(card->n_results, json_array_size(results));
    for (size_t i = 0; i < card->n_results; i++) {
        const struct card_result *result = &card->results[i];
        const json_t *item = json_array_get(results, i);
        const json_t *metrics = json_object_get(item, "metrics");

        assert_text(result->task_type, json_object_get(json_object_get(item, "task"), "type"));
        assert_text(result->dataset_name,
                    json_object_get(json_object_get(item, "dataset"), "name"));
        assert_text(result->dataset_type,
                    json_object_get(json_object_get(item, "dataset"), "type"));
        assert_int_equal(result->n_metrics, json_array_size(metrics));
        for (size_t j = 0; j < result->n_metrics; j++) {
            const json_t *metric = json_array_get(metrics, j);

            assert_text(result->metrics[j].type, json_object_get(metric, "type"));
            assert_text(result->metrics[j].name, json_object_get(metric, "name"));
            assert_text(result->metrics[j].value, json_object_get(metric, "value"));
        }
    }
}

/* As sentence-transformers' trainer writes it. PyYAML's reading is beside it, digits as written. */
static void test_card__reads_the_trainers(void **state)
{
    static const size_t dims[] = {64, 128, 256, 512, 768};
    char *text = read_card("matryoshka.md");
    struct card card = parse(text, 1024, "");
    json_t *expected = json_load_file(CARDS_DIR "/matryoshka.json", 0, NULL);
    const json_t *index = json_array_get(json_object_get(expected, "model-index"), 0);

    (void)state;
    free(text); /* nothing is kept of it */
    assert_string_equal(card.license, "apache-2.0");
    assert_int_equal(card.n_base_models, 1);
    assert_string_equal(card.base_model[0], "BAAI/bge-large-en-v1.5");
    assert_dims(&card, 5, dims);
    assert_int_equal(card.n_examples, 5);
    assert_examples(&card, json_object_get(expected, "widget"));
    assert_int_equal(card.n_results, 5);
    assert_int_equal(card.results[4].n_metrics, 15);
    assert_results(&card, json_object_get(index, "results"));
    json_decref(expected);
    card_release(&card);
}

static void assert_example(const struct card_example *example, const char *text, size_t n_sentences,
                           const char *last_sentence)
{
    assert_string_equal(example->text, text);
    assert_int_equal(example->n_sentences, n_sentences);
    if (n_sentences > 0)
        assert_string_equal(example->sentences[n_sentences - 1], last_sentence);
}

static void test_card__leaves_out_what_has_another_shape(void **state)
{
    static const size_t dims[] = {3, 4, 6, 12};
    char *text = read_card("odd.md");
    struct card card = parse(text, 12, "");

    (void)state;
    assert_string_equal(card.license, "mit, apache-2.0");
    assert_int_equal(card.n_base_models, 2);
    assert_string_equal(card.base_model[1], "second/model");
    assert_dims(&card, 4, dims);
    assert_int_equal(card.n_examples, 5);
    assert_example(&card.examples[0], "just a text", 0, NULL);
    assert_example(&card.examples[1], "one with a field", 0, NULL);
    assert_example(&card.examples[2], "query: with sentences", 3, "four");
    assert_example(&card.examples[3], "with one sentence", 1, "alone");
    assert_example(&card.examples[4], "17", 0, NULL);
    assert_int_equal(card.n_results, 3);
    assert_string_equal(card.results[0].task_type, "Retrieval");
    assert_null(card.results[0].task_name);
    assert_int_equal(card.results[0].n_metrics, 2);
    assert_string_equal(card.results[0].metrics[0].value, "70.10");
    assert_null(card.results[0].metrics[0].name);
    assert_null(card.results[0].metrics[1].type);
    assert_string_equal(card.results[0].metrics[1].value, "1e-05");
    assert_null(card.results[1].dataset_name);
    assert_string_equal(card.results[1].metrics[0].value, ".nan");
    assert_string_equal(card.results[2].metrics[0].name, "Spearman");
    card_release(&card);
    free(text);
}

static void test_card__license_other_has_its_own_name(void **state)
{
    struct card card = parse("---\nlicense: other\nlicense_name: gemma\n---\n", 8, "");

    (void)state;
    assert_string_equal(card.license, "gemma");
    card_release(&card);
    card = parse("---\nlicense: mit\nlicense_name: gemma\n---\n", 8, "");
    assert_string_equal(card.license, "mit");
    card_release(&card);
}

static void assert_empty(const struct card *card)
{
    assert_null(card->license);
    assert_int_equal(card->n_base_models + card->n_examples + card->n_results + card->n_dims, 0);
}

static void test_card__front_matter_stands_between_two_lines_of_dashes(void **state)
{
    static const char *const with[] = {
        "---\nlicense: mit\n---\n# A title\n",
        "---\r\nlicense: mit\r\n---\r\n",
        "\xef\xbb\xbf---  \nlicense: mit\n--- \t\n",
        "---\nlicense: mit\n---",
    };
    static const char *const without[] = {
        "",
        "---",
        "# A title\n\nlicense: mit\n",
        "----\nlicense: mit\n----\n",
        "---\n---\nlicense: mit\n",
        "---\n# nothing\n---\n",
        "---\n- license\n---\n",
        "# A title\n---\nlicense: mit\n---\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof with / sizeof *with; i++) {
        struct card card = parse(with[i], 8, "");

        assert_string_equal(card.license, "mit");
        card_release(&card);
    }
    for (size_t i = 0; i < sizeof without / sizeof *without; i++) {
        struct card card =
            parse(without[i], 8, i == 1 ? "line 1: begins front matter, which has no end" : "");

        assert_empty(&card);
        card_release(&card);
    }
}

static void test_card__what_is_broken_does_not_spoil_the_rest(void **state)
{
    static const size_t dims[] = {4, 8};
    struct card card = parse("---\nlicense: mit\nwidget: [\n---\n\"matryoshka_dims\": [8, 4]", 8,
                             "README.md: line 4: ");

    (void)state;
    assert_null(card.license);
    assert_dims(&card, 2, dims);
    card_release(&card);
    card = parse("---\nlicense: mit\n---\n\"matryoshka_dims\": [8, 4]", 7,
                 "README.md: \"matryoshka_dims\" holds 8, which is not from 1 to the vector's 7");
    assert_string_equal(card.license, "mit");
    assert_dims(&card, 0, NULL);
    card_release(&card);
    card = parse("\"matryoshka_dims\": [99999999999999999999999999, 4]", 8, "\"matryoshka_dims\"");
    assert_empty(&card);
    card_release(&card);
    card = parse("\"matryoshka_dims\": [0]", 8, "holds 0");
    card_release(&card);
    card = parse("\"matryoshka_dims\": [8, -1]\n\"matryoshka_dims\": [8", 8, "");
    assert_empty(&card);
    card_release(&card);
}

/* One more of each than is read. */
static char *make_long_card(void)
{
    char *text = NULL;
    size_t len_bytes;
    FILE *file = open_memstream(&text, &len_bytes);

    fputs("---\nlicense:\n", file);
    for (int i = 0; i < CARD_MAX_LICENSES + 1; i++)
        fputs("- a\n", file);
    fputs("widget:\n", file);
    for (int i = 0; i < CARD_MAX_EXAMPLES + 1; i++)
        fprintf(file, "- example %d\n", i);
    fputs("model-index:\n- results:\n", file);
    for (int i = 0; i < CARD_MAX_RESULTS - 1; i++)
        fputs("  - metrics: [{type: a, value: 1}]\n", file);
    fputs("- results:\n", file);
    for (int i = 0; i < 2; i++)
        fputs("  - metrics: [{type: b, value: 1}]\n", file);
    fputs("---\n", file);
    fclose(file);
    return text;
}

static void test_card__has_limits(void **state)
{
    char *text = make_long_card();
    struct card card = parse(text, 8, "README.md: has more than is read of it");

    (void)state;
    assert_int_equal(strlen(card.license), strlen("a") + (CARD_MAX_LICENSES - 1) * strlen(", a"));
    assert_int_equal(card.n_examples, CARD_MAX_EXAMPLES);
    assert_int_equal(card.n_results, CARD_MAX_RESULTS);
    assert_string_equal(card.results[CARD_MAX_RESULTS - 1].metrics[0].type, "b");
    card_release(&card);
    free(text);
}

static struct model *load(const struct folder *folder)
{
    struct error error = {{0}};
    struct model *model;

    if (model_load(&model, folder->path, NULL, &error))
        fail_msg("%s", error.text);
    return model;
}

static void test_card__of_a_folder(void **state)
{
    struct folder folder;
    struct model *model;

    (void)state;
    folder_init_copy(&folder, "tiny-mean");
    model = load(&folder);
    assert_empty(&model->card);
    model_free(model);
    folder_write_text(&folder, "README.md", "---\nlicense: mit\n---\n'matryoshka_dims': [6, 12]");
    model = load(&folder);
    assert_int_equal(model->n_notes, 0);
    assert_string_equal(model->card.license, "mit");
    assert_int_equal(model->card.n_dims, 2);
    assert_int_equal(model->n_matryoshka_dims, 0); /* they bind nobody */
    model_free(model);
    folder_release(&folder);
}

static void assert_noted(const struct folder *folder, const char *complaint)
{
    struct model *model = load(folder);

    assert_int_equal(model->n_notes, 1);
    if (!strstr(model->notes[0], complaint))
        fail_msg("\"%s\", not \"%s\"", model->notes[0], complaint);
    assert_empty(&model->card);
    model_free(model);
}

static void test_card__broken_is_one_note(void **state)
{
    static char long_card[(8 << 20) + 2];
    struct folder folder;

    (void)state;
    folder_init_copy(&folder, "tiny-mean");
    folder_write_text(&folder, "README.md",
                      "---\na: [\n---\n'matryoshka_dims': [13]'matryoshka_dims': [14]");
    assert_noted(&folder, "the model's card is not read whole: README.md: line 3: ");
    memset(long_card, '#', sizeof long_card - 1);
    folder_write_text(&folder, "README.md", long_card);
    assert_noted(&folder, "has 8388609 bytes (max: 8388608)");
    folder_delete(&folder, "README.md");
    folder_write_text(&folder, "README.md/file", "");
    assert_noted(&folder, "is not a regular file");
    folder_release(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_card__reads_the_trainers),
        cmocka_unit_test(test_card__leaves_out_what_has_another_shape),
        cmocka_unit_test(test_card__license_other_has_its_own_name),
        cmocka_unit_test(test_card__front_matter_stands_between_two_lines_of_dashes),
        cmocka_unit_test(test_card__what_is_broken_does_not_spoil_the_rest),
        cmocka_unit_test(test_card__has_limits),
        cmocka_unit_test(test_card__of_a_folder),
        cmocka_unit_test(test_card__broken_is_one_note),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
