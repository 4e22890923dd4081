/* SPDX-License-Identifier: Apache-2.0 */

/* The input is a safetensors file. Whatever opens is found by some names and read to its last
 * value. */
#include "engine/files/safetensors.h"
#include "engine/model/model.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes);

static void read_tensor(const struct safetensors *file, const char *name)
{
    volatile float last;
    struct error error = {{0}};
    struct tensor tensor;
    size_t n = 1;

    if (safetensors_find(file, name, &tensor, &error)) {
        if (!error.text[0])
            abort();
        return;
    }
    for (size_t i = 0; i < tensor.n_dims; i++)
        n *= tensor.dims[i];
    for (size_t i = 0; i < n; i++)
        last = tensor_get(&tensor, i);
    (void)last;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
    static const char *const names[] = {"a", "b", "c", "embeddings.LayerNorm.weight", ""};
    int fd = memfd_create("fuzz.safetensors", 0);
    struct error error = {{0}};
    struct safetensors *file;
    char path[40];

    if (fd < 0 || write(fd, bytes, len_bytes) != (ssize_t)len_bytes)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (safetensors_open(&file, path, &error) == STATUS_OK) {
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            read_tensor(file, names[i]);
        safetensors_close(file);
    } else if (!error.text[0]) {
        abort();
    }
    close(fd);
    return 0;
}
