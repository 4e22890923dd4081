/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/hub/choose.h"

#include <string.h>

static const char etag[] = "5617a9f61b028005a4858fdac845db406aefb181";

/* A model's files; the wanted ones begin with '+', which is no part of their names. */
static enum status choose(const char *const files[], const char *modules, struct error *error)
{
    struct hub_listing listing = {0};
    enum status status;

    for (size_t i = 0; files[i]; i++)
        assert_int_equal(hub_listing_add(&listing, files[i] + (files[i][0] == '+'), 1, etag, NULL),
                         STATUS_OK);
    status = hub_choose(&listing, modules, modules ? strlen(modules) : 0, error);
    for (size_t i = 0; status == STATUS_OK && files[i]; i++) {
        if (listing.files[i].is_wanted != (files[i][0] == '+'))
            fail_msg("%s", files[i]);
    }
    hub_listing_release(&listing);
    return status;
}

/* The files of sentence-transformers/all-MiniLM-L6-v2 on the hub, and then some. */
static void test_choose__takes_what_is_served_and_no_other_format(void **state)
{
    static const char *const files[] = {
        ".gitattributes",
        "+1_Pooling/config.json",
        "+README.md",
        "+config.json",
        "+config_sentence_transformers.json",
        "data_config.json",
        "+model.safetensors",
        "+modules.json",
        "onnx/model.onnx",
        "onnx/model_O1.onnx",
        "onnx/config.json",
        "openvino/openvino_model.bin",
        "openvino/openvino_model.xml",
        "pytorch_model.bin",
        "rust_model.ot",
        "+sentence_bert_config.json",
        "+special_tokens_map.json",
        "tf_model.h5",
        "+tokenizer.json",
        "+tokenizer_config.json",
        "train_script.py",
        "+vocab.txt",
        "model.fp16.safetensors",
        "model.safetensors.index.json",
        "model-00001-of-00002.safetensors",
        "1_Pooling/deeper/config.json",
        "2_Normalize/config.json",
        "+sentencepiece.bpe.model",
        "imgs/model.safetensors",
        NULL,
    };

    (void)state;
    assert_int_equal(choose(files,
                            "[{\"idx\":0,\"path\":\"\",\"type\":\"x.Transformer\"},"
                            "{\"idx\":1,\"path\":\"1_Pooling\",\"type\":\"x.Pooling\"}]",
                            NULL),
                     STATUS_OK);
}

static void test_choose__takes_shards_where_there_is_no_single_file(void **state)
{
    static const char *const files[] = {
        "+config.json",
        "+model.safetensors.index.json",
        "+model-00001-of-00002.safetensors",
        "+model-00002-of-00002.safetensors",
        "pytorch_model.bin.index.json",
        "pytorch_model-00001-of-00002.bin",
        "consolidated.safetensors",
        "+2_Dense/config.json",
        "+2_Dense/model.safetensors",
        "2_Dense/pytorch_model.bin",
        NULL,
    };

    (void)state;
    assert_int_equal(choose(files, "[{\"path\":\"\"},{\"path\":\"2_Dense\"}]", NULL), STATUS_OK);
}

static void test_choose__takes_the_root_alone_where_there_are_no_modules(void **state)
{
    static const char *const files[] = {"+config.json", "+model.safetensors",
                                        "1_Pooling/config.json", NULL};

    (void)state;
    assert_int_equal(choose(files, NULL, NULL), STATUS_OK);
}

static void test_choose__refuses_modules_that_lead_elsewhere(void **state)
{
    static const char *const files[] = {"config.json", "model.safetensors", NULL};
    static const char *const modules[] = {
        "",
        "{}",
        "[1]",
        "[{}]",
        "[{\"path\":7}]",
        "[{\"path\":\"../x\"}]",
        "[{\"path\":\"/etc\"}]",
        "[{\"path\":\"a/../../b\"}]",
    };

    (void)state;
    for (size_t i = 0; i < sizeof modules / sizeof *modules; i++) {
        struct error error = {0};

        assert_int_equal(choose(files, modules[i], &error), STATUS_INVALID);
        assert_non_null(strstr(error.text, "modules.json"));
    }
}

static void test_choose__refuses_what_cannot_be_served(void **state)
{
    static const char *const gguf[] = {"README.md", "model.gguf", NULL};
    static const char *const pickled[] = {"config.json", "pytorch_model.bin", NULL};
    static const char *const shards[] = {"config.json", "pytorch_model.bin.index.json",
                                         "pytorch_model-00001-of-00001.bin", NULL};
    static const char *const other[] = {"README.md", "model.safetensors", NULL};
    static const char *const none[] = {NULL};
    struct error errors[5] = {0};

    (void)state;
    assert_int_equal(choose(gguf, NULL, &errors[0]), STATUS_UNSUPPORTED);
    assert_non_null(strstr(errors[0].text, "in GGUF"));
    assert_int_equal(choose(pickled, NULL, &errors[1]), STATUS_UNSUPPORTED);
    assert_non_null(strstr(errors[1].text, "pytorch_model.bin"));
    assert_int_equal(choose(other, NULL, &errors[2]), STATUS_UNSUPPORTED);
    assert_non_null(strstr(errors[2].text, "config.json"));
    assert_int_equal(choose(none, NULL, &errors[3]), STATUS_UNSUPPORTED);
    assert_int_equal(choose(shards, NULL, &errors[4]), STATUS_UNSUPPORTED);
    assert_non_null(strstr(errors[4].text, "pytorch_model.bin"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choose__takes_what_is_served_and_no_other_format),
        cmocka_unit_test(test_choose__takes_shards_where_there_is_no_single_file),
        cmocka_unit_test(test_choose__takes_the_root_alone_where_there_are_no_modules),
        cmocka_unit_test(test_choose__refuses_modules_that_lead_elsewhere),
        cmocka_unit_test(test_choose__refuses_what_cannot_be_served),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
