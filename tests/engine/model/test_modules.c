/* SPDX-License-Identifier: Apache-2.0 */

/* The modules after the Pooling: what is read, and what is refused by file and key. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/model/modules/modules.h"
#include "tests/engine/model/folder.h"

#include <stdio.h>
#include <string.h>

/* Of tiny-mean, whose token vectors have 12 numbers. */
enum { N_IN = 12, N_OUT = 5 };

static const float values[N_IN * N_OUT] = {1, 2, 3};
static const struct folder_tensor dense_tensors[] = {
    {"linear.weight", N_OUT, N_IN, values},
    {"linear.bias", N_OUT, 0, values},
    {"residual.weight", N_OUT, N_IN, values},
};
static const struct folder_tensor norm_tensors[] = {
    {"norm.weight", N_OUT, 0, values},
    {"norm.bias", N_OUT, 0, values},
};

#define DENSE_CONFIG "{\"in_features\": 12, \"out_features\": 5"

/* Transformer and Pooling, then the modules of `types`, which end with NULL, in folders 2, 3, ... */
static void list_modules(const struct folder *folder, const char *const *types)
{
    char text[2000];
    size_t len = (size_t)snprintf(
        text, sizeof text,
        "[{\"path\": \"\", \"type\": \"sentence_transformers.models.Transformer\"}, "
        "{\"path\": \"1_Pooling\", \"type\": \"sentence_transformers.models.Pooling\"}");

    for (size_t i = 0; types[i]; i++)
        len +=
            (size_t)snprintf(text + len, sizeof text - len,
                             ", {\"path\": \"%zu\", \"type\": \"sentence_transformers.models.%s\"}",
                             i + 2, types[i]);
    snprintf(text + len, sizeof text - len, "]");
    folder_write_text(folder, "modules.json", text);
}

/* A Dense from 12 to 5 numbers in folder 2, a LayerNorm of 5 in folder 3. */
static void make_folder(struct folder *folder)
{
    static const char *const types[] = {"Dense", "LayerNorm", NULL};

    folder_init_copy(folder, "tiny-mean");
    list_modules(folder, types);
    folder_write_text(folder, "2/config.json", DENSE_CONFIG "}");
    folder_write_tensors(folder, "2/model.safetensors", dense_tensors, 3);
    folder_write_text(folder, "3/config.json", "{\"dimension\": 5}");
    folder_write_tensors(folder, "3/model.safetensors", norm_tensors, 2);
}

static struct modules read_all(const struct folder *folder)
{
    struct error error = {{0}};
    struct modules modules;

    if (modules_read(&modules, folder->path, &error))
        fail_msg("%s", error.text);
    return modules;
}

static void assert_refused(const struct folder *folder, enum status wanted, const char *complaint)
{
    struct error error = {{0}};
    struct modules modules;
    enum status status = modules_read(&modules, folder->path, &error);

    if (status != wanted || !strstr(error.text, complaint))
        fail_msg("status %d, not %d: \"%s\", not \"%s\"", status, wanted, error.text, complaint);
}

static void test_modules__reads_dense_and_layer_norm(void **state)
{
    struct transform_step *steps;
    struct modules modules;
    struct folder folder;

    (void)state;
    make_folder(&folder);
    modules = read_all(&folder);
    assert_int_equal(modules.transform.n_steps, 2);
    assert_int_equal(modules.n_dims, N_OUT);
    steps = modules.transform.steps;
    assert_int_equal(steps[0].kind, TRANSFORM_DENSE);
    assert_int_equal(steps[0].n_in, N_IN);
    assert_int_equal(steps[0].n_out, N_OUT);
    assert_ptr_equal(steps[0].activation, transform_find_activation("torch.nn.Tanh"));
    assert_memory_equal(steps[0].weight, values, sizeof values);
    assert_memory_equal(steps[0].bias, values, N_OUT * sizeof *values);
    assert_false(steps[0].adds_input);
    assert_null(steps[0].residual);
    assert_int_equal(steps[1].kind, TRANSFORM_LAYER_NORM);
    assert_int_equal(steps[1].n_out, N_OUT);
    assert_memory_equal(steps[1].weight, values, N_OUT * sizeof *values);
    assert_false(modules.normalize);
    modules_release(&modules);
    folder_release(&folder);
}

static void test_modules__dense_has_what_its_keys_say(void **state)
{
    struct modules modules;
    struct folder folder;

    (void)state;
    make_folder(&folder);
    folder_write_text(&folder, "2/config.json",
                      DENSE_CONFIG ", \"bias\": false, \"use_residual\": true, "
                                   "\"activation_function\": \"torch.nn.modules.activation.ReLU\", "
                                   "\"module_input_name\": \"sentence_embedding\", "
                                   "\"module_output_name\": null}");
    modules = read_all(&folder);
    assert_null(modules.transform.steps[0].bias);
    assert_true(modules.transform.steps[0].adds_input);
    assert_memory_equal(modules.transform.steps[0].residual, values, sizeof values);
    assert_ptr_equal(modules.transform.steps[0].activation,
                     transform_find_activation("torch.nn.ReLU"));
    modules_release(&modules);
    folder_release(&folder);
}

static void test_modules__a_normalize_that_something_follows_is_a_step(void **state)
{
    static const char *const types[] = {"Dense", "LayerNorm", "Normalize", "Dropout", NULL};
    static const char *const mixed[] = {"Dense", "LayerNorm", "Normalize", "LayerNorm", NULL};
    struct modules modules;
    struct folder folder;

    (void)state;
    make_folder(&folder);
    list_modules(&folder, types);
    modules = read_all(&folder);
    assert_int_equal(modules.transform.n_steps, 2);
    assert_true(modules.normalize);
    modules_release(&modules);
    folder_write_text(&folder, "5/config.json", "{\"dimension\": 5}");
    folder_write_tensors(&folder, "5/model.safetensors", norm_tensors, 2);
    list_modules(&folder, mixed);
    modules = read_all(&folder);
    assert_int_equal(modules.transform.n_steps, 4);
    assert_int_equal(modules.transform.steps[2].kind, TRANSFORM_NORMALIZE);
    assert_int_equal(modules.transform.steps[2].n_out, N_OUT);
    assert_int_equal(modules.transform.steps[3].kind, TRANSFORM_LAYER_NORM);
    assert_false(modules.normalize);
    modules_release(&modules);
    folder_release(&folder);
}

static void test_modules__refuses_what_cannot_be_done_by_file_and_key(void **state)
{
    static const struct {
        const char *file;
        const char *text;
        enum status status;
        const char *complaint;
    } cases[] = {
        {"2/config.json", DENSE_CONFIG ", \"gain\": 2}", STATUS_UNSUPPORTED,
         "2/config.json: \"gain\" (2) is a setting"},
        {"2/config.json", "{\"in_features\": 11, \"out_features\": 5}", STATUS_INVALID,
         "2/config.json: \"in_features\" is 11, but the module before gives vectors of 12"},
        {"2/config.json", "{\"out_features\": 5}", STATUS_INVALID, "has no \"in_features\""},
        {"2/config.json", "{\"in_features\": 12}", STATUS_INVALID, "has no \"out_features\""},
        {"2/config.json", "{\"in_features\": 12, \"out_features\": 65537}", STATUS_INVALID,
         "\"out_features\" must be"},
        {"2/config.json", "{\"in_features\": 12, \"out_features\": 6}", STATUS_INVALID,
         "2/model.safetensors: tensor \"linear.weight\" has shape [5, 12]"},
        {"2/config.json", DENSE_CONFIG ", \"bias\": 1}", STATUS_INVALID, "\"bias\" must be"},
        {"2/config.json", DENSE_CONFIG ", \"activation_function\": null}", STATUS_UNSUPPORTED,
         "\"activation_function\" is null; torch.nn's Identity, Tanh"},
        {"2/config.json", DENSE_CONFIG ", \"activation_function\": \"mine.Tanh\"}",
         STATUS_UNSUPPORTED, "\"activation_function\" is \"mine.Tanh\""},
        {"2/config.json", DENSE_CONFIG ", \"module_input_name\": \"token_embeddings\"}",
         STATUS_UNSUPPORTED, "\"module_input_name\" is \"token_embeddings\""},
        {"2/config.json", DENSE_CONFIG ", \"module_output_name\": \"x\"}", STATUS_UNSUPPORTED,
         "\"module_output_name\" is \"x\""},
        {"3/config.json", "{\"dimension\": 12}", STATUS_INVALID,
         "3/config.json: \"dimension\" is 12, but the module before gives vectors of 5"},
        {"3/config.json", "{\"dimension\": 5, \"eps\": 1}", STATUS_UNSUPPORTED,
         "3/config.json: \"eps\" (1) is a setting"},
        {"3/model.safetensors", "", STATUS_INVALID, "model.safetensors: "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct folder folder;

        make_folder(&folder);
        folder_write_text(&folder, cases[i].file, cases[i].text);
        assert_refused(&folder, cases[i].status, cases[i].complaint);
        folder_release(&folder);
    }
}

static void test_modules__tells_how_to_take_a_router_apart(void **state)
{
    static const char *const routers[][2] = {{"Router", NULL}, {"Asym", NULL}};
    struct folder folder;

    (void)state;
    make_folder(&folder);
    for (size_t i = 0; i < 2; i++) {
        list_modules(&folder, routers[i]);
        assert_refused(&folder, STATUS_UNSUPPORTED, routers[i][0]);
        assert_refused(&folder, STATUS_UNSUPPORTED, "save each as a model and serve those, by: ");
    }
    folder_release(&folder);
}

static void test_modules__refuses_weights_that_are_missing_or_pickled(void **state)
{
    struct folder folder;

    (void)state;
    make_folder(&folder);
    folder_write_tensors(&folder, "2/model.safetensors", dense_tensors, 1);
    assert_refused(&folder, STATUS_INVALID,
                   "2/model.safetensors: has no tensor \"linear.bias\" of shape [5]");
    folder_delete(&folder, "2/model.safetensors");
    assert_refused(&folder, STATUS_IO, "/2: has neither model.safetensors");
    folder_write_text(&folder, "2/pytorch_model.bin", "x");
    assert_refused(&folder, STATUS_UNSUPPORTED, "/2: has its weights only in pytorch_model.bin");
    folder_delete(&folder, "2/config.json");
    assert_refused(&folder, STATUS_IO, "2/config.json");
    folder_release(&folder);
}

#define MASKED                                                                                     \
    "[{\"path\": \"\", \"type\": \"sentence_transformers.sparse_encoder.models.MLMTransformer\"}"
#define SPLADE                                                                                     \
    ", {\"path\": \"1_S\", \"type\": "                                                             \
    "\"sentence_transformers.sparse_encoder.models.SpladePooling\"}"
#define POOLING ", {\"path\": \"1_Pooling\", \"type\": \"sentence_transformers.models.Pooling\"}"

static void test_modules__reads_splade_pooling(void **state)
{
    static const struct {
        const char *text;
        enum sparse_pooling pooling;
        bool logs_twice;
        size_t dims;
    } cases[] = {
        {"{}", SPARSE_MAX, false, 0},
        {"{\"pooling_strategy\": \"sum\", \"embedding_dimension\": 60}", SPARSE_SUM, false, 60},
        {"{\"activation_function\": \"log1p_relu\", \"word_embedding_dimension\": null, "
         "\"chunk_size\": 8}",
         SPARSE_MAX, true, 0},
    };
    struct folder folder;

    (void)state;
    folder_init_copy(&folder, "tiny-mean");
    folder_write_text(&folder, "modules.json", MASKED SPLADE "]");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct modules modules;

        folder_write_text(&folder, "1_S/config.json", cases[i].text);
        modules = read_all(&folder);
        assert_int_equal(modules.sparse.pooling, cases[i].pooling);
        assert_int_equal(modules.sparse.logs_twice, cases[i].logs_twice);
        assert_int_equal(modules.embedding_dims, cases[i].dims);
        assert_true(modules.is_masked_model && modules.pools);
        modules_release(&modules);
    }
    folder_release(&folder);
}

static void test_modules__refuses_splade_pooling_by_file_and_key(void **state)
{
    static const struct {
        const char *text;
        enum status status;
        const char *complaint;
    } cases[] = {
        {"{\"pooling_strategy\": \"mean\"}", STATUS_UNSUPPORTED,
         "1_S/config.json: \"pooling_strategy\" is \"mean\""},
        {"{\"activation_function\": \"gelu\"}", STATUS_UNSUPPORTED,
         "1_S/config.json: \"activation_function\" is \"gelu\""},
        {"{\"pooling_strategy\": 1}", STATUS_INVALID, "\"pooling_strategy\" must be"},
        {"{\"embedding_dimension\": 0}", STATUS_INVALID, "\"embedding_dimension\" must be"},
        {"{\"top_k\": 9}", STATUS_UNSUPPORTED, "1_S/config.json: \"top_k\" (9) is a setting"},
    };
    struct folder folder;
    struct modules modules;

    (void)state;
    folder_init_copy(&folder, "tiny-mean");
    folder_write_text(&folder, "modules.json", MASKED SPLADE "]");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        folder_write_text(&folder, "1_S/config.json", cases[i].text);
        assert_refused(&folder, cases[i].status, cases[i].complaint);
    }
    folder_write_text(&folder, "modules.json", MASKED POOLING "]");
    modules = read_all(&folder);
    assert_int_equal(modules_demand_pooling(&modules, NULL), STATUS_UNSUPPORTED);
    modules_release(&modules);
    folder_release(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_modules__reads_dense_and_layer_norm),
        cmocka_unit_test(test_modules__dense_has_what_its_keys_say),
        cmocka_unit_test(test_modules__a_normalize_that_something_follows_is_a_step),
        cmocka_unit_test(test_modules__refuses_what_cannot_be_done_by_file_and_key),
        cmocka_unit_test(test_modules__reads_splade_pooling),
        cmocka_unit_test(test_modules__refuses_splade_pooling_by_file_and_key),
        cmocka_unit_test(test_modules__tells_how_to_take_a_router_apart),
        cmocka_unit_test(test_modules__refuses_weights_that_are_missing_or_pickled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
