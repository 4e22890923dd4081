/* SPDX-License-Identifier: Apache-2.0 */

/* The folders under tests/data/models/ are made by tests/models/make_test_data.py; here they are
 * loaded as they are, and then with one thing changed at a time. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/model/model.h"
#include "tests/engine/model/folder.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct model *load(const struct folder *folder, const char *pooling)
{
    struct error error = {{0}};
    struct model *model = NULL;

    if (model_load(&model, folder->path, pooling, &error))
        fail_msg("%s", error.text);
    return model;
}

static void assert_not_loaded(const struct folder *folder, const char *pooling, enum status wanted,
                              const char *complaint)
{
    struct error error = {{0}};
    struct model *model = NULL;
    enum status status = model_load(&model, folder->path, pooling, &error);

    if (status != wanted || !strstr(error.text, complaint))
        fail_msg("status %d, not %d: \"%s\", not \"%s\"", status, wanted, error.text, complaint);
    assert_null(model);
}

static const struct tensor *find_tensor(const struct model *model, const char *name)
{
    if (strcmp(name, "embeddings.word_embeddings.weight") == 0)
        return &model->word_embeddings;
    if (strcmp(name, "encoder.layer.1.output.dense.weight") == 0)
        return &model->layers[1].output.weight;
    if (strcmp(name, "encoder.layer.0.attention.output.LayerNorm.bias") == 0)
        return &model->layers[0].attention_norm.beta;
    if (strcmp(name, "encoder.layer.1.attention.self.value.bias") == 0)
        return &model->layers[1].value.bias;
    fail_msg("%s", name);
    return NULL;
}

/* Compares with what the official safetensors reader found (expected.json). */
static void assert_tensors(const struct folder *folder, const struct model *model)
{
    json_t *expected = json_load_file(folder_path(folder, "expected.json"), 0, NULL);
    json_t *tensors = json_object_get(expected, "tensors");
    const char *name;
    json_t *values;

    assert_int_equal(json_object_size(tensors), 4);
    json_object_foreach(tensors, name, values)
    {
        const struct tensor *tensor = find_tensor(model, name);

        for (size_t i = 0; i < json_array_size(values); i++) {
            const json_t *pair = json_array_get(values, i);
            size_t index = (size_t)json_integer_value(json_array_get(pair, 0));
            double value = json_number_value(json_array_get(pair, 1));

            assert_true((double)tensor_get(tensor, index) == value);
        }
    }
    json_decref(expected);
}

static void test_model__loads_old_spellings_and_float32(void **state)
{
    struct folder folder;
    struct model *model;

    (void)state;
    folder_init_copy(&folder, "tiny-mean");
    model = load(&folder, NULL);
    assert_int_equal(model->arch.hidden_size, 12);
    assert_int_equal(model->arch.n_layers, 2);
    assert_int_equal(model->arch.n_attention_heads, 3);
    assert_int_equal(model->arch.intermediate_size, 20);
    assert_int_equal(model->arch.vocab_size, 60);
    assert_int_equal(model->arch.n_positions, 24);
    assert_int_equal(model->arch.n_types, 2);
    assert_true(model->arch.norm_eps == 1e-12f);
    assert_int_equal(model->arch.activation, ACTIVATION_GELU);
    assert_int_equal(model->word_embeddings.dtype, DTYPE_FLOAT32);
    assert_int_equal(pooling_count(&model->pooling), 1);
    assert_int_equal(model->pooling.order[0], POOLING_MEAN);
    assert_false(model->normalize);
    assert_true(model->include_prompt);
    assert_int_equal(model->n_dims, 12);
    assert_int_equal(model->default_dims, 12);
    assert_int_equal(model->max_tokens, 16);
    assert_int_equal(model->similarity, SIMILARITY_DOT);
    assert_int_equal(model->n_prompts, 0);
    assert_null(model->default_prompt);
    assert_int_equal(model->n_matryoshka_dims, 0);
    assert_int_equal(model->n_notes, 0);
    assert_string_equal(model->transformer_dir, folder.path);
    assert_tensors(&folder, model);
    model_free(model);
    model_free(NULL);
    folder_release(&folder);
}

static void test_model__loads_new_spellings_float16_and_prefixed_names(void **state)
{
    struct folder folder;
    struct model *model;

    (void)state;
    folder_init_copy(&folder, "tiny-cls");
    model = load(&folder, NULL);
    assert_int_equal(model->arch.activation, ACTIVATION_GELU_TANH);
    assert_int_equal(model->word_embeddings.dtype, DTYPE_FLOAT16);
    assert_int_equal(model->pooling.order[0], POOLING_CLS);
    assert_true(model->normalize);
    assert_int_equal(model->max_tokens, 20); /* tokenizer_config.json's model_max_length */
    assert_int_equal(model->similarity, SIMILARITY_COSINE);
    assert_int_equal(model->n_prompts, 2);
    assert_string_equal(model->prompts[0].name, "query");
    assert_string_equal(model->prompts[0].text, "find: ");
    assert_int_equal(model->prompts[0].text_len_bytes, 6);
    assert_string_equal(model->prompts[1].name, "document");
    assert_int_equal(model->prompts[1].text_len_bytes, 0);
    assert_ptr_equal(model->default_prompt, &model->prompts[0]);
    assert_int_equal(model->n_matryoshka_dims, 3);
    assert_int_equal(model->matryoshka_dims[0], 4);
    assert_int_equal(model->matryoshka_dims[1], 8);
    assert_int_equal(model->matryoshka_dims[2], 12);
    assert_tensors(&folder, model);
    model_free(model);
    folder_release(&folder);
}

static void test_model__loads_shards_bfloat16_and_poolings_in_their_order(void **state)
{
    struct folder folder;
    struct model *model;

    (void)state;
    folder_init_copy(&folder, "tiny-sharded");
    model = load(&folder, NULL);
    assert_int_equal(model->arch.activation, ACTIVATION_RELU);
    assert_true(model->arch.norm_eps == 1e-5f);
    assert_int_equal(model->word_embeddings.dtype, DTYPE_BFLOAT16);
    assert_int_equal(pooling_count(&model->pooling), 2);
    assert_int_equal(model->pooling.order[0], POOLING_WEIGHTED_MEAN);
    assert_int_equal(model->pooling.order[1], POOLING_CLS);
    assert_int_equal(model->n_dims, 24);
    assert_false(model->include_prompt);
    assert_tensors(&folder, model);
    model_free(model);
    folder_release(&folder);
}

static void test_model__without_modules_pools_the_mean_and_says_so(void **state)
{
    struct folder folder;
    struct model *model;

    (void)state;
    folder_init_copy(&folder, "tiny-plain");
    /* Neither file is looked at by sentence-transformers where there is no modules.json. */
    folder_write_text(&folder, "config_sentence_transformers.json",
                      "{\"prompts\": {\"q\": \"q: \"}, \"default_prompt_name\": \"q\"}");
    folder_write_text(&folder, "sentence_bert_config.json", "{\"max_seq_length\": 5}");
    model = load(&folder, NULL);
    assert_int_equal(model->arch.n_types, 1);
    assert_int_equal(model->pooling.order[0], POOLING_MEAN);
    assert_false(model->normalize);
    assert_int_equal(model->max_tokens, 24);
    assert_int_equal(model->n_prompts, 0);
    assert_int_equal(model->n_notes, 1);
    assert_non_null(strstr(model->notes[0], "no modules.json: mean pooling"));
    assert_tensors(&folder, model);
    model_free(model);
    folder_release(&folder);
}

static void test_model__pooling_can_be_overridden(void **state)
{
    struct folder folder;
    struct model *model;

    (void)state;
    folder_init_copy(&folder, "tiny-sharded");
    model = load(&folder, "lasttoken");
    assert_int_equal(pooling_count(&model->pooling), 1);
    assert_int_equal(model->pooling.order[0], POOLING_LAST_TOKEN);
    assert_int_equal(model->n_dims, 12);
    model_free(model);
    assert_not_loaded(&folder, "median", STATUS_INVALID, "pooling=median: expected one of cls");
    folder_release(&folder);
}

/* In tiny-mean, `old` in `file` becomes `now`. */
static void assert_change_refused(const char *file, const char *old, const char *now,
                                  enum status status, const char *complaint)
{
    struct folder folder;

    folder_init_copy(&folder, "tiny-mean");
    folder_replace(&folder, file, old, now);
    assert_not_loaded(&folder, NULL, status, complaint);
    folder_release(&folder);
}

static void test_model__refuses_what_config_json_asks_for_and_cannot_be_done(void **state)
{
#define ADD(setting, complaint)                                                                    \
    assert_change_refused("config.json", "{", "{" setting ",", STATUS_UNSUPPORTED,                 \
                          "config.json: " complaint)
    (void)state;
    ADD("\"is_decoder\": true", "\"is_decoder\" is true");
    ADD("\"add_cross_attention\": true", "\"add_cross_attention\" is true");
    ADD("\"is_causal\": true", "\"is_causal\" is true");
    ADD("\"pruned_heads\": {\"1\": [0, 2]}", "\"pruned_heads\" is {\"1\":[0.0,2.0]}");
    ADD("\"quantization_config\": {\"bits\": 4}", "\"quantization_config\"");
    ADD("\"auto_map\": {\"AutoModel\": \"m.M\"}", "\"auto_map\"");
#undef ADD
#define CHANGE(old, now, complaint)                                                                \
    assert_change_refused("config.json", old, now, STATUS_UNSUPPORTED, "config.json: " complaint)
    CHANGE("\"model_type\": \"bert\"", "\"model_type\": \"big_bird\"",
           "unsupported \"model_type\" \"big_bird\" (supported: albert, bert");
    CHANGE("\"model_type\": \"bert\"", "\"x\": 0", "\"model_type\" is absent");
    CHANGE("\"absolute\"", "\"relative_key\"", "\"position_embedding_type\" is \"relative_key\"");
    CHANGE("\"gelu\"", "\"mish\"", "unsupported \"hidden_act\" \"mish\"");
#undef CHANGE
}

static void test_model__refuses_malformed_sizes(void **state)
{
#define CHANGE(old, now, complaint)                                                                \
    assert_change_refused("config.json", old, now, STATUS_INVALID, "config.json: " complaint)
    (void)state;
    CHANGE("\"hidden_size\": 12", "\"hidden_size\": \"x\"",
           "\"hidden_size\" must be a whole number from 1 to 65536, not \"x\"");
    CHANGE("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 0", "\"num_hidden_layers\" must");
    CHANGE("\"vocab_size\": 60", "\"vocab_size\": 1e18", "\"vocab_size\" must");
    CHANGE("\"num_attention_heads\": 3", "\"num_attention_heads\": 5",
           "\"hidden_size\" 12 is not a multiple of \"num_attention_heads\" 5");
    CHANGE("\"layer_norm_eps\": 1e-12", "\"layer_norm_eps\": -1", "\"layer_norm_eps\" must");
    CHANGE("\"vocab_size\": 60", "\"vocab_size\": 60, \"matryoshka_dimensions\": [4, 13]",
           "\"matryoshka_dimensions\" must hold whole numbers from 1 to the vector's 12, holds 13");
    CHANGE("\"vocab_size\": 60", "\"vocab_size\": 60, \"matryoshka_dimensions\": 4",
           "\"matryoshka_dimensions\" must be an array");
    CHANGE("\"vocab_size\": 60", "\"vocab_size\": 60, \"vocab_size\": 60", "is not valid JSON");
#undef CHANGE
}

static void test_model__absent_keys_have_berts_defaults(void **state)
{
    struct folder folder;

    (void)state;
    folder_init_copy(&folder, "tiny-plain");
    folder_write_text(&folder, "config.json", "{\"model_type\": \"bert\"}");
    /* BERT base: the first tensor that is looked for tells. */
    assert_not_loaded(&folder, NULL, STATUS_INVALID,
                      "\"embeddings.word_embeddings.weight\" has shape [60, 12], config.json makes "
                      "it [30522, 768]");
    folder_release(&folder);
}

/* ALBERT's product is there even where it widens nothing; ELECTRA's is not. */
static void test_model__embeddings_may_be_as_wide_as_layers(void **state)
{
    static const float values[24] = {0};
    static const struct folder_tensor tensors[] = {
        {"embeddings.word_embeddings.weight", 5, 4, values},
        {"embeddings.position_embeddings.weight", 6, 4, values},
        {"embeddings.token_type_embeddings.weight", 2, 4, values},
        {"embeddings.LayerNorm.weight", 4, 0, values},
        {"embeddings.LayerNorm.bias", 4, 0, values},
    };
    struct folder folder;

    (void)state;
    folder_init(&folder);
    folder_write_text(&folder, "config.json",
                      "{\"model_type\": \"albert\", \"hidden_size\": 4, \"embedding_size\": 4, "
                      "\"num_attention_heads\": 2, \"vocab_size\": 5, "
                      "\"max_position_embeddings\": 6}");
    folder_write_tensors(&folder, "model.safetensors", tensors, sizeof tensors / sizeof *tensors);
    assert_not_loaded(
        &folder, NULL, STATUS_INVALID,
        "has no tensor \"encoder.embedding_hidden_mapping_in.weight\" of shape [4, 4]");
    folder_replace(&folder, "config.json", "albert", "electra");
    assert_not_loaded(&folder, NULL, STATUS_INVALID,
                      "has no tensor \"encoder.layer.0.attention.self.query.weight\"");
    folder_release(&folder);
}

static void test_model__refuses_other_modules(void **state)
{
#define CHANGE(old, now, status, complaint)                                                        \
    assert_change_refused("modules.json", old, now, status, "modules.json" complaint)
    (void)state;
    CHANGE("models.Pooling", "models.Dense", STATUS_UNSUPPORTED,
           "[1]: \"type\" is \"sentence_transformers.models.Dense\"");
    CHANGE("sentence_transformers.models.Pooling", "my.models.Pooling", STATUS_UNSUPPORTED,
           "[1]: \"type\" is \"my.models.Pooling\"");
    CHANGE("models.Transformer", "models.CLIPModel", STATUS_UNSUPPORTED, "[0]: \"type\" is");
    CHANGE("\"path\": \"1_Pooling\"", "\"path\": \"../1_Pooling\"", STATUS_INVALID,
           "[1]: \"path\" must be inside the model folder, but is \"../1_Pooling\"");
    CHANGE("\"path\": \"1_Pooling\"", "\"path\": \"/etc\"", STATUS_INVALID, "[1]: \"path\"");
    CHANGE("\"path\": \"1_Pooling\"", "\"path\": \"a/..\"", STATUS_INVALID, "[1]: \"path\"");
    CHANGE("\"path\": \"1_Pooling\"", "\"path\": 1", STATUS_INVALID, "[1]: \"path\" must be");
    CHANGE("\"path\": \"1_Pooling\",", "", STATUS_INVALID, "[1]: has no \"path\"");
#undef CHANGE
}

static void assert_modules_refused(const char *text, enum status status, const char *complaint)
{
    struct folder folder;

    folder_init_copy(&folder, "tiny-mean");
    folder_write_text(&folder, "modules.json", text);
    assert_not_loaded(&folder, NULL, status, complaint);
    folder_release(&folder);
}

static void test_model__needs_a_transformer_and_a_pooling(void **state)
{
#define TRANSFORMER "{\"path\": \"\", \"type\": \"sentence_transformers.models.Transformer\"}"
#define POOLING     "{\"path\": \"1_Pooling\", \"type\": \"sentence_transformers.models.Pooling\"}"
#define NORMALIZE   "{\"path\": \"2\", \"type\": \"sentence_transformers.models.Normalize\"}"
#define DROPOUT     "{\"path\": \"3\", \"type\": \"sentence_transformers.models.Dropout\"}"
    (void)state;
    assert_modules_refused("[]", STATUS_UNSUPPORTED, "modules.json: lists no Transformer module");
    assert_modules_refused("[" TRANSFORMER "]", STATUS_UNSUPPORTED,
                           "modules.json: lists no Pooling module");
    assert_modules_refused("[" TRANSFORMER "," NORMALIZE "," POOLING "]", STATUS_UNSUPPORTED,
                           "modules.json[1]: \"type\" is");
    assert_modules_refused("[" TRANSFORMER "," POOLING "," NORMALIZE "," POOLING "]",
                           STATUS_UNSUPPORTED, "modules.json[3]: \"type\" is");
    assert_modules_refused("[" TRANSFORMER "," DROPOUT "," POOLING "]", STATUS_UNSUPPORTED,
                           "modules.json[1]: \"type\" is");
    assert_modules_refused("[" TRANSFORMER "," POOLING ",{\"name\": \"x\"},{\"name\": \"x\"}]",
                           STATUS_INVALID, "modules.json[2]: has no \"type\"");
    assert_modules_refused("[7]", STATUS_INVALID, "modules.json[0]: has no \"type\"");
    assert_modules_refused("{}", STATUS_INVALID, "modules.json: must be a JSON array");
}

static void test_model__dropout_and_another_normalize_change_nothing(void **state)
{
    struct model *model;
    struct folder folder;

    (void)state;
    folder_init_copy(&folder, "tiny-mean");
    folder_write_text(&folder, "modules.json",
                      "[" TRANSFORMER "," POOLING "," DROPOUT "," NORMALIZE "," NORMALIZE "]");
    folder_write_text(&folder, "3/config.json", "{\"dropout\": 0.5}");
    assert_int_equal(model_load(&model, folder.path, NULL, NULL), STATUS_OK);
    assert_true(model->normalize);
    model_free(model);
    folder_write_text(&folder, "3/config.json", "{\"rate\": 0.5}");
    assert_not_loaded(&folder, NULL, STATUS_UNSUPPORTED, "\"rate\" (0.5) is a setting");
    folder_write_text(&folder, "3/config.json", "{}");
    folder_write_text(
        &folder, "modules.json",
        "[" TRANSFORMER "," POOLING ",{\"name\": \"2\", \"path\": \"2\", \"type\": "
        "\"sentence_transformers.models.Normalize\"},{\"name\": \"2\", \"path\": \"3\", "
        "\"type\": \"sentence_transformers.models.Dropout\"}]");
    assert_not_loaded(&folder, NULL, STATUS_UNSUPPORTED, "modules.json[3]: \"name\"");
    folder_release(&folder);
}

/* Under each of its names: both that it says. */
static void test_model__sentence_file_has_seven_names(void **state)
{
    static const char *const names[] = {"bert",   "roberta",     "distilbert", "camembert",
                                        "albert", "xlm-roberta", "xlnet"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct model *model;
        struct folder folder;
        char name[64];

        folder_init_copy(&folder, "tiny-mean");
        /* An empty one says nothing. */
        folder_write_text(&folder, "sentence_bert_config.json", "{}");
        snprintf(name, sizeof name, "sentence_%s_config.json", names[i]);
        folder_write_text(&folder, name, "{\"max_seq_length\": 9, \"do_lower_case\": true}");
        assert_int_equal(model_load(&model, folder.path, NULL, NULL), STATUS_OK);
        assert_int_equal(model->max_tokens, 9);
        assert_true(model->lowercase);
        model_free(model);
        folder_write_text(&folder, name, "{\"do_lower_case\": 3}");
        assert_not_loaded(&folder, NULL, STATUS_INVALID, "\"do_lower_case\"");
        folder_delete(&folder, "modules.json");
        folder_write_text(&folder, name, "{\"max_seq_length\": 9, \"do_lower_case\": true}");
        assert_int_equal(model_load(&model, folder.path, NULL, NULL), STATUS_OK);
        assert_false(model->lowercase);
        model_free(model);
        folder_release(&folder);
    }
}

static void test_model__max_len_counts_where_model_max_length_is_absent(void **state)
{
    static const struct {
        const char *config;
        size_t expected;
    } cases[] = {{"{\"max_len\": 7}", 7},
                 {"{\"max_len\": 7, \"model_max_length\": 8}", 8},
                 {"{\"max_len\": 7, \"model_max_length\": null}", 24},
                 {"{\"model_max_length\": 1000000000000000019884624838656}", 24}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct model *model;
        struct folder folder;

        folder_init_copy(&folder, "tiny-plain");
        folder_write_text(&folder, "tokenizer_config.json", cases[i].config);
        assert_int_equal(model_load(&model, folder.path, NULL, NULL), STATUS_OK);
        assert_int_equal(model->max_tokens, cases[i].expected);
        model_free(model);
        folder_release(&folder);
    }
}

static void test_model__query_and_document_are_prompts_of_every_model(void **state)
{
    static const char *const prompts[] = {"{}", "{\"title\": \"t: \"}"};

    (void)state;
    assert_true(prompt_is_implied("query", 5) && prompt_is_implied("document", 8));
    assert_false(prompt_is_implied("quer", 4) || prompt_is_implied("query\0", 6));
    for (size_t i = 0; i < 2; i++) {
        struct model *model;
        struct folder folder;
        char text[120];

        folder_init_copy(&folder, "tiny-mean");
        snprintf(text, sizeof text, "{\"prompts\": %s, \"default_prompt_name\": \"query\"}",
                 prompts[i]);
        folder_write_text(&folder, "config_sentence_transformers.json", text);
        assert_int_equal(model_load(&model, folder.path, NULL, NULL), STATUS_OK);
        assert_null(model->default_prompt);
        model_free(model);
        folder_release(&folder);
    }
}

static void test_model__every_way_to_name_a_module_is_known(void **state)
{
    static const char *const pooling_types[] = {
        "sentence_transformers.models.Pooling",
        "sentence_transformers.models.Pooling.Pooling",
        "sentence_transformers.sentence_transformer.modules.Pooling",
        "sentence_transformers.sentence_transformer.modules.pooling.Pooling",
    };

    (void)state;
    for (size_t i = 0; i < sizeof pooling_types / sizeof *pooling_types; i++) {
        struct folder folder;

        folder_init_copy(&folder, "tiny-mean");
        folder_replace(&folder, "modules.json", pooling_types[0], pooling_types[i]);
        model_free(load(&folder, NULL));
        folder_release(&folder);
    }
}

static void test_model__reads_poolings_old_and_new(void **state)
{
    static const struct {
        const char *config;
        struct pooling pooling;
    } cases[] = {
        {"{\"word_embedding_dimension\": 12, \"pooling_mode_lasttoken\": true, "
         "\"pooling_mode_cls_token\": true, \"pooling_mode_max_tokens\": true}",
         {{POOLING_CLS, POOLING_MAX, POOLING_LAST_TOKEN}, 3}},
        {"{\"word_embedding_dimension\": 12, \"pooling_mode_weightedmean_tokens\": true, "
         "\"pooling_mode_mean_sqrt_len_tokens\": true, \"pooling_mode_mean_tokens\": true}",
         {{POOLING_MEAN, POOLING_MEAN_SQRT_LEN, POOLING_WEIGHTED_MEAN}, 3}},
        {"{\"word_embedding_dimension\": 12, \"pooling_mode_mean_tokens\": false}",
         {{POOLING_MEAN}, 1}},
        {"{\"embedding_dimension\": 12}", {{POOLING_MEAN}, 1}},
        {"{\"embedding_dimension\": 12, \"pooling_mode\": \"max\", "
         "\"pooling_mode_mean_tokens\": true}",
         {{POOLING_MAX}, 1}},
        {"{\"embedding_dimension\": 12, \"pooling_mode\": [\"lasttoken\", \"cls\"]}",
         {{POOLING_LAST_TOKEN, POOLING_CLS}, 2}},
    };

    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const struct pooling *wanted = &cases[c].pooling;
        struct folder folder;
        struct model *model;

        folder_init_copy(&folder, "tiny-mean");
        folder_write_text(&folder, "1_Pooling/config.json", cases[c].config);
        model = load(&folder, NULL);
        assert_int_equal(pooling_count(&model->pooling), wanted->n_modes);
        for (size_t i = 0; i < wanted->n_modes; i++)
            assert_int_equal(model->pooling.order[i], wanted->order[i]);
        assert_int_equal(model->n_dims, 12 * wanted->n_modes);
        model_free(model);
        folder_release(&folder);
    }
}

/* The file as a whole becomes `text`. */
static void assert_file_refused(const char *file, const char *text, enum status status,
                                const char *complaint)
{
    struct folder folder;

    folder_init_copy(&folder, "tiny-mean");
    folder_write_text(&folder, file, text);
    assert_not_loaded(&folder, NULL, status, complaint);
    folder_release(&folder);
}

static void test_model__refuses_poolings_that_cannot_be_done(void **state)
{
#define POOLING_FILE "1_Pooling/config.json"
    (void)state;
    assert_file_refused(POOLING_FILE, "{\"embedding_dimension\": 12, \"pooling_mode\": \"min\"}",
                        STATUS_UNSUPPORTED, POOLING_FILE ": \"pooling_mode\" is \"min\"");
    assert_file_refused(POOLING_FILE, "{\"embedding_dimension\": 12, \"pooling_mode\": []}",
                        STATUS_UNSUPPORTED, POOLING_FILE ": \"pooling_mode\" is []");
    assert_file_refused(POOLING_FILE,
                        "{\"embedding_dimension\": 12, \"pooling_mode\": [\"cls\", \"cls\"]}",
                        STATUS_UNSUPPORTED, POOLING_FILE ": \"pooling_mode\" names cls twice");
    assert_file_refused(POOLING_FILE, "{\"embedding_dimension\": 12, \"pooling_mode_min\": true}",
                        STATUS_UNSUPPORTED, POOLING_FILE ": \"pooling_mode_min\" (true) is");
    assert_file_refused(POOLING_FILE, "{\"embedding_dimension\": 13}", STATUS_INVALID,
                        "Pooling module takes token vectors of 13 numbers, config.json's "
                        "\"hidden_size\" is 12");
    assert_file_refused(POOLING_FILE, "{}", STATUS_INVALID,
                        POOLING_FILE ": has neither \"embedding_dimension\" nor");
    assert_file_refused(POOLING_FILE,
                        "{\"embedding_dimension\": 12, \"pooling_mode_cls_token\": 1}",
                        STATUS_INVALID, "\"pooling_mode_cls_token\" must be true or false, not 1");
}

static void test_model__refuses_transformer_settings_that_cannot_be_done(void **state)
{
#define FILE_NAME "sentence_bert_config.json"
#define REFUSE(text, complaint)                                                                    \
    assert_file_refused(FILE_NAME, text, STATUS_UNSUPPORTED, FILE_NAME ": " complaint)
    (void)state;
    REFUSE("{\"transformer_task\": \"fill-mask\"}", "\"transformer_task\" is \"fill-mask\"");
    REFUSE("{\"module_output_name\": \"scores\"}", "\"module_output_name\" is \"scores\"");
    REFUSE("{\"modality_config\": {\"image\": {}}}", "\"modality_config\": has no \"text\"");
    REFUSE("{\"modality_config\": {\"text\": {\"method\": \"get_text_features\"}}}",
           "\"modality_config\": \"text\": \"method\" is \"get_text_features\"");
    REFUSE("{\"modality_config\": {\"text\": {\"method\": \"forward\"}, \"message\": {\"method\": "
           "\"forward\"}}}",
           "\"modality_config\": \"message\" is {");
    REFUSE("{\"query_expansion\": {\"strategy\": \"fixed\", \"length\": 32}}",
           "\"query_expansion\" is");
    REFUSE("{\"query_length\": 32}", "\"query_length\" is 32");
    REFUSE("{\"processing_kwargs\": {\"text\": {\"add_special_tokens\": false}}}",
           "\"processing_kwargs\" is");
    REFUSE("{\"config_args\": {\"hidden_act\": \"relu\"}}", "\"config_args\": \"hidden_act\"");
    REFUSE("{\"surprise\": 1}", "\"surprise\" (1) is a setting that nestd does not know");
    assert_file_refused(FILE_NAME, "{\"max_seq_length\": 1}", STATUS_INVALID,
                        FILE_NAME ": \"max_seq_length\" must be a number from 2 to");
#undef REFUSE
#undef FILE_NAME
}

static size_t max_tokens_with(const char *transformer_file, const char *transformer,
                              const char *tokenizer)
{
    struct folder folder;
    struct model *model;
    size_t max_tokens;

    folder_init_copy(&folder, "tiny-mean");
    folder_delete(&folder, "sentence_bert_config.json");
    if (transformer_file)
        folder_write_text(&folder, transformer_file, transformer);
    folder_write_text(&folder, "tokenizer_config.json", tokenizer);
    model = load(&folder, NULL);
    max_tokens = model->max_tokens;
    assert_int_equal(model->n_notes, max_tokens == 24 && transformer ? 1 : 0);
    model_free(model);
    folder_release(&folder);
    return max_tokens;
}

static void test_model__cuts_texts_where_sentence_transformers_does(void **state)
{
    static const char bert[] = "sentence_bert_config.json";

    (void)state;
    assert_int_equal(max_tokens_with(bert, "{\"max_seq_length\": 7}", "{}"), 7);
    assert_int_equal(
        max_tokens_with("sentence_roberta_config.json", "{\"max_seq_length\": 8}", "{}"), 8);
    assert_int_equal(max_tokens_with(bert, "{\"max_seq_length\": 9}", "{\"model_max_length\": 5}"),
                     9);
    assert_int_equal(max_tokens_with(bert, "{\"max_seq_length\": 25}", "{}"), 24);
    assert_int_equal(
        max_tokens_with(bert, "{\"max_seq_length\": null}", "{\"model_max_length\": 5}"), 5);
    assert_int_equal(max_tokens_with(NULL, NULL, "{\"model_max_length\": 5}"), 5);
    assert_int_equal(
        max_tokens_with(NULL, NULL, "{\"model_max_length\": 1000000000000000019884624838656}"), 24);
    assert_int_equal(max_tokens_with(NULL, NULL, "{}"), 24);
}

static void test_model__reads_or_refuses_what_holds_for_the_whole(void **state)
{
#define FILE_NAME "config_sentence_transformers.json"
    struct folder folder;
    struct model *model;

    (void)state;
    folder_init_copy(&folder, "tiny-mean");
    folder_write_text(&folder, FILE_NAME,
                      "{\"similarity_fn_name\": null, \"default_prompt_name\": null, "
                      "\"prompts\": {\"q\": null}, \"truncate_dim\": 5, "
                      "\"model_type\": \"SentenceTransformer\"}");
    model = load(&folder, NULL);
    assert_int_equal(model->similarity, SIMILARITY_COSINE);
    assert_string_equal(model->prompts[0].text, "");
    assert_int_equal(model->default_dims, 5);
    assert_int_equal(model->n_dims, 12);
    assert_int_equal(model->n_notes, 1);
    model_free(model);
    folder_release(&folder);
    assert_file_refused(FILE_NAME, "{\"similarity_fn_name\": \"maxsim\"}", STATUS_UNSUPPORTED,
                        FILE_NAME ": \"similarity_fn_name\" is \"maxsim\"");
    assert_file_refused(FILE_NAME, "{\"model_type\": \"CrossEncoder\"}", STATUS_UNSUPPORTED,
                        FILE_NAME ": \"model_type\" is \"CrossEncoder\"");
    assert_file_refused(FILE_NAME, "{\"prompts\": {\"q\": 1}}", STATUS_INVALID,
                        FILE_NAME ": \"prompts\": \"q\" must be a text, not 1");
    assert_file_refused(FILE_NAME, "{\"prompts\": [\"q\"]}", STATUS_INVALID, FILE_NAME);
    assert_file_refused(FILE_NAME, "{\"prompts\": {\"q\": \"\"}, \"default_prompt_name\": \"d\"}",
                        STATUS_INVALID, FILE_NAME ": \"default_prompt_name\" is \"d\"");
#undef FILE_NAME
}

static void test_model__refuses_a_normalisation_of_something_else(void **state)
{
    struct folder folder;

    (void)state;
    folder_init_copy(&folder, "tiny-cls");
    folder_write_text(&folder, "2_Normalize/config.json",
                      "{\"module_input_name\": \"token_embeddings\"}");
    assert_not_loaded(&folder, NULL, STATUS_UNSUPPORTED,
                      "2_Normalize/config.json: \"module_input_name\" is \"token_embeddings\"");
    folder_release(&folder);
}

static void test_model__refuses_adapters_and_pickled_weights(void **state)
{
    struct folder folder;

    (void)state;
    folder_init_copy(&folder, "tiny-mean");
    folder_write_text(&folder, "adapter_config.json", "{}");
    assert_not_loaded(&folder, NULL, STATUS_UNSUPPORTED, "adapter_config.json: ");
    folder_delete(&folder, "adapter_config.json");
    folder_delete(&folder, "model.safetensors");
    assert_not_loaded(&folder, NULL, STATUS_IO, "has neither model.safetensors nor");
    folder_write_text(&folder, "pytorch_model.bin.index.json", "{}");
    assert_not_loaded(&folder, NULL, STATUS_UNSUPPORTED, "only in pytorch_model.bin.index.json");
    folder_write_text(&folder, "pytorch_model.bin", "");
    assert_not_loaded(&folder, NULL, STATUS_UNSUPPORTED, "only in pytorch_model.bin,");
    folder_release(&folder);
}

static void test_model__the_transformer_may_lie_in_a_folder_of_its_own(void **state)
{
    static const char *const moved[] = {"config.json", "model.safetensors",
                                        "sentence_bert_config.json", "tokenizer_config.json"};
    struct folder folder;
    struct model *model;
    char name[64];

    (void)state;
    folder_init_copy(&folder, "tiny-mean");
    for (size_t i = 0; i < sizeof moved / sizeof *moved; i++) {
        size_t len_bytes;
        char *bytes = folder_read(&folder, moved[i], &len_bytes);

        snprintf(name, sizeof name, "0_Transformer/%s", moved[i]);
        folder_write(&folder, name, bytes, len_bytes);
        folder_delete(&folder, moved[i]);
        free(bytes);
    }
    folder_replace(&folder, "modules.json", "\"path\": \"\"", "\"path\": \"0_Transformer\"");
    model = load(&folder, NULL);
    assert_string_equal(model->transformer_dir, folder_path(&folder, "0_Transformer"));
    assert_int_equal(model->max_tokens, 16);
    model_free(model);
    folder_release(&folder);
}

static void test_model__names_missing_and_misshapen_tensors(void **state)
{
    struct folder folder;

    (void)state;
    folder_init_copy(&folder, "tiny-mean");
    folder_replace(&folder, "config.json", "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3");
    assert_not_loaded(&folder, NULL, STATUS_INVALID,
                      "model.safetensors: has no tensor "
                      "\"encoder.layer.2.attention.self.query.weight\" of shape [12, 12]");
    folder_replace(&folder, "config.json", "\"num_hidden_layers\": 3", "\"num_hidden_layers\": 2");
    folder_replace(&folder, "config.json", "\"intermediate_size\": 20",
                   "\"intermediate_size\": 24");
    assert_not_loaded(&folder, NULL, STATUS_INVALID,
                      "model.safetensors: tensor \"encoder.layer.0.intermediate.dense.weight\" has "
                      "shape [20, 12], config.json makes it [24, 12]");
    folder_release(&folder);
}

/* Changes text in the header of model.safetensors to text of the same length. */
static void change_header(const struct folder *folder, const char *old, const char *now)
{
    size_t len_bytes;
    char *bytes = folder_read(folder, "model.safetensors", &len_bytes);
    char *at = memmem(bytes, len_bytes, old, strlen(old));

    assert_non_null(at);
    assert_int_equal(strlen(old), strlen(now));
    memcpy(at, now, strlen(now));
    folder_write(folder, "model.safetensors", bytes, len_bytes);
    free(bytes);
}

static void test_model__knows_layer_norms_by_their_tensorflow_names(void **state)
{
    struct folder folder;
    struct model *model;

    (void)state;
    folder_init_copy(&folder, "tiny-mean");
    change_header(&folder, "\"embeddings.LayerNorm.weight\":{",
                  "\"embeddings.LayerNorm.gamma\" :{");
    change_header(&folder, "\"embeddings.LayerNorm.bias\":{", "\"embeddings.LayerNorm.beta\":{");
    model = load(&folder, NULL);
    assert_int_equal(model->embedding_norm.gamma.dims[0], 12);
    model_free(model);
    folder_release(&folder);
}

static void test_model__refuses_weights_of_other_dtypes(void **state)
{
    struct folder folder;

    (void)state;
    folder_init_copy(&folder, "tiny-mean");
    change_header(&folder, "\"embeddings.LayerNorm.bias\":{\"dtype\":\"F32\"",
                  "\"embeddings.LayerNorm.bias\":{\"dtype\":\"I32\"");
    assert_not_loaded(&folder, NULL, STATUS_UNSUPPORTED,
                      "tensor \"embeddings.LayerNorm.bias\" has dtype I32");
    folder_release(&folder);
}

static void test_model__refuses_shards_outside_the_folder(void **state)
{
    static const char *const names[] = {"../w.safetensors", "/etc/passwd", "..", "a/b", ""};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct folder folder;
        char index[100];

        folder_init_copy(&folder, "tiny-sharded");
        snprintf(index, sizeof index, "{\"weight_map\": {\"w\": \"%s\"}}", names[i]);
        folder_write_text(&folder, "model.safetensors.index.json", index);
        assert_not_loaded(&folder, NULL, STATUS_INVALID,
                          "\"weight_map\": the file of \"w\" must be a name without");
        folder_release(&folder);
    }
}

static void test_model__refuses_a_broken_index_of_shards(void **state)
{
    struct folder folder;

    (void)state;
    folder_init_copy(&folder, "tiny-sharded");
    folder_delete(&folder, "model-00002-of-00003.safetensors");
    assert_not_loaded(&folder, NULL, STATUS_IO, "model-00002-of-00003.safetensors: cannot be");
    folder_write_text(&folder, "model.safetensors.index.json",
                      "{\"weight_map\": {\"embeddings.word_embeddings.weight\": "
                      "\"model-00003-of-00003.safetensors\"}}");
    assert_not_loaded(&folder, NULL, STATUS_INVALID,
                      "model-00003-of-00003.safetensors: has no tensor "
                      "\"embeddings.word_embeddings.weight\"");
    folder_write_text(&folder, "model.safetensors.index.json", "{\"weight_map\": {}}");
    assert_not_loaded(&folder, NULL, STATUS_INVALID, "model.safetensors.index.json: has no tensor");
    folder_write_text(&folder, "model.safetensors.index.json", "{}");
    assert_not_loaded(&folder, NULL, STATUS_INVALID, "has no \"weight_map\"");
    folder_release(&folder);
}

/* Each configuration file cut at each length: it either does not load or, where only white space is
 * lost, does. */
static void test_model__survives_configuration_files_cut_anywhere(void **state)
{
    static const char *const names[] = {
        "config.json",
        "modules.json",
        "1_Pooling/config.json",
        "sentence_bert_config.json",
        "config_sentence_transformers.json",
    };
    struct folder folder;

    (void)state;
    folder_init_copy(&folder, "tiny-cls");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t len_bytes;
        char *bytes = folder_read(&folder, names[i], &len_bytes);

        for (size_t len = 0; len + 1 < len_bytes; len++) {
            folder_write(&folder, names[i], bytes, len);
            assert_not_loaded(&folder, NULL, STATUS_INVALID, names[i]);
        }
        folder_write(&folder, names[i], bytes, len_bytes);
        free(bytes);
    }
    model_free(load(&folder, NULL));
    folder_release(&folder);
}

static long n_allocations_left;

static void *allocate_for_a_while(size_t len_bytes)
{
    return n_allocations_left-- > 0 ? malloc(len_bytes) : NULL;
}

/* Memory runs out at every allocation of the JSON reader in turn. */
static void test_model__survives_short_memory(void **state)
{
    static const char *const names[] = {"tiny-cls", "tiny-sharded", "tiny-plain"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        enum status status = STATUS_NO_MEMORY;
        struct folder folder;

        folder_init_copy(&folder, names[i]);
        json_set_alloc_funcs(allocate_for_a_while, free);
        for (long n = 0; status; n++) {
            struct model *model = NULL;

            n_allocations_left = n;
            status = model_load(&model, folder.path, NULL, NULL);
            assert_true(status || n_allocations_left >= 0);
            assert_int_equal(!model, status != STATUS_OK);
            model_free(model);
        }
        json_set_alloc_funcs(malloc, free);
        folder_release(&folder);
    }
}

static void test_model__a_missing_folder_is_an_io_failure(void **state)
{
    struct error error = {{0}};
    struct model *model = NULL;

    (void)state;
    assert_int_equal(model_load(&model, "/nonexistent", NULL, &error), STATUS_IO);
    assert_non_null(strstr(error.text, "/nonexistent/config.json: cannot be opened"));
    assert_null(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model__loads_old_spellings_and_float32),
        cmocka_unit_test(test_model__loads_new_spellings_float16_and_prefixed_names),
        cmocka_unit_test(test_model__loads_shards_bfloat16_and_poolings_in_their_order),
        cmocka_unit_test(test_model__without_modules_pools_the_mean_and_says_so),
        cmocka_unit_test(test_model__pooling_can_be_overridden),
        cmocka_unit_test(test_model__refuses_what_config_json_asks_for_and_cannot_be_done),
        cmocka_unit_test(test_model__refuses_malformed_sizes),
        cmocka_unit_test(test_model__absent_keys_have_berts_defaults),
        cmocka_unit_test(test_model__embeddings_may_be_as_wide_as_layers),
        cmocka_unit_test(test_model__refuses_other_modules),
        cmocka_unit_test(test_model__needs_a_transformer_and_a_pooling),
        cmocka_unit_test(test_model__dropout_and_another_normalize_change_nothing),
        cmocka_unit_test(test_model__sentence_file_has_seven_names),
        cmocka_unit_test(test_model__max_len_counts_where_model_max_length_is_absent),
        cmocka_unit_test(test_model__query_and_document_are_prompts_of_every_model),
        cmocka_unit_test(test_model__every_way_to_name_a_module_is_known),
        cmocka_unit_test(test_model__reads_poolings_old_and_new),
        cmocka_unit_test(test_model__refuses_poolings_that_cannot_be_done),
        cmocka_unit_test(test_model__refuses_transformer_settings_that_cannot_be_done),
        cmocka_unit_test(test_model__cuts_texts_where_sentence_transformers_does),
        cmocka_unit_test(test_model__reads_or_refuses_what_holds_for_the_whole),
        cmocka_unit_test(test_model__refuses_a_normalisation_of_something_else),
        cmocka_unit_test(test_model__refuses_adapters_and_pickled_weights),
        cmocka_unit_test(test_model__the_transformer_may_lie_in_a_folder_of_its_own),
        cmocka_unit_test(test_model__names_missing_and_misshapen_tensors),
        cmocka_unit_test(test_model__knows_layer_norms_by_their_tensorflow_names),
        cmocka_unit_test(test_model__refuses_weights_of_other_dtypes),
        cmocka_unit_test(test_model__refuses_shards_outside_the_folder),
        cmocka_unit_test(test_model__refuses_a_broken_index_of_shards),
        cmocka_unit_test(test_model__survives_configuration_files_cut_anywhere),
        cmocka_unit_test(test_model__survives_short_memory),
        cmocka_unit_test(test_model__a_missing_folder_is_an_io_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
