/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/int8/probe.h"
#include "tests/engine/model/folder.h"

/* The probe texts of a tokenizer that knows these characters only and adds no special tokens. */
static void init(struct probe *probe, const char *model)
{
    struct tokenizer *tokenizer = NULL;
    struct error error = {{0}};
    struct folder folder;

    folder_init(&folder);
    folder_write_text(&folder, "tokenizer.json", model);
    folder_write_text(&folder, "tokenizer_config.json",
                      "{\"tokenizer_class\":\"PreTrainedTokenizerFast\"}");
    if (tokenizer_load(&tokenizer, folder.path, false, &error))
        fail_msg("%s", error.text);
    assert_int_equal(probe_init(probe, tokenizer, 512), STATUS_OK);
    tokenizer_free(tokenizer);
    folder_release(&folder);
}

/* Only some of the texts have an "x". */
static void test_probe__texts_without_a_token_are_left_out(void **state)
{
    struct probe probe;

    (void)state;
    init(&probe, "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"x\":0},\"merges\":[]}}");
    assert_in_range(probe.n_texts, 1, 10);
    for (size_t i = 0; i < probe.n_texts; i++) {
        assert_in_range(probe.texts[i].n_tokens, 1, 3);
        for (size_t j = 0; j < probe.texts[i].n_tokens; j++)
            assert_int_equal(probe.texts[i].ids[j], 0);
    }
    probe_release(&probe);
    init(&probe, "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"@\":0},\"merges\":[]}}");
    assert_int_equal(probe.n_texts, 0);
    probe_release(&probe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_probe__texts_without_a_token_are_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
