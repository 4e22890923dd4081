/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/model/modules/token_table.h"
#include "tests/engine/model/folder.h"

#include <stdio.h>
#include <string.h>

/* A safetensors file: its header, then what `data` holds. */
static void write_file(const struct folder *folder, const char *header, const void *data,
                       size_t data_bytes)
{
    char file[1024] = {0};
    size_t len = strlen(header);

    assert_true(8 + len + data_bytes <= sizeof file);
    file[0] = (char)(len & 0xff);
    file[1] = (char)(len >> 8);
    memcpy(file + 8, header, len);
    memcpy(file + 8 + len, data, data_bytes);
    folder_write(folder, "model.safetensors", file, 8 + len + data_bytes);
}

static struct token_table open_table(const struct folder *folder)
{
    struct token_table table;
    struct error error = {{0}};

    if (token_table_open(&table, folder->path, "", &error))
        fail_msg("%s", error.text);
    return table;
}

static void assert_refused(const struct folder *folder, enum status wanted, const char *complaint)
{
    struct token_table table;
    struct error error = {{0}};
    enum status status = token_table_open(&table, folder->path, "0_Static", &error);

    if (status != wanted || !strstr(error.text, complaint))
        fail_msg("status %d, not %d: \"%s\", not \"%s\"", status, wanted, error.text, complaint);
}

static void test_token_table__a_text_is_the_mean_of_its_rows(void **state)
{
    static const float rows[] = {1, 2, 10, -20, 0.5f, 0.25f};
    static const struct folder_tensor tensor = {"embedding.weight", 3, 2, rows};
    static const int32_t ids[] = {0, 2, 2, 1};
    struct token_table table;
    struct folder folder;
    double sums[2];
    float row[2];
    float mean[2];

    (void)state;
    folder_init(&folder);
    folder_write_tensors(&folder, "model.safetensors", &tensor, 1);
    table = open_table(&folder);
    assert_int_equal(table.n_ids, 3);
    assert_int_equal(table.n_dims, 2);
    token_table_get(&table, 1, row);
    assert_true(row[0] == 10 && row[1] == -20);
    token_table_pool(&table, ids, 4, sums, row, mean);
    assert_true(mean[0] == 3 && mean[1] == -4.375f);
    token_table_pool(&table, ids, 0, sums, row, mean);
    assert_true(mean[0] == 0 && mean[1] == 0);
    token_table_close(&table);
    folder_release(&folder);
}

/* Two rows of int8, four tokens, each with a row and a weight. */
#define HEADER(n_places, places_end, n_factors, factors_end)                                       \
    "{\"embeddings\":{\"dtype\":\"I8\",\"shape\":[2,4],\"data_offsets\":[0,8]},"                   \
    "\"mapping\":{\"dtype\":\"I64\",\"shape\":[" n_places "],\"data_offsets\":[8," places_end      \
    "]},\"weights\":{\"dtype\":\"F32\",\"shape\":[" n_factors "],\"data_offsets\":[" places_end    \
    "," factors_end "]}}"

struct stored {
    int8_t rows[8];
    int64_t places[4];
    float factors[4];
};

static struct stored make_stored(void)
{
    return (struct stored){.rows = {1, -2, 3, 127, 5, 6, -128, 8},
                           .places = {1, 0, 0, 1},
                           .factors = {2, 0.5f, -1, 0}};
}

static void test_token_table__a_token_may_have_anothers_row_and_a_weight(void **state)
{
    static const float expected[4][4] = {
        {10, 12, -256, 16}, {0.5f, -1, 1.5f, 63.5f}, {-1, 2, -3, -127}, {0, 0, 0, 0}};
    const struct stored stored = make_stored();
    struct token_table table;
    struct folder folder;

    (void)state;
    folder_init(&folder);
    write_file(&folder, HEADER("4", "40", "4", "56"), &stored, sizeof stored);
    table = open_table(&folder);
    assert_int_equal(table.n_ids, 4);
    for (int32_t id = 0; id < 4; id++) {
        float row[4];

        token_table_get(&table, id, row);
        for (size_t i = 0; i < 4; i++)
            assert_true(row[i] == expected[id][i]);
    }
    token_table_close(&table);
    folder_release(&folder);
}

static void test_token_table__refuses_what_does_not_fit(void **state)
{
    static const float rows[] = {1, 2};
    static const struct folder_tensor other = {"rows", 1, 2, rows};
    static const struct folder_tensor flat = {"embeddings", 2, 0, rows};
    struct stored stored = make_stored();
    struct folder folder;

    (void)state;
    folder_init(&folder);
    stored.places[2] = 2;
    write_file(&folder, HEADER("4", "40", "4", "56"), &stored, sizeof stored);
    assert_refused(&folder, STATUS_INVALID,
                   "0_Static/model.safetensors: \"mapping\" gives token 2 row 2 of 2");
    stored.places[2] = -1;
    write_file(&folder, HEADER("4", "40", "4", "56"), &stored, sizeof stored);
    assert_refused(&folder, STATUS_INVALID, "\"mapping\" gives token 2 row -1 of 2");
    stored = make_stored();
    write_file(&folder, HEADER("4", "40", "3", "52"), &stored, sizeof stored - 4);
    assert_refused(&folder, STATUS_INVALID, "\"weights\" has 3 of float32 for 4 tokens");
    folder_write_tensors(&folder, "model.safetensors", &other, 1);
    assert_refused(&folder, STATUS_INVALID, "has neither \"embedding.weight\" nor");
    folder_write_tensors(&folder, "model.safetensors", &flat, 1);
    assert_refused(&folder, STATUS_INVALID, "\"embeddings\" has 1 dimensions, not 2");
    write_file(&folder,
               "{\"embeddings\":{\"dtype\":\"I64\",\"shape\":[1,4],\"data_offsets\":[0,32]}}",
               &stored, 32);
    assert_refused(&folder, STATUS_UNSUPPORTED, "the embeddings are [1, 4] of int64");
    write_file(&folder,
               "{\"embeddings\":{\"dtype\":\"F32\",\"shape\":[0,4],\"data_offsets\":[0,0]}}",
               &stored, 0);
    assert_refused(&folder, STATUS_UNSUPPORTED, "the embeddings are [0, 4]");
    folder_delete(&folder, "model.safetensors");
    folder_write_text(&folder, "pytorch_model.bin", "x");
    assert_refused(&folder, STATUS_UNSUPPORTED, "only in pytorch_model.bin");
    folder_release(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_token_table__a_text_is_the_mean_of_its_rows),
        cmocka_unit_test(test_token_table__a_token_may_have_anothers_row_and_a_weight),
        cmocka_unit_test(test_token_table__refuses_what_does_not_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
