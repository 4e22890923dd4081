/* SPDX-License-Identifier: Apache-2.0 */

/* config.json of every family to features, and what is refused, by file and key. The weights' side
 * and the numbers are test_families.py's. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/model/family.h"
#include "engine/model/model.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static enum status read_config(const char *json, struct arch *ret_arch, struct error *error)
{
    struct document config = {.name = "config.json"};
    const struct family *family;
    enum status status;

    config.root = json_loads(json, 0, NULL);
    assert_non_null(config.root);
    status = family_find(&config, &family, error);
    if (!status)
        status = arch_read(&config, family, ret_arch, error);
    document_release(&config);
    return status;
}

static struct arch good(const char *json)
{
    struct error error = {{0}};
    struct arch arch;

    if (read_config(json, &arch, &error))
        fail_msg("%s", error.text);
    return arch;
}

static void test_arch__roberta_counts_from_after_the_padding_token(void **state)
{
    struct arch arch = good("{\"model_type\": \"xlm-roberta\", \"pad_token_id\": 5, "
                            "\"max_position_embeddings\": 514}");

    (void)state;
    assert_int_equal(arch.first_position, 6);
    assert_int_equal(arch.n_positions, 508);
    assert_true(arch.skips_padding);
    arch = good("{\"model_type\": \"roberta\", \"max_position_embeddings\": 514}");
    assert_int_equal(arch.n_positions, 512);
    arch = good("{\"model_type\": \"mpnet\", \"max_position_embeddings\": 514, "
                "\"relative_attention_num_buckets\": 64}");
    assert_int_equal(arch.n_positions, 512);
    assert_int_equal(arch.n_buckets, 32);
    assert_int_equal(arch.max_bucket_distance, 128);
}

static void test_arch__t5_is_gated_or_not_by_a_word(void **state)
{
    struct arch plain = good("{\"model_type\": \"t5\", \"feed_forward_proj\": \"relu\"}");
    struct arch gated = good("{\"model_type\": \"mt5\", \"feed_forward_proj\": \"gated-gelu\", "
                             "\"d_kv\": 24, \"relative_attention_num_buckets\": 16, "
                             "\"relative_attention_max_distance\": 40}");

    (void)state;
    assert_false(plain.is_gated);
    assert_int_equal(plain.activation, ACTIVATION_RELU);
    assert_true(plain.attention_scale == 1);
    assert_true(gated.is_gated);
    assert_int_equal(gated.activation, ACTIVATION_GELU_TANH);
    assert_int_equal(gated.query_size, 8 * 24);
    assert_int_equal(gated.n_buckets, 16);
    assert_int_equal(gated.max_bucket_distance, 40);
    assert_false(gated.is_causal);
    assert_false(gated.has_layer_biases);
}

/* The sizes are those of transformers' UMT5Config. */
static void test_arch__umt5_is_gated_with_biases_in_each_layer(void **state)
{
    struct arch arch = good("{\"model_type\": \"umt5\"}");
    struct error error = {{0}};

    (void)state;
    assert_true(arch.is_gated);
    assert_int_equal(arch.activation, ACTIVATION_GELU_TANH);
    assert_true(arch.has_layer_biases);
    assert_int_equal(arch.n_layers, 8);
    assert_int_equal(arch.n_attention_heads, 6);
    assert_int_equal(arch.intermediate_size, 1024);
    assert_int_equal(arch.vocab_size, 250112);
    assert_int_equal(
        read_config("{\"model_type\": \"umt5\", \"feed_forward_proj\": \"relu\"}", &arch, &error),
        STATUS_UNSUPPORTED);
    assert_non_null(strstr(error.text, "\"feed_forward_proj\" is \"relu\""));
}

static void test_arch__one_model_type_may_be_two_families(void **state)
{
    struct arch alibi = good("{\"model_type\": \"bert\", \"position_embedding_type\": \"alibi\", "
                             "\"feed_forward_type\": \"geglu\"}");
    struct arch plain = good("{\"model_type\": \"bert\"}");

    (void)state;
    assert_int_equal(alibi.score_bias, SCORE_BIAS_LINEAR);
    assert_true(alibi.is_gated);
    assert_int_equal(alibi.n_position_rows, 0);
    assert_int_equal(alibi.n_positions, 8192);
    assert_int_equal(plain.score_bias, SCORE_BIAS_NONE);
    assert_int_equal(plain.n_position_rows, 512);
}

/* ntk by a factor of 8: theta times 8, all angles less by 8^(2 / head size). */
static void test_arch__disentangled_scores(void **state)
{
    static const char v3[] =
        "{\"model_type\": \"deberta-v2\", \"relative_attention\": true, \"share_att_key\": true, "
        "\"norm_rel_ebd\": \"layer_norm\", \"position_buckets\": 256, "
        "\"max_relative_positions\": -1, \"position_biased_input\": false, "
        "\"pos_att_type\": \"p2c|c2p\", \"conv_kernel_size\": 0}";
    struct arch both = good(v3);
    struct arch one = good("{\"model_type\": \"deberta-v2\", \"relative_attention\": true, "
                           "\"share_att_key\": true, \"norm_rel_ebd\": \"layer_norm\", "
                           "\"pos_att_type\": [\"c2p\"], \"max_relative_positions\": 100, "
                           "\"conv_kernel_size\": 3, \"conv_act\": \"relu\"}");

    (void)state;
    assert_true(both.content_to_position && both.position_to_content);
    assert_int_equal(both.n_distance_rows, 512);
    assert_int_equal(both.max_bucket_distance, 512);
    assert_int_equal(both.n_position_rows, 0);
    assert_int_equal(both.n_positions, 512);
    assert_true(fabsf(both.attention_scale - 1 / sqrtf(3 * 64)) < 1e-7f);
    assert_true(one.content_to_position && !one.position_to_content);
    assert_int_equal(one.n_buckets, 0);
    assert_int_equal(one.n_distance_rows, 200);
    assert_int_equal(one.n_position_rows, 512);
    assert_true(fabsf(one.attention_scale - 1 / sqrtf(2 * 64)) < 1e-7f);
    assert_int_equal(both.convolution_width, 0);
    assert_int_equal(one.convolution_width, 3);
    assert_int_equal(one.convolution_activation, ACTIVATION_RELU);
}

static void test_arch__experts_are_in_every_other_layer(void **state)
{
    struct arch arch = good("{\"model_type\": \"nomic_bert\", \"activation_function\": \"gelu\", "
                            "\"num_experts\": 8, \"moe_top_k\": 2, \"moe_every_n_layers\": 2, "
                            "\"num_shared_experts\": 0, \"n_layer\": 4}");

    (void)state;
    assert_int_equal(arch.n_experts, 8);
    assert_int_equal(arch.n_chosen_experts, 2);
    assert_int_equal(arch.expert_rows, 8 * 3072);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(arch_has_experts(&arch, i), i % 2 == 1);
    assert_false(arch.is_gated);
    assert_true(good("{\"model_type\": \"nomic_bert\"}").is_gated);
}

static void test_arch__rotary_positions_are_scaled(void **state)
{
    struct arch ntk = good("{\"model_type\": \"new\", \"rope_theta\": 20000, \"rope_scaling\": "
                           "{\"type\": \"ntk\", \"factor\": 8}}");
    struct arch linear = good("{\"model_type\": \"gte\", \"rope_parameters\": {\"rope_type\": "
                              "\"linear\", \"rope_theta\": 500, \"factor\": 4}}");

    (void)state;
    assert_true(ntk.rotary[0].theta == 160000);
    assert_true(fabs(ntk.rotary[0].divisor - pow(8, 2.0 / 64)) < 1e-12);
    assert_true(linear.rotary[0].theta == 500 && linear.rotary[0].divisor == 4);
}

static void test_arch__local_layers_old_and_new(void **state)
{
    struct arch every = good("{\"model_type\": \"modernbert\", \"num_hidden_layers\": 7, "
                             "\"global_attn_every_n_layers\": 3, \"local_attention\": 128}");
    struct arch types = good("{\"model_type\": \"modernbert\", \"num_hidden_layers\": 2, "
                             "\"layer_types\": [\"sliding_attention\", \"full_attention\"]}");
    struct arch gemma = good("{\"model_type\": \"gemma3_text\", \"num_hidden_layers\": 7, "
                             "\"sliding_window\": 512, \"use_bidirectional_attention\": true}");
    struct arch causal = good("{\"model_type\": \"gemma3_text\", \"sliding_window\": 512}");

    (void)state;
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(every.is_local[i], i % 3 != 0);
        assert_int_equal(gemma.is_local[i], i != 5);
    }
    assert_int_equal(every.window, 64);
    assert_true(every.rotary[0].theta == 160000 && every.rotary[1].theta == 10000);
    assert_true(types.is_local[0] && !types.is_local[1]);
    assert_int_equal(gemma.window, 256);
    assert_true(causal.is_causal);
    assert_int_equal(causal.window, 511);
    assert_false(gemma.is_causal);
    assert_true(gemma.embedding_scale == 48); /* sqrt(2304) */
    gemma = good("{\"model_type\": \"gemma3_text\", \"head_dim\": 64}");
    assert_true(gemma.attention_scale == 1.0f / 16); /* by 256, whatever a head's size */
}

/* MistralConfig's window is 4096 where the key is absent, and none where it is null; "layer_types"
 * says nothing. */
static void test_arch__window_of_all_layers(void **state)
{
    static const struct {
        const char *keys;
        size_t window; /* 0: no layer is local */
    } cases[] = {
        {"\"max_position_embeddings\": 32768", 4095},
        {"\"max_position_embeddings\": 4096", 0},
        {"\"max_position_embeddings\": 32768, \"sliding_window\": null", 0},
        {"\"max_position_embeddings\": 32768, \"sliding_window\": null, \"is_causal\": false", 0},
        {"\"max_position_embeddings\": 64, \"sliding_window\": 16", 15},
        {"\"max_position_embeddings\": 64, \"sliding_window\": 16, "
         "\"layer_types\": [\"full_attention\", \"full_attention\"]",
         15},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char json[256];
        struct arch arch;

        snprintf(json, sizeof json, "{\"model_type\": \"mistral\", \"num_hidden_layers\": 2, %s}",
                 cases[i].keys);
        arch = good(json);
        assert_int_equal(arch.is_local[0], cases[i].window > 0);
        assert_int_equal(arch.is_local[1], cases[i].window > 0);
        if (cases[i].window > 0)
            assert_int_equal(arch.window, cases[i].window);
    }
}

static void expect_name(const char *json, const char *name)
{
    struct document config = {.name = "config.json", .root = json_loads(json, 0, NULL)};
    const struct family *family;

    assert_int_equal(family_find(&config, &family, NULL), STATUS_OK);
    assert_string_equal(family_name(family), name);
    document_release(&config);
}

static void test_arch__family_without_a_model_type_has_a_name(void **state)
{
    (void)state;
    expect_name("{\"model_type\": \"camembert\"}", "roberta");
    expect_name("{\"auto_map\": {\"AutoConfig\": \"a/b--c.XLMRobertaFlashConfig\"}, "
                "\"position_embedding_type\": \"absolute\"}",
                "XLMRobertaFlashConfig");
}

static void test_arch__grouped_keys_have_their_own_size(void **state)
{
    struct arch arch = good("{\"model_type\": \"qwen3\", \"hidden_size\": 1024, "
                            "\"num_attention_heads\": 16, \"num_key_value_heads\": 8, "
                            "\"head_dim\": 128, \"sliding_window\": 4096}");

    (void)state;
    assert_int_equal(arch.query_size, 2048);
    assert_int_equal(arch.key_size, 1024);
    assert_true(arch.is_causal && arch.norms_heads);
    assert_true(good("{\"model_type\": \"qwen2\", \"is_causal\": false}").is_causal == false);
}

#define DEBERTA                                                                                    \
    "{\"model_type\": \"deberta-v2\", \"relative_attention\": true, \"share_att_key\": true"
#define LAYER_NORM_OF_DISTANCES ", \"norm_rel_ebd\": \"layer_norm\""

static void test_arch__refuses_by_file_and_key(void **state)
{
    static const struct {
        const char *json;
        const char *complaint;
    } cases[] = {
        {"{\"model_type\": \"gpt2\"}",
         "unsupported \"model_type\" \"gpt2\" (supported: albert, bert"},
        {"{\"model_type\": \"qwen3\", \"rope_scaling\": {\"rope_type\": \"yarn\"}}",
         "config.json: \"rope_scaling\": unsupported \"type\" \"yarn\""},
        {"{\"model_type\": \"new\", \"rope_scaling\": {\"factor\": 8}}",
         "config.json: \"rope_scaling\": \"factor\" is given, and no \"type\""},
        {"{\"model_type\": \"new\", \"rope_scaling\": {\"type\": \"ntk\", \"factor\": 2, "
         "\"mixed_b\": 0.5}}",
         "config.json: \"rope_scaling\": \"mixed_b\" is 0.5"},
        {"{\"model_type\": \"nomic_bert\", \"rotary_scaling_factor\": 2}",
         "config.json: \"rotary_scaling_factor\" is 2"},
        {"{\"model_type\": \"nomic_bert\", \"num_experts\": 8}", "\"num_experts\" is 8"},
        {"{\"model_type\": \"new\", \"logn_attention_scale\": true}",
         "\"logn_attention_scale\" is true"},
        {"{\"model_type\": \"modernbert\", \"attention_bias\": true}", "\"attention_bias\" is"},
        {"{\"model_type\": \"mistral\", \"max_position_embeddings\": 8192, \"is_causal\": false}",
         "\"sliding_window\" is 4096 (where it is absent, too) and \"is_causal\" false"},
        {"{\"model_type\": \"llama\", \"sliding_window\": 4096}", "\"sliding_window\" is 4096"},
        {"{\"model_type\": \"qwen2\", \"num_hidden_layers\": 1, "
         "\"layer_types\": [\"sliding_attention\"]}",
         "\"layer_types\"[0] is \"sliding_attention\""},
        {"{\"model_type\": \"qwen2\", \"num_hidden_layers\": 1, \"is_causal\": false, "
         "\"layer_types\": [\"sliding_attention\"]}",
         "\"layer_types\"[0] is \"sliding_attention\""},
        {"{\"model_type\": \"qwen3\", \"max_position_embeddings\": 1000000000}",
         "\"max_position_embeddings\" must be a whole number from 1 to 1048576, not 1000000000"},
        {"{\"model_type\": \"nomic_bert\", \"rotary_emb_fraction\": 0.5}",
         "\"rotary_emb_fraction\" is 0.5; supported: 1"},
        {"{\"model_type\": \"qwen3\", \"rope_parameters\": {\"partial_rotary_factor\": 0.25}}",
         "\"rope_parameters\": \"partial_rotary_factor\" is 0.25; supported: 1"},
        {"{\"model_type\": \"modernbert\", \"num_hidden_layers\": 2, \"layer_types\": [\"x\"]}",
         "\"layer_types\" must be an array"},
        {"{\"model_type\": \"modernbert\", \"num_hidden_layers\": 1, \"layer_types\": [\"x\"]}",
         "\"layer_types\"[0] is not"},
        {"{\"model_type\": \"bert\", \"position_embedding_type\": \"alibi\", "
         "\"feed_forward_type\": \"original\"}",
         "\"feed_forward_type\" is \"original\""},
        {"{\"model_type\": \"qwen3\", \"num_attention_heads\": 16, \"num_key_value_heads\": 3}",
         "\"num_attention_heads\" 16 is not a multiple of \"num_key_value_heads\" 3"},
        {"{\"model_type\": \"qwen3\", \"head_dim\": 65536}", "heads of 65536 are more than"},
        {"{\"model_type\": \"gte\", \"head_dim\": 15}", "must be even"},
        {"{\"model_type\": \"roberta\", \"max_position_embeddings\": 2}",
         "\"max_position_embeddings\" is 2, but the first token is at position 2"},
        {"{\"model_type\": \"albert\", \"num_hidden_groups\": 5}",
         "\"num_hidden_layers\" 12 is not a multiple of \"num_hidden_groups\" 5"},
        {"{\"model_type\": \"albert\", \"inner_group_num\": 2}",
         "\"inner_group_num\" must be a whole number from 1 to 1, not 2"},
        {"{\"model_type\": \"gemma3_text\", \"attn_logit_softcapping\": 50}",
         "\"attn_logit_softcapping\" is 50"},
        {"{\"model_type\": \"jina_embeddings_v3\", \"lora_adaptations\": [\"separation\"]}",
         "\"lora_adaptations\" is"},
        {"{\"model_type\": \"t5\", \"feed_forward_proj\": \"gated-silu\"}",
         "unsupported \"feed_forward_proj\" \"gated-silu\" (supported: gelu"},
        {"{\"model_type\": \"t5\", \"feed_forward_proj\": \"gated-gelu\", "
         "\"dense_act_fn\": \"silu\"}",
         "\"dense_act_fn\" is \"silu\"; supported: \"gelu_new\""},
        {"{\"model_type\": \"t5\", \"relative_attention_max_distance\": 8}",
         "\"relative_attention_max_distance\" 8 is no more than a quarter of "
         "\"relative_attention_num_buckets\" 32"},
        {"{\"model_type\": \"nomic_bert\", \"activation_function\": \"gelu\", \"num_experts\": 2, "
         "\"moe_top_k\": 3}",
         "\"moe_top_k\" 3 is more than \"num_experts\" 2"},
        {"{\"model_type\": \"nomic_bert\", \"activation_function\": \"gelu\", "
         "\"num_shared_experts\": 1}",
         "\"num_shared_experts\" is 1"},
        {"{\"model_type\": \"deberta-v2\"}",
         "\"relative_attention\" is false or absent; supported: true"},
        {"{\"model_type\": \"deberta-v2\", \"relative_attention\": true}",
         "\"share_att_key\" is false or absent; supported: true"},
        {"{\"model_type\": \"deberta-v2\", \"conv_kernel_size\": 3}",
         "unsupported \"conv_act\" \"tanh\" (supported: gelu"},
        {"{\"model_type\": \"deberta-v2\", \"conv_kernel_size\": 2, \"conv_act\": \"gelu\"}",
         "\"conv_kernel_size\" 2 is not odd"},
        {"{\"model_type\": \"deberta-v2\", \"conv_kernel_size\": 3, \"conv_act\": \"gelu\", "
         "\"conv_groups\": 2}",
         "\"conv_groups\" must be a whole number from 1 to 1, not 2"},
        {DEBERTA "}", "\"norm_rel_ebd\" is \"none\"; supported: \"layer_norm\""},
        {DEBERTA LAYER_NORM_OF_DISTANCES "}", "\"pos_att_type\" is absent; supported: \"c2p\""},
        {DEBERTA LAYER_NORM_OF_DISTANCES ", \"pos_att_type\": [\"c2p\", \"p2p\"]}",
         "\"pos_att_type\" is [\"c2p\",\"p2p\"]; supported: \"c2p\""},
        {DEBERTA LAYER_NORM_OF_DISTANCES ", \"pos_att_type\": \"c2p|\"}",
         "\"pos_att_type\" is \"c2p|\""},
        {DEBERTA LAYER_NORM_OF_DISTANCES ", \"pos_att_type\": \"c2p\", \"position_buckets\": 1}",
         "\"position_buckets\" 1 does not go with distances to 512"},
        {DEBERTA LAYER_NORM_OF_DISTANCES ", \"pos_att_type\": \"c2p\", \"position_buckets\": 1022}",
         "\"position_buckets\" 1022 does not go with distances to 512"},
        {DEBERTA LAYER_NORM_OF_DISTANCES
         ", \"pos_att_type\": \"c2p\", \"max_relative_positions\": 2.5}",
         "\"max_relative_positions\" must be a whole number"},
        {"{\"model_type\": \"roberta\", \"is_causal\": true}", "\"is_causal\" is true"},
        {"{\"model_type\": \"roberta\", \"auto_map\": {\"AutoModel\": \"x\"}}", "\"auto_map\" is"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error error = {{0}};
        struct arch arch;
        enum status status = read_config(cases[i].json, &arch, &error);

        if (status == STATUS_OK || !strstr(error.text, cases[i].complaint))
            fail_msg("%s: status %d, \"%s\"", cases[i].json, status, error.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arch__roberta_counts_from_after_the_padding_token),
        cmocka_unit_test(test_arch__one_model_type_may_be_two_families),
        cmocka_unit_test(test_arch__t5_is_gated_or_not_by_a_word),
        cmocka_unit_test(test_arch__umt5_is_gated_with_biases_in_each_layer),
        cmocka_unit_test(test_arch__disentangled_scores),
        cmocka_unit_test(test_arch__experts_are_in_every_other_layer),
        cmocka_unit_test(test_arch__rotary_positions_are_scaled),
        cmocka_unit_test(test_arch__local_layers_old_and_new),
        cmocka_unit_test(test_arch__window_of_all_layers),
        cmocka_unit_test(test_arch__family_without_a_model_type_has_a_name),
        cmocka_unit_test(test_arch__grouped_keys_have_their_own_size),
        cmocka_unit_test(test_arch__refuses_by_file_and_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
