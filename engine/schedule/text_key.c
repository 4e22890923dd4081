/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/schedule/text_key.h"

#include <sys/random.h>
#include <time.h>

struct text_secret text_secret_draw(void)
{
    struct text_secret secret;

    if (getrandom(&secret, sizeof secret, 0) != (ssize_t)sizeof secret) {
        struct timespec now;

        /* No randomness at all: a secret that is at least not the same each time. */
        clock_gettime(CLOCK_REALTIME, &now);
        secret.words[0] = (uint64_t)now.tv_nsec * 0x9e3779b97f4a7c15u;
        secret.words[1] = (uint64_t)now.tv_sec ^ (uint64_t)(uintptr_t)&secret;
    }
    return secret;
}

static uint64_t rotate(uint64_t x, int n)
{
    return x << n | x >> (64 - n);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
}

static void absorb(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    sip_round(v);
    v[0] ^= word;
}

static uint64_t squeeze(uint64_t v[4])
{
    for (int i = 0; i < 4; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

struct text_key text_key_of(const struct text_secret *secret, const int32_t *ids, size_t n_tokens,
                            size_t n_skipped)
{
    uint64_t v[4] = {
        secret->words[0] ^ 0x736f6d6570736575u,
        secret->words[1] ^ 0x646f72616e646f6du ^ 0xee, /* 0xee: the 128-bit variant */
        secret->words[0] ^ 0x6c7967656e657261u,
        secret->words[1] ^ 0x7465646279746573u,
    };
    struct text_key key;
    size_t i;

    for (i = 0; i + 2 <= n_tokens; i += 2)
        absorb(v, (uint64_t)(uint32_t)ids[i + 1] << 32 | (uint32_t)ids[i]);
    if (i < n_tokens)
        absorb(v, (uint32_t)ids[i]);
    absorb(v, (uint64_t)n_skipped << 32 | n_tokens);
    v[2] ^= 0xee;
    key.low = squeeze(v);
    v[1] ^= 0xdd;
    key.high = squeeze(v);
    return key;
}
