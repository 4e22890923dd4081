/* SPDX-License-Identifier: Apache-2.0 */

/* How long it takes to write float32 numbers like those of a unit vector as text, against what the
 * C library does for the same round trip. Prints nanoseconds and bytes for each number. */
#include "server/text/number.h"

#include <math.h>
#include <stdio.h>
#include <stdint.h>
#include <time.h>

enum { N_FLOATS = 384, N_ROUNDS = 4000 };

static double now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* Seeded; the sum of four uniform numbers is near enough to a normal one. */
static void fill_unit_vector(float *vector)
{
    uint64_t state = 1;
    double squares = 0;

    for (size_t i = 0; i < N_FLOATS; i++) {
        double sum = 0;
        for (int j = 0; j < 4; j++) {
            state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            sum += (double)(state >> 33) / (double)(UINT64_C(1) << 31) - 0.5;
        }
        vector[i] = (float)sum;
        squares += sum * sum;
    }
    for (size_t i = 0; i < N_FLOATS; i++)
        vector[i] = (float)(vector[i] / sqrt(squares));
}

static char *write_nine_digits(char *to, float x)
{
    return to + snprintf(to, NUMBER_FLOAT_BYTES, "%.9g", (double)x);
}

static void measure(const char *name, char *(*write)(char *to, float x), const float *vector)
{
    static char text[N_FLOATS * NUMBER_FLOAT_BYTES];
    const double n_written = (double)N_FLOATS * N_ROUNDS;
    size_t len_bytes = 0;
    double start_ns = now_ns();

    for (int round = 0; round < N_ROUNDS; round++) {
        char *end = text;
        for (size_t i = 0; i < N_FLOATS; i++)
            end = write(end, vector[i]);
        len_bytes += (size_t)(end - text);
    }
    printf("%-20s %6.1f ns/float %5.2f bytes/float\n", name, (now_ns() - start_ns) / n_written,
           (double)len_bytes / n_written);
}

int main(void)
{
    float vector[N_FLOATS];

    fill_unit_vector(vector);
    measure("number_write_float", number_write_float, vector);
    measure("snprintf %.9g", write_nine_digits, vector);
    return 0;
}
