/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/encoder/tune/ways.h"

#include "engine/gemm/gemm.h"

#include <stdio.h>
#include <string.h>

enum {
    /* On Zen 5 going by product makes bge-large 5 % faster in bfloat16 (19 MB) and 2 % in int8
     * (9 MB), but MiniLM in bfloat16 (3 MB) 2 % slower. */
    LARGE_LAYER_BYTES = 8 << 20,
    MIN_ROWS_OF_A_MEMBER = 32,
};

struct ways ways_by_rule(size_t layer_bytes)
{
    return (struct ways){.by_product = layer_bytes > LARGE_LAYER_BYTES};
}

static void take_block(struct ways *ways)
{
    ways->by_product = false;
}

static void take_product(struct ways *ways)
{
    ways->by_product = true;
}

static void take_panels(struct ways *ways)
{
    ways->rows_from = GEMM_MAX_ROWS + 1;
    ways->rows_members = 2;
}

static void take_rows(struct ways *ways)
{
    ways->rows_from = 1;
    ways->rows_members = 2;
}

bool ways_take(struct ways *ways, const char *name)
{
    static const struct {
        const char *name;
        void (*take)(struct ways *ways);
    } table[] = {
        {"block", take_block},
        {"product", take_product},
        {"panels", take_panels},
        {"rows", take_rows},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (strcmp(table[i].name, name) == 0) {
            table[i].take(ways);
            return true;
        }
    }
    return false;
}

size_t ways_rows_from(const struct ways *ways, size_t n_members)
{
    return ways->rows_members > 0 && n_members >= ways->rows_members
               ? ways->rows_from
               : MIN_ROWS_OF_A_MEMBER * n_members;
}

void ways_describe(const struct ways *ways, char *ret_text, size_t text_size)
{
    const char *passes = ways->by_product ? "by product" : "by block";

    if (ways->rows_members == 0)
        snprintf(ret_text, text_size, "%s, a lone text by rows from %d tokens a thread on", passes,
                 MIN_ROWS_OF_A_MEMBER);
    else if (ways->rows_from > GEMM_MAX_ROWS)
        snprintf(ret_text, text_size, "%s, a lone text by panels up to %d tokens", passes,
                 GEMM_MAX_ROWS);
    else
        snprintf(ret_text, text_size, "%s, a lone text by rows from %zu tokens on", passes,
                 ways->rows_from);
}
