/* SPDX-License-Identifier: Apache-2.0 */

/* Shortest decimals of float32, by Schubfach: Raffaello Giulietti, "The Schubfach way to render
 * doubles" (2020), in its form for float32.
 *
 * A float is c * 2^q. The decimals that read back as it fill an interval around it, half a unit of
 * c wide on each side (a quarter below a power of two). Choose k with 10^k just under the
 * interval's width: then it holds at least one multiple of 10^k and at most one of 10^(k+1). If it
 * holds the latter, that is the shortest; else the nearest multiple of 10^k is. The ends are
 * scaled by 10^-k with one 64-bit power; the bits cut off are folded into the lowest kept one
 * ("round to odd"), which is enough to tell on which side of an integer a value lies. Reading is
 * taken to round halves to even, as IEEE 754 says, so the ends belong to an even c.
 *
 * The argument for the power's 64 bits is in the paper; test_number.c also tries every float. */
#include "server/text/number.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

enum {
    FRACTION_BITS = 23,
    EXPONENT_BIAS = 127 + FRACTION_BITS,
    MIN_POWER = -31,
    MAX_FLOAT_DIGITS = 9,
    MAX_FIXED_POINT = 9,  /* below 1e9 */
    MIN_FIXED_POINT = -4, /* from 1e-5 */
};

static const uint64_t powers[] = {
#include "server/text/number_powers.inc"
};

static const char digit_pairs[] = "00010203040506070809"
                                  "10111213141516171819"
                                  "20212223242526272829"
                                  "30313233343536373839"
                                  "40414243444546474849"
                                  "50515253545556575859"
                                  "60616263646566676869"
                                  "70717273747576777879"
                                  "80818283848586878889"
                                  "90919293949596979899";

/* digits * 10^exponent */
struct decimal {
    uint32_t digits;
    int exponent;
};

/* Floors of logarithms, exact for the exponents of float32 and well beyond. The shift of a
 * negative number is arithmetic with every compiler that builds this. */
static int floor_log10_pow2(int e)
{
    return (e * 1262611) >> 22;
}

static int floor_log10_three_quarters_pow2(int e)
{
    return (e * 1262611 - 524031) >> 22;
}

static int floor_log2_pow10(int e)
{
    return (e * 1741647) >> 19;
}

/* The whole part of power * n / 2^64, its lowest bit set where there is a fraction. */
static uint32_t scale_to_odd(uint64_t power, uint32_t n)
{
    const uint64_t high = (power >> 32) * n;
    const uint64_t low = (power & UINT32_MAX) * n;
    const uint64_t sum = high + (low >> 32);

    /* The power was rounded up, by less than one, so a fraction that small does not count. */
    return (uint32_t)(sum >> 32) | ((uint32_t)sum > 1);
}

/* c != 0. */
static struct decimal shortest_decimal(uint32_t c, int q, bool below_is_nearer)
{
    const uint32_t outside = c & 1; /* the ends of an odd c's interval belong to its neighbours */
    const int k = below_is_nearer ? floor_log10_three_quarters_pow2(q) : floor_log10_pow2(q);
    const int shift = q + floor_log2_pow10(-k) + 1; /* 1 to 4 */
    const uint64_t power = powers[-k - MIN_POWER];

    /* In quarters of 10^k: the value, and the interval's ends. */
    const uint32_t value = scale_to_odd(power, 4 * c << shift);
    const uint32_t lower = scale_to_odd(power, (4 * c - 2 + below_is_nearer) << shift) + outside;
    const uint32_t upper = scale_to_odd(power, (4 * c + 2) << shift) - outside;

    const uint32_t floor_one = value / 4;
    const uint32_t floor_ten = value / 40;

    const bool ten_below_fits = floor_ten > 0 && lower <= 40 * floor_ten;
    const bool ten_above_fits = floor_ten > 0 && 40 * floor_ten + 40 <= upper;
    if (ten_below_fits != ten_above_fits)
        return (struct decimal){floor_ten + ten_above_fits, k + 1};

    const bool below_fits = lower <= 4 * floor_one;
    const bool above_fits = 4 * floor_one + 4 <= upper;
    if (below_fits != above_fits)
        return (struct decimal){floor_one + above_fits, k};

    const uint32_t middle = 4 * floor_one + 2;
    const bool above_is_nearer = value > middle || (value == middle && (floor_one & 1));
    return (struct decimal){floor_one + above_is_nearer, k};
}

static int count_digits(uint64_t n)
{
    int n_digits = 1;

    for (; n >= 10000; n /= 10000)
        n_digits += 4;
    if (n >= 1000)
        return n_digits + 3;
    if (n >= 100)
        return n_digits + 2;
    return n_digits + (n >= 10);
}

/* Writes exactly n_digits, leading zeros among them. */
static void write_digits(char *to, uint64_t n, int n_digits)
{
    char *end = to + n_digits;

    for (; n_digits >= 2; n_digits -= 2) {
        end -= 2;
        memcpy(end, digit_pairs + n % 100 * 2, 2);
        n /= 100;
    }
    if (n_digits == 1)
        *to = (char)('0' + n % 10);
}

static char *write_scientific(char *to, uint32_t digits, int n_digits, int point)
{
    int exponent = point - 1;
    char *end = to + n_digits;

    /* The first digit goes before the point, so one place further left. */
    write_digits(to + 1, digits, n_digits);
    to[0] = to[1];
    if (n_digits > 1) {
        to[1] = '.';
        end++;
    }
    *end++ = 'e';
    if (exponent < 0) {
        *end++ = '-';
        exponent = -exponent;
    }
    return number_write_u64(end, (uint64_t)exponent);
}

char *number_write_float(char *to, float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof(bits));
    const uint32_t fraction = bits & ((UINT32_C(1) << FRACTION_BITS) - 1);
    const int biased = (int)(bits >> FRACTION_BITS & 0xff);

    assert(biased != 0xff);
    if (bits >> 31)
        *to++ = '-';
    if (biased == 0 && fraction == 0) {
        memcpy(to, "0.0", 3);
        return to + 3;
    }

    struct decimal decimal;
    if (biased == 0)
        decimal = shortest_decimal(fraction, 1 - EXPONENT_BIAS, false);
    else
        decimal = shortest_decimal(fraction | UINT32_C(1) << FRACTION_BITS, biased - EXPONENT_BIAS,
                                   fraction == 0 && biased > 1);
    for (; decimal.digits % 10 == 0; decimal.exponent++)
        decimal.digits /= 10;

    const int n_digits = count_digits(decimal.digits);
    const int point = n_digits + decimal.exponent; /* the value is 0.digits * 10^point */

    if (point > MAX_FIXED_POINT || point < MIN_FIXED_POINT)
        return write_scientific(to, decimal.digits, n_digits, point);
    if (point <= 0) { /* 0.000ddd: nearly every number of a unit vector */
        memcpy(to, "0.0000", 6);
        write_digits(to + 2 - point, decimal.digits, n_digits);
        return to + 2 - point + n_digits;
    }
    if (point >= n_digits) { /* ddd000.0 */
        write_digits(to, decimal.digits, n_digits);
        memset(to + n_digits, '0', (size_t)(point - n_digits));
        memcpy(to + point, ".0", 2);
        return to + point + 2;
    }
    write_digits(to + 1, decimal.digits, n_digits); /* ddd.ddd */
    memmove(to, to + 1, (size_t)point);
    to[point] = '.';
    return to + n_digits + 1;
}

char *number_write_u64(char *to, uint64_t n)
{
    const int n_digits = count_digits(n);

    write_digits(to, n, n_digits);
    return to + n_digits;
}

char *number_write_i64(char *to, int64_t n)
{
    if (n >= 0)
        return number_write_u64(to, (uint64_t)n);
    *to++ = '-';
    return number_write_u64(to, -(uint64_t)n);
}
