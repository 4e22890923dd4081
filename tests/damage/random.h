/* SPDX-License-Identifier: Apache-2.0 */

/* Numbers that a seed decides: splitmix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number
 * generators", 2014). For one thread. */
#ifndef NESTD_TESTS_DAMAGE_RANDOM_H
#define NESTD_TESTS_DAMAGE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct random {
    uint64_t state;
};

static inline uint64_t random_next(struct random *random)
{
    uint64_t z = random->state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* One of 0 to n - 1; n is not 0. */
static inline size_t random_below(struct random *random, size_t n)
{
    return random_next(random) % n;
}

#endif
