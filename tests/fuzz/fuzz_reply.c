/* SPDX-License-Identifier: Apache-2.0 */

/* What a server at --url may answer: the first byte says for how many texts. A reply that is taken
 * has written every vector, of finite numbers; one that is not is complained of. */
#include "server/embedder/reply.h"
#include "server/text/base64.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TEXTS = 4, N_DIMS = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes);

static void check_vectors(const struct reply_vectors *vectors)
{
    for (size_t i = 0; i < vectors->n_texts * N_DIMS; i++)
        if (!isfinite(vectors->vectors[i]))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
    const size_t n_texts = len_bytes > 0 ? 1 + bytes[0] % MAX_TEXTS : 1;
    const struct slice body = {(const char *)bytes + 1, len_bytes > 0 ? len_bytes - 1 : 0};
    float numbers[MAX_TEXTS * N_DIMS];
    bool truncated[MAX_TEXTS] = {false};
    struct reply_vectors vectors = {numbers, truncated, n_texts, N_DIMS};
    struct reply_vectors first = {NULL, truncated, n_texts, 0};
    struct error error = {0};
    char *name = NULL;
    enum status status;

    for (size_t i = 0; i < MAX_TEXTS * N_DIMS; i++)
        numbers[i] = NAN;
    status = reply_read(body, &vectors, &error);
    if ((status != STATUS_OK) != (error.text[0] != '\0'))
        abort();
    if (!status)
        check_vectors(&vectors);
    (void)!reply_read(body, &first, NULL);
    if (reply_read_model(body, &name, NULL) == STATUS_OK && !name)
        abort();
    free(name);
    return 0;
}
