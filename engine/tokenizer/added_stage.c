/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/added_stage.h"

#include <string.h>

enum match { MATCH_NONE, MATCH_FOUND, MATCH_OPEN };

/* Whether the held characters begin with an added token, and with how many of them the longest is.
 * MATCH_OPEN: more characters may make it, or make it longer. */
static enum match find(const struct stage *stage, size_t *ret_n_chars, int32_t *ret_token)
{
    const struct added_search *search = stage->user;
    const struct trie *trie = &search->added->trie;
    const struct chars *held = &stage->held;
    enum match match = MATCH_NONE;
    uint32_t node = TRIE_ROOT;

    for (size_t i = 0; i < held->n; i++) {
        char bytes[MAX_UTF8_BYTES];
        size_t n_bytes = utf8_encode(held->items[i].c, bytes);

        for (size_t k = 0; k < n_bytes; k++) {
            node = trie_step(trie, node, (unsigned char)bytes[k]);
            if (node == TRIE_NO_NODE)
                return match;
        }
        if (trie->values[node] != TRIE_NO_VALUE) {
            match = MATCH_FOUND;
            *ret_n_chars = i + 1;
            *ret_token = search->added->tokens[trie->values[node]].id;
        }
    }
    return MATCH_OPEN;
}

/* Hands on what is decided of the held characters: all of them where no more come. */
static bool decide(struct stage *stage, bool no_more)
{
    const struct added_search *search = stage->user;
    struct chars *held = &stage->held;
    bool more = true;

    while (more && held->n > 0) {
        size_t n_chars = 0;
        int32_t token = 0;
        enum match match = find(stage, &n_chars, &token);

        if (match == MATCH_OPEN && !no_more)
            return true;
        if (n_chars > 0) {
            more = stage_put_end(stage) && output_put(search->output, token, held->items[0].start,
                                                      held->items[n_chars - 1].stop);
        } else {
            n_chars = 1;
            more = stage_put(stage, &held->items[0]);
        }
        chars_drop(held, n_chars);
    }
    return more;
}

static bool take(struct stage *stage, const struct normal_char *normal)
{
    const struct added_search *search = stage->user;

    if (stage->held.n == 0) {
        char bytes[MAX_UTF8_BYTES];

        utf8_encode(normal->c, bytes);
        if (!search->added->starts[(unsigned char)bytes[0]])
            return stage_put(stage, normal);
    }
    return stage_hold(stage, normal) && decide(stage, false);
}

static bool end(struct stage *stage)
{
    return decide(stage, true) && stage_put_end(stage);
}

static const struct stage_type type = {take, end, .ascii_is_separate = false};

void added_stage_init(struct stage *stage, struct added_search *search, struct stage *next)
{
    stage->type = &type;
    stage->part = NULL;
    stage->next = next;
    stage->status = next->status;
    stage->user = search;
    chars_init(&stage->held);
}
