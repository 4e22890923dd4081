/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/files/safetensors.h"
#include "engine/model/model.h"
#include "tests/engine/model/folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOOD_HEADER                                                                                \
    "{\"__metadata__\":{\"format\":\"pt\"},"                                                       \
    "\"ids\":{\"dtype\":\"I64\",\"shape\":[1,2],\"data_offsets\":[0,16]},"                         \
    "\"w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[16,40]},"                          \
    "\"none\":{\"dtype\":\"F16\",\"shape\":[0,7],\"data_offsets\":[40,40]},"                       \
    "\"scalar\":{\"dtype\":\"BF16\",\"shape\":[],\"data_offsets\":[40,42]}}  "
enum { GOOD_DATA_BYTES = 42 };

struct image {
    unsigned char bytes[2000];
    size_t len_bytes;
};

static struct image make_image(const char *header, size_t n_data_bytes)
{
    struct image image = {.len_bytes = 8 + strlen(header) + n_data_bytes};
    uint64_t header_bytes = strlen(header);

    assert_true(image.len_bytes <= sizeof image.bytes);
    for (int i = 0; i < 8; i++)
        image.bytes[i] = (unsigned char)(header_bytes >> 8 * i);
    memcpy(image.bytes + 8, header, strlen(header));
    for (size_t i = 8 + strlen(header); i < image.len_bytes; i++)
        image.bytes[i] = (unsigned char)(i * 7);
    return image;
}

static enum status open_image(const struct image *image, struct safetensors **ret_file,
                              struct error *error)
{
    struct folder folder;
    enum status status;

    folder_init(&folder);
    folder_write(&folder, "w.safetensors", image->bytes, image->len_bytes);
    status = safetensors_open(ret_file, folder_path(&folder, "w.safetensors"), error);
    folder_release(&folder); /* a mapping outlives its file's name */
    return status;
}

/* Reads all that it can: under the sanitizers a wrong bound is seen. */
static void touch_all(const struct safetensors *file)
{
    static const char *const names[] = {"ids", "w", "none", "scalar"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct tensor tensor;
        size_t n = 1;

        if (safetensors_find(file, names[i], &tensor, NULL))
            continue;
        for (size_t d = 0; d < tensor.n_dims; d++)
            n *= tensor.dims[d];
        for (size_t v = 0; v < n; v++)
            (void)tensor_get(&tensor, v);
    }
}

static void test_safetensors__finds_tensors_in_a_good_file(void **state)
{
    struct image image = make_image(GOOD_HEADER, GOOD_DATA_BYTES);
    struct safetensors *file;
    struct error error = {{0}};
    struct tensor tensor;
    float first;

    (void)state;
    assert_int_equal(open_image(&image, &file, &error), STATUS_OK);
    assert_true(safetensors_has(file, "w"));
    assert_true(safetensors_has(file, "ids"));
    assert_false(safetensors_has(file, "__metadata__"));
    assert_int_equal(safetensors_find(file, "w", &tensor, &error), STATUS_OK);
    assert_int_equal(tensor.dtype, DTYPE_FLOAT32);
    assert_int_equal(tensor.n_dims, 2);
    assert_int_equal(tensor.dims[0], 2);
    assert_int_equal(tensor.dims[1], 3);
    memcpy(&first, image.bytes + 8 + strlen(GOOD_HEADER) + 16, sizeof first);
    assert_memory_equal(tensor.data, &first, sizeof first);
    assert_int_equal(safetensors_find(file, "scalar", &tensor, &error), STATUS_OK);
    assert_int_equal(tensor.n_dims, 0);
    assert_int_equal(safetensors_find(file, "none", &tensor, &error), STATUS_OK);
    assert_int_equal(tensor.dims[0], 0);
    safetensors_close(file);
    safetensors_close(NULL);
}

static void test_safetensors__says_what_it_cannot_give(void **state)
{
    struct image image =
        make_image("{\"ids\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]},"
                   "\"odd\":{\"dtype\":\"F4\",\"shape\":[3],\"data_offsets\":[8,10]},"
                   "\"deep\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1],\"data_offsets\":[10,14]}}",
                   14);
    struct safetensors *file;
    struct error error = {{0}};
    struct tensor tensor;

    (void)state;
    assert_int_equal(open_image(&image, &file, &error), STATUS_OK);
    assert_int_equal(safetensors_find(file, "w", &tensor, &error), STATUS_INVALID);
    assert_string_equal(error.text, "w.safetensors: has no tensor \"w\"");
    error.text[0] = '\0';
    assert_int_equal(safetensors_find(file, "ids", &tensor, &error), STATUS_UNSUPPORTED);
    assert_string_equal(
        error.text, "w.safetensors: tensor \"ids\" has dtype I64; F32, F16 and BF16 can be read");
    assert_int_equal(safetensors_find_any(file, "ids", &tensor, NULL), STATUS_OK);
    assert_int_equal(tensor.dtype, DTYPE_INT64);
    assert_int_equal(safetensors_find(file, "odd", &tensor, NULL), STATUS_UNSUPPORTED);
    assert_int_equal(safetensors_find_any(file, "odd", &tensor, NULL), STATUS_UNSUPPORTED);
    assert_int_equal(safetensors_find(file, "deep", &tensor, NULL), STATUS_UNSUPPORTED);
    safetensors_close(file);
}

static void test_safetensors__refuses_every_truncation(void **state)
{
    struct image image = make_image(GOOD_HEADER, GOOD_DATA_BYTES);

    (void)state;
    for (size_t len = 0; len < image.len_bytes; len++) {
        struct image cut = image;
        struct safetensors *file = NULL;
        struct error error = {{0}};

        cut.len_bytes = len;
        assert_int_equal(open_image(&cut, &file, &error), STATUS_INVALID);
        assert_null(file);
        assert_non_null(strstr(error.text, "w.safetensors: "));
    }
}

static void test_safetensors__survives_every_flipped_bit_of_length_and_header(void **state)
{
    struct image image = make_image(GOOD_HEADER, GOOD_DATA_BYTES);

    (void)state;
    for (size_t bit = 0; bit < 8 * (8 + strlen(GOOD_HEADER)); bit++) {
        struct image flipped = image;
        struct safetensors *file;
        struct error error = {{0}};

        flipped.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        if (open_image(&flipped, &file, &error) == STATUS_OK) {
            touch_all(file);
            safetensors_close(file);
        } else {
            assert_non_null(strstr(error.text, "w.safetensors: "));
        }
    }
}

/* One tensor "w"; `about` is what stands in its braces. */
static void assert_refused(const char *about, size_t n_data_bytes, const char *complaint)
{
    struct safetensors *file;
    struct error error = {{0}};
    struct image image;
    char header[1000];

    snprintf(header, sizeof header, "{\"w\":%s}", about);
    image = make_image(header, n_data_bytes);
    assert_int_equal(open_image(&image, &file, &error), STATUS_INVALID);
    if (!strstr(error.text, complaint))
        fail_msg("\"%s\" says: %s", about, error.text);
}

static void test_safetensors__refuses_hostile_entries(void **state)
{
    (void)state;
    assert_refused("7", 0, "has no dtype");
    assert_refused("{\"shape\":[1],\"data_offsets\":[0,4]}", 4, "has no dtype");
    assert_refused("{\"dtype\":32,\"shape\":[1],\"data_offsets\":[0,4]}", 4, "has no dtype");
    assert_refused("{\"dtype\":\"F32\",\"data_offsets\":[0,4]}", 4, "has no shape");
    assert_refused("{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}", 4, "has no shape");
    assert_refused("{\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]}", 4, "has no shape");
    assert_refused("{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}",
                   0, "has no shape");
    assert_refused("{\"dtype\":\"F32\",\"shape\":[4611686018427387904],\"data_offsets\":[0,0]}", 0,
                   "its shape and dtype F32 make");
    assert_refused("{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,0]}", 0,
                   "not valid JSON");
    assert_refused("{\"dtype\":\"F32\",\"shape\":[1]}", 4, "has no data_offsets");
    assert_refused("{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}", 4,
                   "has no data_offsets");
    assert_refused("{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,8]}", 4,
                   "has no data_offsets");
    assert_refused("{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}", 4,
                   "has no data_offsets");
    assert_refused("{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,0]}", 4,
                   "has no data_offsets");
    assert_refused("{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}", 4,
                   "has 4 bytes, but its shape and dtype F32 make 2 values of 4");
    assert_refused("{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}", 8,
                   "begins at byte 4 of the data, where byte 0 is due");
    assert_refused("{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}", 5,
                   "has 5 bytes of data, but its tensors take 4");
    assert_refused("{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}", 4,
                   "is truncated: tensor \"w\" ends at byte 8 of the data, there are 4");
    assert_refused("{\"dtype\":\"F4\",\"shape\":[2],\"data_offsets\":[0,9223372036854775807]}", 4,
                   "is truncated");
    assert_refused("{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
                   "\"v\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[2,6]}",
                   6, "neither overlap nor leave holes");
    assert_refused("{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
                   "\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}",
                   8, "duplicate");
}

static void assert_header_refused(const char *header, const char *complaint)
{
    struct image image = make_image(header, 4);
    struct safetensors *file;
    struct error error = {{0}};

    assert_int_equal(open_image(&image, &file, &error), STATUS_INVALID);
    assert_non_null(strstr(error.text, complaint));
}

static void test_safetensors__refuses_hostile_headers(void **state)
{
    struct image image = make_image("{}", 0);
    struct safetensors *file;

    (void)state;
    assert_header_refused("", "does not begin with '{'");
    assert_header_refused("[]", "does not begin with '{'");
    assert_header_refused(" {}", "does not begin with '{'");
    assert_header_refused("{", "not valid JSON");
    assert_header_refused("{}{}", "not valid JSON");
    assert_header_refused("{}", "has 4 bytes of data, but its tensors take 0");
    /* A file of no tensors is well formed. */
    assert_int_equal(open_image(&image, &file, NULL), STATUS_OK);
    assert_false(safetensors_has(file, "w"));
    safetensors_close(file);
    /* A header of 2^63 bytes, and one just over the limit. */
    image.bytes[7] = 0x80;
    assert_int_equal(open_image(&image, &file, NULL), STATUS_INVALID);
}

static void test_safetensors__survives_random_bytes(void **state)
{
    uint64_t seed = 1;

    (void)state;
    for (int round = 0; round < 500; round++) {
        struct image image = make_image(GOOD_HEADER, GOOD_DATA_BYTES);
        struct safetensors *file;

        for (int change = 0; change < 3; change++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            image.bytes[8 + (seed >> 33) % strlen(GOOD_HEADER)] = (unsigned char)(seed >> 24);
        }
        if (open_image(&image, &file, NULL) == STATUS_OK) {
            touch_all(file);
            safetensors_close(file);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_safetensors__finds_tensors_in_a_good_file),
        cmocka_unit_test(test_safetensors__says_what_it_cannot_give),
        cmocka_unit_test(test_safetensors__refuses_every_truncation),
        cmocka_unit_test(test_safetensors__survives_every_flipped_bit_of_length_and_header),
        cmocka_unit_test(test_safetensors__refuses_hostile_entries),
        cmocka_unit_test(test_safetensors__refuses_hostile_headers),
        cmocka_unit_test(test_safetensors__survives_random_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
