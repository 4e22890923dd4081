/* SPDX-License-Identifier: Apache-2.0 */

/* The way of a text to tokens.
 *
 * DESIGN. One pass, character by character, through stages (stage.h):
 *
 *     text -> raw added tokens cut out -> normalizers -> normalised added tokens cut out
 *          -> splitters -> words -> the model -> output
 *
 * It stops when the output wants no more. Where all stages treat ASCII characters one by one, as
 * BERT's do, ASCII takes a short cut from the first step to the words: a table says what each byte
 * becomes. It is filled by sending each byte through the stages. The short cut is shut for bytes
 * that an added token begins with, and entirely where tokens are looked for in normalised text.
 *
 * A word is gathered up to the length that the model takes; what is behind that only counts. */
#include "engine/tokenizer/pipeline.h"

#include "engine/tokenizer/added_stage.h"

#include <string.h>

struct run {
    const struct tokenizer *tokenizer;
    const char *text;
    size_t len_bytes;
    struct output *output;
    struct stage *first;    /* of the stages, or the last where there is no other */
    size_t free_from;       /* where the last added token ended */
    size_t no_token_before; /* of the white space up to here it is known */
    size_t no_match_before;
    struct stage normalizers[MAX_PARTS];
    struct stage added;
    struct stage splitters[MAX_PARTS];
    struct stage words; /* the last */
    uint32_t last_char; /* that the last stage took */
    struct added_search search;
    struct word word;
};

/* --- the last stage --------------------------------------------------------------------------- */

/* Puts the tokens of the gathered word, and begins a new one. */
static bool word_end(struct run *run)
{
    const struct words *words = &run->tokenizer->words;
    bool more;

    if (run->word.n_chars == 0)
        return true;
    more = words->type->split(words, &run->word);
    run->word.n_chars = 0;
    run->word.n_bytes = 0;
    return more;
}

/* Whether a word may be cut between two characters. */
static bool may_cut(const struct words *words, uint32_t before, uint32_t after)
{
    return after == words->cuts_before && before != after && words->cuts_before != 0 &&
           !(before < 128 && words->cuts_not_after[before]);
}

static bool take_char(struct stage *stage, const struct normal_char *normal)
{
    struct run *run = stage->user;
    bool cuts = may_cut(&run->tokenizer->words, run->last_char, normal->c);

    run->last_char = normal->c;
    if (cuts && !word_end(run))
        return false;
    return word_add(&run->word, normal->c, normal->start, normal->stop);
}

static bool take_end(struct stage *stage)
{
    return word_end(stage->user);
}

static const struct stage_type last_type = {take_char, take_end, .ascii_is_separate = true};

/* --- preparing the short cut ------------------------------------------------------------------ */

/* What a byte sent through the stages became: a character as 'c', an end as '.'. */
struct record {
    char events[8];
    size_t n_events;
    uint32_t c;
};

static void record_event(struct record *record, char event)
{
    if (record->n_events < sizeof record->events - 1)
        record->events[record->n_events++] = event;
}

static bool record_char(struct stage *stage, const struct normal_char *normal)
{
    struct record *record = stage->user;

    record->c = normal->c;
    record_event(record, 'c');
    return true;
}

static bool record_end(struct stage *stage)
{
    record_event(stage->user, '.');
    return true;
}

static const struct stage_type record_type = {record_char, record_end, .ascii_is_separate = true};

static bool is_separate(const struct chain *chain)
{
    for (size_t i = 0; i < chain->n_parts; i++)
        if (!chain->parts[i].type->ascii_is_separate)
            return false;
    return true;
}

/* Finds out what the stages make of a byte of ASCII. */
static enum byte_kind probe(struct tokenizer *tokenizer, unsigned char byte)
{
    enum status status = STATUS_OK;
    struct stage splitters[MAX_PARTS];
    struct stage normalizers[MAX_PARTS];
    struct record record = {.n_events = 0};
    struct stage last = {.type = &record_type, .status = &status, .user = &record};
    struct normal_char normal = {.c = byte, .kind = unicode_kind(byte), .stop = 1};
    const struct chain *chain = &tokenizer->splitter;
    struct stage *first;

    stages_init(splitters, chain, &last);
    first = chain->n_parts > 0 ? splitters : &last;
    chain = &tokenizer->normalizer;
    stages_init(normalizers, chain, first);
    first = chain->n_parts > 0 ? normalizers : first;
    (void)first->type->take(first, &normal);
    if (record.c >= 128)
        return BYTE_OTHER;
    tokenizer->byte_becomes[byte] = (char)record.c;
    if (strcmp(record.events, "") == 0)
        return BYTE_DROPPED;
    if (strcmp(record.events, "c") == 0)
        return BYTE_WORD;
    if (strcmp(record.events, ".") == 0)
        return BYTE_SPACE;
    return strcmp(record.events, ".c.") == 0 ? BYTE_PUNCTUATION : BYTE_OTHER;
}

void pipeline_prepare(struct tokenizer *tokenizer)
{
    memset(tokenizer->byte_kinds, BYTE_OTHER, sizeof tokenizer->byte_kinds);
    if (!is_separate(&tokenizer->normalizer) || !is_separate(&tokenizer->splitter) ||
        tokenizer->normalized.n_tokens > 0)
        return;
    for (unsigned char byte = 0; byte < 128; byte++)
        if (!tokenizer->raw.starts[byte])
            tokenizer->byte_kinds[byte] = (uint8_t)probe(tokenizer, byte);
    /* White space that a token may take must not be in words already. */
    for (unsigned char byte = 0; byte < 128; byte++)
        if (tokenizer->raw.any_takes_left && tokenizer->byte_kinds[byte] != BYTE_SPACE &&
            (unicode_kind(byte).flags & CODE_POINT_SPACE))
            tokenizer->byte_kinds[byte] = BYTE_OTHER;
}

/* --- a run ------------------------------------------------------------------------------------ */

/* How many bytes the white space character at the beginning of text[len_bytes] has; 0: it is none. */
static size_t space_bytes(const char *text, size_t len_bytes)
{
    uint32_t c;
    size_t n_bytes = utf8_decode(text, len_bytes, &c);

    return unicode_kind(c).flags & CODE_POINT_SPACE ? n_bytes : 0;
}

/* Where the white space before byte `pos` begins, not before `min`. */
static size_t space_before(const char *text, size_t pos, size_t min)
{
    while (pos > min) {
        size_t before = utf8_before(text, pos);

        if (space_bytes(text + before, pos - before) == 0)
            break;
        pos = before;
    }
    return pos;
}

/* Where the white space from byte `pos` on ends. */
static size_t space_after(const char *text, size_t pos, size_t len_bytes)
{
    while (pos < len_bytes) {
        size_t n_bytes = space_bytes(text + pos, len_bytes - pos);

        if (n_bytes == 0)
            break;
        pos += n_bytes;
    }
    return pos;
}

static bool holds_something(const struct run *run)
{
    for (size_t i = 0; i < run->tokenizer->normalizer.n_parts; i++)
        if (run->normalizers[i].held.n > 0)
            return true;
    return false;
}

/* The short cut: takes ASCII from `pos` on; returns where it ends, *ret_more is false if the output
 * wants no more. */
static size_t run_ascii(struct run *run, size_t pos, bool *ret_more)
{
    const struct tokenizer *tokenizer = run->tokenizer;
    bool more = true;

    while (more && pos < run->len_bytes) {
        unsigned char byte = (unsigned char)run->text[pos];
        enum byte_kind kind = tokenizer->byte_kinds[byte];

        if (kind == BYTE_OTHER)
            break;
        if (kind == BYTE_SPACE || kind == BYTE_PUNCTUATION)
            more = word_end(run);
        if ((kind == BYTE_WORD || kind == BYTE_PUNCTUATION) && more)
            more = word_add_byte(&run->word, tokenizer->byte_becomes[byte], pos);
        if (kind == BYTE_PUNCTUATION && more)
            more = word_end(run);
        pos++;
    }
    *ret_more = more;
    return pos;
}

/* Sends the character at `pos` through the stages. */
static bool run_char(struct run *run, size_t *pos)
{
    struct normal_char normal = {.start = *pos};

    *pos += utf8_decode(run->text + *pos, run->len_bytes - *pos, &normal.c);
    normal.kind = unicode_kind(normal.c);
    normal.stop = *pos;
    return run->first->type->take(run->first, &normal);
}

static void run_init(struct run *run, const struct tokenizer *tokenizer, const char *text,
                     size_t len_bytes, struct output *output)
{
    struct stage *next = &run->words;

    run->tokenizer = tokenizer;
    run->text = text;
    run->len_bytes = len_bytes;
    run->output = output;
    run->free_from = 0;
    run->no_token_before = 0;
    run->no_match_before = 0;
    run->last_char = 0;
    word_init(&run->word, output, tokenizer->words.max_chars);
    run->words.type = &last_type;
    run->words.status = &output->status;
    run->words.user = run;
    stages_init(run->splitters, &tokenizer->splitter, next);
    if (tokenizer->splitter.n_parts > 0)
        next = run->splitters;
    if (tokenizer->normalized.n_tokens > 0) {
        run->search = (struct added_search){&tokenizer->normalized, output};
        added_stage_init(&run->added, &run->search, next);
        next = &run->added;
    }
    stages_init(run->normalizers, &tokenizer->normalizer, next);
    if (tokenizer->normalizer.n_parts > 0)
        next = run->normalizers;
    run->first = next;
}

static void run_release(struct run *run)
{
    stages_release(run->normalizers, run->tokenizer->normalizer.n_parts);
    stages_release(run->splitters, run->tokenizer->splitter.n_parts);
    if (run->tokenizer->normalized.n_tokens > 0)
        stages_release(&run->added, 1);
    word_release(&run->word);
}

static bool is_word_at(const char *text, size_t len_bytes)
{
    uint32_t c;

    if (len_bytes == 0)
        return false;
    utf8_decode(text, len_bytes, &c);
    return unicode_kind(c).flags & CODE_POINT_WORD;
}

/* Whether bytes [start, stop) have no character of a word beside them. */
static bool is_apart(const struct run *run, size_t start, size_t stop)
{
    size_t before = start > 0 ? utf8_before(run->text, start) : 0;

    return !is_word_at(run->text + before, start - before) &&
           !is_word_at(run->text + stop, run->len_bytes - stop);
}

/* The added token at `pos`, or NULL. Where one is not, for it must be a word, no other begins within
 * it. */
static const struct added_token *match_at(struct run *run, size_t pos, size_t *ret_n_bytes)
{
    const struct added_tokens *raw = &run->tokenizer->raw;
    const struct added_token *token;

    if (!raw->starts[(unsigned char)run->text[pos]] || pos < run->no_match_before)
        return NULL;
    token = added_tokens_match(raw, run->text + pos, run->len_bytes - pos, ret_n_bytes);
    if (!token || !token->is_word || is_apart(run, pos, pos + *ret_n_bytes))
        return token;
    run->no_match_before = pos + *ret_n_bytes;
    return NULL;
}

/* The same, or the one behind the white space at *pos that takes it; *pos moves to the token. */
static const struct added_token *find_at(struct run *run, size_t *pos, size_t *ret_n_bytes)
{
    const struct added_token *token = match_at(run, *pos, ret_n_bytes);
    size_t next = *pos;

    if (token || !run->tokenizer->raw.any_takes_left || *pos < run->no_token_before)
        return token;
    while (!token && next < run->len_bytes) {
        size_t n_bytes = space_bytes(run->text + next, run->len_bytes - next);

        if (n_bytes == 0)
            break;
        next += n_bytes;
        if (next < run->len_bytes)
            token = match_at(run, next, ret_n_bytes);
    }
    run->no_token_before = next;
    if (!token || !token->takes_left)
        return NULL;
    *pos = next;
    return token;
}

/* Takes the added token at `pos`, if there is one, with the white space that belongs to it, and
 * ends the piece before it. */
static bool run_added(struct run *run, size_t *pos, bool *ret_found)
{
    size_t n_bytes = 0;
    const struct added_token *token = find_at(run, pos, &n_bytes);
    size_t start = *pos;

    *ret_found = token != NULL;
    if (!token)
        return true;
    *pos += n_bytes;
    if (token->takes_left)
        start = space_before(run->text, start, run->free_from);
    if (token->takes_right)
        *pos = space_after(run->text, *pos, run->len_bytes);
    run->free_from = *pos;
    return run->first->type->end(run->first) && output_put(run->output, token->id, start, *pos);
}

void pipeline_run(const struct tokenizer *tokenizer, const char *text, size_t len_bytes,
                  struct output *output)
{
    struct run run;
    size_t pos = 0;
    bool more = true;

    run_init(&run, tokenizer, text, len_bytes, output);
    while (more && pos < len_bytes) {
        bool found = false;

        if (!holds_something(&run))
            pos = run_ascii(&run, pos, &more);
        if (more && pos < len_bytes)
            more = run_added(&run, &pos, &found);
        if (more && pos < len_bytes && !found)
            more = run_char(&run, &pos);
    }
    if (more)
        (void)run.first->type->end(run.first);
    run_release(&run);
}
