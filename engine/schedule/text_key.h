/* SPDX-License-Identifier: Apache-2.0 */

/* A tokenised text's key: 128 bits of SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast
 * short-input PRF", 2012) over its ids, under a secret drawn at start, so that no client can make
 * two texts meet. Pure; any thread. */
#ifndef NESTD_ENGINE_SCHEDULE_TEXT_KEY_H
#define NESTD_ENGINE_SCHEDULE_TEXT_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text_key {
    uint64_t high;
    uint64_t low;
};

/* What keys are drawn with; the same for the whole life of an engine. */
struct text_secret {
    uint64_t words[2];
};

/* From the system's randomness. */
struct text_secret text_secret_draw(void);

/* In place of n_skipped, which is less than n_tokens: nothing is pooled. So a job that asks for a
 * text's token vectors never meets one that asks for its pooled vector. */
enum { TEXT_KEY_NOT_POOLED = INT32_MAX };

/* Of ids[n_tokens], the first n_skipped of which the pooling leaves out. */
struct text_key text_key_of(const struct text_secret *secret, const int32_t *ids, size_t n_tokens,
                            size_t n_skipped);

static inline bool text_key_equal(struct text_key a, struct text_key b)
{
    return a.high == b.high && a.low == b.low;
}

#endif
