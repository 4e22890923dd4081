/* SPDX-License-Identifier: Apache-2.0 */

/* What config.json says of a cross-encoder: as transformers 5.24 and sentence-transformers 6.2 read
 * it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/files/document.h"
#include "engine/model/head/labels.h"

#include <string.h>

static struct document document_of(const char *text)
{
    struct document document = {.root = json_loads(text, 0, NULL), .name = "config.json"};

    assert_non_null(document.root);
    return document;
}

#define ST  "\"sentence_transformers\": {\"activation_fn\": "
#define OLD "\"sbert_ce_default_activation_function\": "

static const struct {
    const char *config;
    size_t n;
    const char *last; /* label's name */
    enum score_activation activation;
    enum score_activation probability;
} read[] = {
    {"{}", 2, "LABEL_1", SCORES_RAW, SCORES_SOFTMAX},
    {"{\"num_labels\": 1}", 1, "LABEL_0", SCORES_SIGMOID, SCORES_SIGMOID},
    {"{\"id2label\": {\"0\": \"no\", \"1\": \"yes\", \"2\": \"both\"}}", 3, "both", SCORES_RAW,
     SCORES_SOFTMAX},
    {"{\"id2label\": {\"0\": \"no\", \"1\": \"yes\"}, \"num_labels\": 3}", 3, "LABEL_2", SCORES_RAW,
     SCORES_SOFTMAX},
    {"{\"id2label\": {\"0\": \"a\", \"1\": \"b\"}, "
     "\"problem_type\": \"multi_label_classification\"}",
     2, "b", SCORES_RAW, SCORES_SIGMOID},
    {"{\"num_labels\": 1, " ST "\"torch.nn.modules.linear.Identity\"}}", 1, "LABEL_0", SCORES_RAW,
     SCORES_SIGMOID},
    {"{\"num_labels\": 1, " OLD "\"torch.nn.modules.linear.Identity\"}", 1, "LABEL_0", SCORES_RAW,
     SCORES_SIGMOID},
    {"{\"num_labels\": 1, " ST "\"torch.nn.modules.activation.Sigmoid\"}, " OLD
     "\"torch.nn.modules.linear.Identity\"}",
     1, "LABEL_0", SCORES_SIGMOID, SCORES_SIGMOID},
    {"{\"num_labels\": 3, " ST "\"torch.nn.modules.activation.Sigmoid\"}}", 3, "LABEL_2",
     SCORES_SIGMOID, SCORES_SOFTMAX},
    {"{\"num_labels\": 1, " OLD "null}", 1, "LABEL_0", SCORES_SIGMOID, SCORES_SIGMOID},
};

static void test_labels__are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof read / sizeof *read; i++) {
        struct document config = document_of(read[i].config);
        struct labels labels = {0};
        struct error error = {{0}};

        if (labels_read(&labels, &config, &error))
            fail_msg("%s: %s", read[i].config, error.text);
        assert_int_equal(labels.n, read[i].n);
        assert_string_equal(labels.names[labels.n - 1], read[i].last);
        assert_int_equal(labels.activation, read[i].activation);
        assert_int_equal(labels_get_probability(&labels), read[i].probability);
        labels_release(&labels);
        document_release(&config);
    }
}

static const struct {
    const char *config;
    const char *complaint;
} refused[] = {
    {"{\"num_labels\": 0}", "config.json: \"num_labels\""},
    {"{\"num_labels\": \"2\"}", "config.json: \"num_labels\""},
    {"{\"id2label\": {}}", "0 labels"},
    {"{\"id2label\": [\"a\"]}", "\"id2label\""},
    {"{\"id2label\": {\"0\": \"a\", \"2\": \"c\"}}", "has no \"1\""},
    {"{\"id2label\": {\"0\": 7}}", "\"0\""},
    {"{" ST "\"torch.nn.modules.activation.Tanh\"}}", "\"activation_fn\" is \"torch.nn"},
    {"{" ST "\"mine.Sigmoid\"}}", "\"activation_fn\" is \"mine.Sigmoid\""},
    {"{" OLD "\"torch.nn.modules.activation.Softplus\"}", "sbert_ce_default"},
    {"{\"problem_type\": 7}", "\"problem_type\""},
};

static void test_labels__refuses_with_file_and_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct document config = document_of(refused[i].config);
        struct labels labels = {0};
        struct error error = {{0}};

        assert_int_not_equal(labels_read(&labels, &config, &error), STATUS_OK);
        if (!strstr(error.text, refused[i].complaint))
            fail_msg("%s: \"%s\"", refused[i].config, error.text);
        labels_release(&labels);
        document_release(&config);
    }
}

static void test_labels__are_there_by_the_architecture(void **state)
{
    static const struct {
        const char *config;
        bool are_there;
    } cases[] = {
        {"{}", false},
        {"{\"architectures\": null}", false},
        {"{\"architectures\": []}", false},
        {"{\"architectures\": [\"BertModel\"]}", false},
        {"{\"architectures\": [\"BertForSequenceClassification\"]}", true},
        {"{\"architectures\": [\"BertModel\", \"BertForSequenceClassification\"]}", false},
        {"{\"architectures\": [\"BertForTokenClassification\"]}", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct document config = document_of(cases[i].config);

        assert_int_equal(labels_are_there(&config), cases[i].are_there);
        document_release(&config);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_labels__are_read),
        cmocka_unit_test(test_labels__refuses_with_file_and_key),
        cmocka_unit_test(test_labels__are_there_by_the_architecture),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
