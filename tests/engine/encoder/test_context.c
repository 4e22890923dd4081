/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/encoder/context.h"
#include "engine/model/model.h"

/* Whatever buckets make of a text's distances: with distances to 130, all 512 positions belong to a
 * text of 158 tokens. */
static void test_context__has_room_for_the_positions_of_the_longest_text(void **state)
{
    static const size_t max_distances[] = {130, 200, 512, 100000};
    enum { N_TOKENS = 158, HEAD = 64 };

    (void)state;
    for (size_t i = 0; i < sizeof max_distances / sizeof *max_distances; i++) {
        static struct model model;
        struct encoder encoder = {.model = &model};
        const uint32_t *rows;
        size_t n_rows;

        model.max_tokens = N_TOKENS;
        model.arch = (struct arch){.hidden_size = 1,
                                   .n_attention_heads = 1,
                                   .n_kv_heads = 1,
                                   .head_size = HEAD,
                                   .is_disentangled = true,
                                   .n_buckets = 256,
                                   .max_bucket_distance = max_distances[i],
                                   .n_distance_rows = 512};
        assert_int_equal(distance_tables_init(&encoder.distances, &model), STATUS_OK);
        rows = distance_tables_get_rows(&encoder.distances);
        n_rows = rows[1 - N_TOKENS] - rows[N_TOKENS - 1] + 1;
        assert_in_range(n_rows, 1, 512);
        assert_true(encoder_context_len_bytes(&encoder, N_TOKENS) >=
                    sizeof(float) * KERNEL_POSITIONS_SCRATCH_FLOATS(N_TOKENS, HEAD, n_rows) +
                        sizeof(float) * KERNEL_ATTENTION_SCRATCH_FLOATS(N_TOKENS, HEAD));
        distance_tables_release(&encoder.distances);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_context__has_room_for_the_positions_of_the_longest_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
