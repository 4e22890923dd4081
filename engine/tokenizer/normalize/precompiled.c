/* SPDX-License-Identifier: Apache-2.0 */

/* SentencePiece's character map, as the official tokenizer walks it, which is not as SentencePiece
 * does: the text is cut into grapheme clusters; a cluster of fewer than 6 bytes that begins with a
 * key of the map is replaced as a whole by what its shortest such key maps to; else each code point
 * is looked up on its own, likewise.
 *
 * FORMAT. base64 of: the length of a double array in bytes (32 bits, least first), the double array
 * (Darts-clone: units of 32 bits), and strings that end with a NUL. A key's value is where its
 * string begins. */
#include "engine/tokenizer/normalize/normalize.h"
#include "engine/tokenizer/normalize/utf8proc.h"

#include "engine/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_CLUSTER_BYTES = 6, MAX_MAP_BYTES = 1 << 26 };

struct map {
    uint32_t n_units;
    uint32_t n_bytes;        /* of the strings */
    uint32_t growth;         /* how many characters the longest string has */
    bool ascii_stays[128];   /* no key begins with it */
    unsigned char content[]; /* the units, then the strings */
};

/* --- the double array ------------------------------------------------------------------------- */

static uint32_t unit_at(const struct map *map, uint32_t i)
{
    const unsigned char *unit = map->content + (size_t)i * 4;

    return unit[0] | (uint32_t)unit[1] << 8 | (uint32_t)unit[2] << 16 | (uint32_t)unit[3] << 24;
}

static uint32_t unit_offset(uint32_t unit)
{
    return unit >> 10 << ((unit & 1u << 9) >> 6);
}

/* What the shortest key that text[len_bytes] begins with maps to; NULL where there is none. */
static const char *find(const struct map *map, const char *text, size_t len_bytes,
                        size_t *ret_len_bytes)
{
    uint32_t at = unit_offset(unit_at(map, 0));

    for (size_t i = 0; i < len_bytes && text[i] != '\0'; i++) {
        unsigned char byte = (unsigned char)text[i];
        uint32_t unit;

        at ^= byte;
        if (at >= map->n_units)
            return NULL;
        unit = unit_at(map, at);
        if ((unit & (1u << 31 | 0xff)) != byte)
            return NULL;
        at ^= unit_offset(unit);
        if (at >= map->n_units)
            return NULL;
        if (unit & 1u << 8) {
            const char *strings = (const char *)map->content + (size_t)map->n_units * 4;
            uint32_t start = unit_at(map, at) & 0x7fffffff;

            if (start >= map->n_bytes)
                return NULL;
            *ret_len_bytes = strnlen(strings + start, map->n_bytes - start);
            return strings + start;
        }
    }
    return NULL;
}

/* --- the stage -------------------------------------------------------------------------------- */

/* Puts what characters became: the i-th new one stands for the bytes of the i-th old one, and what
 * is more for those of the last. */
static bool put_string(struct stage *stage, const struct normal_char *old, size_t n_old,
                       const char *text, size_t len_bytes)
{
    size_t i = 0;

    for (size_t pos = 0; pos < len_bytes; i++) {
        struct normal_char normal;
        uint32_t c;

        pos += utf8_decode(text + pos, len_bytes - pos, &c);
        normal = normal_char_with(&old[i < n_old ? i : n_old - 1], c);
        if (!stage_put(stage, &normal))
            return false;
    }
    return true;
}

static bool put_alone(struct stage *stage, const struct normal_char *normal)
{
    const struct map *map = stage->part->data;
    char bytes[MAX_UTF8_BYTES];
    size_t n_bytes = utf8_encode(normal->c, bytes);
    const char *text;
    size_t len_bytes;

    if (normal->c < 128 && map->ascii_stays[normal->c])
        return stage_put(stage, normal);
    text = find(map, bytes, n_bytes, &len_bytes);
    return text ? put_string(stage, normal, 1, text, len_bytes) : stage_put(stage, normal);
}

/* Puts the held cluster, which has fewer than MAX_CLUSTER_BYTES. */
static bool put_cluster(struct stage *stage)
{
    struct chars *held = &stage->held;
    char bytes[MAX_CLUSTER_BYTES + MAX_UTF8_BYTES];
    const char *text = NULL;
    size_t n_bytes = 0;
    size_t len_bytes;
    bool more = true;

    if (held->n > 1) {
        for (size_t i = 0; i < held->n; i++)
            n_bytes += utf8_encode(held->items[i].c, bytes + n_bytes);
        text = find(stage->part->data, bytes, n_bytes, &len_bytes);
    }
    if (text)
        more = put_string(stage, held->items, held->n, text, len_bytes);
    for (size_t i = 0; i < held->n && !text && more; i++)
        more = put_alone(stage, &held->items[i]);
    held->n = 0;
    return more;
}

enum { N_BYTES = 0, BREAK_STATE = 1 }; /* of the stage's state */

/* Whether a cluster ends between the last character and this one. Below U+0300 one always does,
 * but for CR and LF. */
static bool breaks(struct stage *stage, uint32_t last, uint32_t c)
{
    int32_t state = (int32_t)stage->state[BREAK_STATE];
    bool yes;

    if (last < 0x300 && c < 0x300 && last != '\r') {
        stage->state[BREAK_STATE] = 0;
        return true;
    }
    yes = unicode_breaks(last, c, &state);
    stage->state[BREAK_STATE] = (size_t)state;
    return yes;
}

/* Of a cluster that is too long to be looked up as a whole the last character is held, so that it
 * is known where it ends. */
static bool take(struct stage *stage, const struct normal_char *normal)
{
    struct chars *held = &stage->held;
    size_t n_bytes = utf8_bytes(normal->c);
    bool more = true;

    if (held->n > 0 && breaks(stage, held->items[held->n - 1].c, normal->c)) {
        more = put_cluster(stage);
        stage->state[N_BYTES] = 0;
    } else if (stage->state[N_BYTES] + n_bytes >= MAX_CLUSTER_BYTES) {
        for (size_t i = 0; i < held->n && more; i++)
            more = put_alone(stage, &held->items[i]);
        held->n = 0;
    }
    if (stage->state[N_BYTES] < MAX_CLUSTER_BYTES)
        stage->state[N_BYTES] += n_bytes;
    return more && stage_hold(stage, normal);
}

static bool end(struct stage *stage)
{
    bool more = put_cluster(stage);

    stage->state[N_BYTES] = 0;
    stage->state[BREAK_STATE] = 0;
    return more && stage_put_end(stage);
}

static const struct stage_type type = {take, end, .ascii_is_separate = false};

/* --- reading ---------------------------------------------------------------------------------- */

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : -1;
}

/* Into `to`, of 3 bytes for each 4 characters; false where it is not base64. */
static bool base64_decode(const char *text, size_t len_bytes, unsigned char *to, size_t *ret_n)
{
    uint32_t bits = 0;
    unsigned n_bits = 0;
    size_t n = 0;

    while (len_bytes > 0 && text[len_bytes - 1] == '=')
        len_bytes--;
    for (size_t i = 0; i < len_bytes; i++) {
        int value = base64_value(text[i]);

        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            to[n++] = (unsigned char)(bits >> n_bits);
        }
    }
    *ret_n = n;
    return true;
}

static uint32_t longest_string(const char *strings, uint32_t n_bytes)
{
    uint32_t longest = 0;
    uint32_t n = 0;
    uint32_t c;

    for (size_t pos = 0; pos < n_bytes;) {
        pos += utf8_decode(strings + pos, n_bytes - pos, &c);
        n = c != 0 ? n + 1 : 0;
        longest = n > longest ? n : longest;
    }
    return longest;
}

/* Checks what was decoded into map->content, n bytes, and takes the length off. */
static bool check_map(struct map *map, size_t n)
{
    const char *strings;
    uint32_t array_bytes;

    if (n < 8)
        return false;
    array_bytes = unit_at(map, 0);
    if (array_bytes % 4 != 0 || array_bytes == 0 || array_bytes > n - 4)
        return false;
    memmove(map->content, map->content + 4, n - 4);
    map->n_units = array_bytes / 4;
    map->n_bytes = (uint32_t)(n - 4 - array_bytes);
    strings = (const char *)map->content + array_bytes;
    if (!utf8_is_valid(strings, map->n_bytes))
        return false;
    map->growth = longest_string(strings, map->n_bytes);
    for (unsigned char byte = 0; byte < 128; byte++) {
        const char text[] = {(char)byte};
        size_t ignored;

        map->ascii_stays[byte] = !find(map, text, 1, &ignored);
    }
    return true;
}

enum status normalize_precompiled_read(void *into, const struct document *part, struct error *error)
{
    const json_t *value = json_object_get(part->root, "precompiled_charsmap");
    const char *text = json_string_value(value);
    size_t len_bytes = json_string_length(value);
    enum status status;
    struct map *map;
    size_t n = 0;

    if (!text || len_bytes > MAX_MAP_BYTES)
        return error_set(error, STATUS_INVALID,
                         "%s: \"precompiled_charsmap\" must be a text of at most %d bytes",
                         part->name, MAX_MAP_BYTES);
    map = malloc(sizeof *map + len_bytes / 4 * 3 + 3);
    if (!map)
        return STATUS_NO_MEMORY;
    if (!base64_decode(text, len_bytes, map->content, &n) || !check_map(map, n)) {
        free(map);
        return error_set(error, STATUS_INVALID,
                         "%s: \"precompiled_charsmap\" is not a character map in base64",
                         part->name);
    }
    status = chain_grow(into, map->growth, error);
    if (status) {
        free(map);
        return status;
    }
    return chain_add(into, &type, 0, map, error);
}
