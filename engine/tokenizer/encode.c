/* SPDX-License-Identifier: Apache-2.0 */

/* The way of a text to tokens.
 *
 * DESIGN. One pass, character by character, with no memory but one struct encoder on the stack:
 *
 *     text -> raw added tokens cut out -> normalised -> normalised added tokens cut out
 *          -> words (at spaces and round punctuation) -> WordPiece -> output
 *
 * It stops when the output wants no more. ASCII, which is nearly everything, takes a short cut from
 * the first step to the words: a table says what each byte is. The short cut is shut for bytes that
 * an added token begins with, and wholly where tokens are looked for in the normalised text.
 *
 * A word is gathered up to the length that WordPiece takes. What is longer is one unknown token
 * whatever it consists of, so of the rest only its end is kept. */
#include "engine/tokenizer/encode.h"

#include "engine/tokenizer/unicode.h"

#include <string.h>

struct word {
    size_t n_chars; /* counted on past MAX_WORD_CHARS */
    size_t n_bytes;
    size_t stop; /* the last character's */
    char bytes[MAX_WORD_CHARS * MAX_UTF8_BYTES];
    size_t starts[MAX_WORD_CHARS]; /* bytes of the text that each character stands for */
    size_t stops[MAX_WORD_CHARS];
};

/* Normalised characters in which an added token may begin: as many as the longest has, and room to
 * take in as many again before they are moved. */
enum { LOOKAHEAD_CHARS = MAX_ADDED_BYTES, LOOKAHEAD_ROOM = 2 * LOOKAHEAD_CHARS };

struct lookahead {
    size_t first;
    size_t n_chars;
    struct normal_char chars[LOOKAHEAD_ROOM];
};

struct encoder {
    const struct tokenizer *tokenizer;
    const char *text;
    size_t len_bytes;
    struct output *output;
    struct word word;
    struct piece pieces[MAX_WORD_CHARS];
    struct lookahead lookahead;
};

void encode_prepare(struct tokenizer *tokenizer)
{
    const struct normalizer *normalizer = &tokenizer->normalizer;

    for (unsigned byte = 0; byte < 128; byte++) {
        unsigned flags = unicode_kind(byte).flags;
        uint32_t lower[MAX_LOWER_CODE_POINTS] = {byte};
        enum byte_kind kind = BYTE_WORD;

        if (normalizer->clean_text && (flags & CODE_POINT_CONTROL))
            kind = BYTE_DROPPED;
        else if (flags & CODE_POINT_SPACE)
            kind = BYTE_SPACE;
        else if (flags & CODE_POINT_PUNCTUATION)
            kind = BYTE_PUNCTUATION;
        if (normalizer->lowercase)
            unicode_lower(byte, lower);
        if (tokenizer->raw.starts[byte] || tokenizer->normalized.n_tokens > 0)
            kind = BYTE_OTHER;
        tokenizer->byte_kinds[byte] = (uint8_t)kind;
        tokenizer->byte_lower[byte] = (char)lower[0];
    }
    memset(tokenizer->byte_kinds + 128, BYTE_OTHER, 128);
}

/* Puts the pieces of the gathered word, and begins a new one. */
static bool word_end(struct encoder *encoder)
{
    const struct tokenizer *tokenizer = encoder->tokenizer;
    struct word *word = &encoder->word;
    size_t n_chars = word->n_chars;
    size_t n_pieces = 0;
    size_t byte = 0;
    size_t at = 0;

    if (n_chars == 0)
        return true;
    word->n_chars = 0;
    if (n_chars <= tokenizer->wordpiece.max_chars)
        n_pieces = wordpiece_split(&tokenizer->wordpiece, &tokenizer->vocab, word->bytes,
                                   word->n_bytes, encoder->pieces);
    word->n_bytes = 0;
    if (n_pieces == 0)
        return output_put(encoder->output, tokenizer->wordpiece.unknown_id, word->starts[0],
                          word->stop);
    for (size_t i = 0; i < n_pieces; i++) {
        size_t first = at;

        while (byte < encoder->pieces[i].stop) {
            uint32_t c;

            byte += utf8_decode(word->bytes + byte, MAX_UTF8_BYTES, &c);
            at++;
        }
        if (!output_put(encoder->output, encoder->pieces[i].id, word->starts[first],
                        word->stops[at - 1]))
            return false;
    }
    return true;
}

static void word_add(struct word *word, uint32_t c, size_t start, size_t stop)
{
    if (word->n_chars < MAX_WORD_CHARS) {
        word->starts[word->n_chars] = start;
        word->stops[word->n_chars] = stop;
        word->n_bytes += utf8_encode(c, word->bytes + word->n_bytes);
    }
    word->stop = stop;
    word->n_chars++;
}

/* Takes one character of the normalised text into words. */
static bool split(struct encoder *encoder, const struct normal_char *normal)
{
    if (!(normal->flags & (CODE_POINT_SPACE | CODE_POINT_PUNCTUATION))) {
        word_add(&encoder->word, normal->c, normal->start, normal->stop);
        return true;
    }
    if (!word_end(encoder))
        return false;
    if (normal->flags & CODE_POINT_SPACE)
        return true;
    word_add(&encoder->word, normal->c, normal->start, normal->stop);
    return word_end(encoder);
}

/* How many of the characters looked ahead at make an added token; 0 where none begins here. */
static size_t lookahead_match(const struct encoder *encoder, const struct added_token **ret_token)
{
    const struct lookahead *lookahead = &encoder->lookahead;
    const struct trie *trie = &encoder->tokenizer->normalized.trie;
    uint32_t node = TRIE_ROOT;
    size_t n_matched = 0;

    for (size_t i = 0; i < lookahead->n_chars; i++) {
        char bytes[MAX_UTF8_BYTES];
        size_t n_bytes = utf8_encode(lookahead->chars[lookahead->first + i].c, bytes);

        for (size_t k = 0; k < n_bytes; k++) {
            node = trie_step(trie, node, (unsigned char)bytes[k]);
            if (node == TRIE_NO_NODE)
                return n_matched;
        }
        if (trie->values[node] != TRIE_NO_VALUE) {
            *ret_token = &encoder->tokenizer->normalized.tokens[trie->values[node]];
            n_matched = i + 1;
        }
    }
    return n_matched;
}

/* Takes out the first character, or the added token that begins with it. */
static bool lookahead_take(struct encoder *encoder)
{
    struct lookahead *lookahead = &encoder->lookahead;
    const struct normal_char *chars = lookahead->chars + lookahead->first;
    const struct added_token *token;
    size_t n_matched = lookahead_match(encoder, &token);
    size_t n_taken = n_matched > 0 ? n_matched : 1;

    lookahead->first += n_taken;
    lookahead->n_chars -= n_taken;
    if (n_matched == 0)
        return split(encoder, &chars[0]);
    return word_end(encoder) &&
           output_put(encoder->output, token->id, chars[0].start, chars[n_matched - 1].stop);
}

/* The sink of normalisation. */
static bool take(void *user, const struct normal_char *normal)
{
    struct encoder *encoder = user;
    struct lookahead *lookahead = &encoder->lookahead;

    if (encoder->tokenizer->normalized.n_tokens == 0)
        return split(encoder, normal);
    if (lookahead->first + lookahead->n_chars == LOOKAHEAD_ROOM) {
        memmove(lookahead->chars, lookahead->chars + lookahead->first,
                lookahead->n_chars * sizeof *lookahead->chars);
        lookahead->first = 0;
    }
    lookahead->chars[lookahead->first + lookahead->n_chars++] = *normal;
    return lookahead->n_chars < LOOKAHEAD_CHARS || lookahead_take(encoder);
}

/* Ends what was gathered: at an added token, at the end. */
static bool segment_end(struct encoder *encoder)
{
    while (encoder->lookahead.n_chars > 0)
        if (!lookahead_take(encoder))
            return false;
    encoder->lookahead.first = 0;
    return word_end(encoder);
}

/* Where the white space before byte `pos` begins, not before `least`. */
static size_t space_before(const char *text, size_t pos, size_t min)
{
    while (pos > min) {
        size_t before = utf8_before(text, pos);
        uint32_t c;

        utf8_decode(text + before, pos - before, &c);
        if (!(unicode_kind(c).flags & CODE_POINT_SPACE))
            break;
        pos = before;
    }
    return pos;
}

/* Where the white space from byte `pos` on ends. */
static size_t space_after(const char *text, size_t pos, size_t len_bytes)
{
    while (pos < len_bytes) {
        uint32_t c;
        size_t n_bytes = utf8_decode(text + pos, len_bytes - pos, &c);

        if (!(unicode_kind(c).flags & CODE_POINT_SPACE))
            break;
        pos += n_bytes;
    }
    return pos;
}

/* The short cut: takes ASCII from `pos` on; returns where it ends, *ret_more is false if the output
 * wants no more. */
static size_t encode_ascii(struct encoder *encoder, size_t pos, bool *ret_more)
{
    const struct tokenizer *tokenizer = encoder->tokenizer;
    bool more = true;

    while (more && pos < encoder->len_bytes) {
        unsigned char byte = (unsigned char)encoder->text[pos];
        enum byte_kind kind = tokenizer->byte_kinds[byte];

        if (kind == BYTE_OTHER)
            break;
        if (kind == BYTE_SPACE || kind == BYTE_PUNCTUATION)
            more = word_end(encoder);
        if (kind == BYTE_WORD || kind == BYTE_PUNCTUATION)
            word_add(&encoder->word, (unsigned char)tokenizer->byte_lower[byte], pos, pos + 1);
        if (kind == BYTE_PUNCTUATION && more)
            more = word_end(encoder);
        pos++;
    }
    *ret_more = more;
    return pos;
}

void encode_text(const struct tokenizer *tokenizer, const char *text, size_t len_bytes,
                 struct output *output)
{
    const struct normalize_text normalize_text = {text, len_bytes, &tokenizer->raw};
    struct encoder encoder;
    const struct normal_sink sink = {take, &encoder};
    size_t free_from = 0; /* where the last added token ends */
    size_t pos = 0;
    bool more = true;

    encoder.tokenizer = tokenizer;
    encoder.text = text;
    encoder.len_bytes = len_bytes;
    encoder.output = output;
    encoder.word.n_chars = 0;
    encoder.word.n_bytes = 0;
    encoder.lookahead.first = 0;
    encoder.lookahead.n_chars = 0;
    while (more && pos < len_bytes) {
        const struct added_token *token = NULL;
        size_t start = pos;
        size_t n_bytes;

        pos = encode_ascii(&encoder, pos, &more);
        if (!more || pos == len_bytes)
            break;
        if (tokenizer->raw.starts[(unsigned char)text[pos]])
            token = added_tokens_match(&tokenizer->raw, text + pos, len_bytes - pos, &n_bytes);
        if (!token) {
            more = normalize_next(&tokenizer->normalizer, &normalize_text, &pos, &sink);
            continue;
        }
        start = token->takes_left ? space_before(text, pos, free_from) : pos;
        pos += n_bytes;
        if (token->takes_right)
            pos = space_after(text, pos, len_bytes);
        more = segment_end(&encoder) && output_put(output, token->id, start, pos);
        free_from = pos;
    }
    if (more)
        segment_end(&encoder);
}
