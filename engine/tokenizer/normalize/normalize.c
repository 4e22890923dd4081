/* SPDX-License-Identifier: Apache-2.0 */

/* Normalises a text as the official BertNormalizer does, and the only file that uses utf8proc.
 *
 * DESIGN. The official code makes whole new texts, one after another: without control characters,
 * with spaces round Han characters, decomposed, without marks, in small letters. Here one character
 * goes through all of that at a time. The one thing that looks ahead is canonical order: marks that
 * follow each other are sorted by combining class, and a text may consist of a million of them. A
 * cluster (a character and the marks after it) is therefore read again for each class that is in
 * it, in ascending order: at most 55 classes exist, so it is linear and needs no memory. Nearly all
 * clusters are one character, and are not read twice.
 *
 * SPANS. Officially a decomposed text is aligned by counting: the n-th character that is the first
 * of its decomposition stands for the bytes of the n-th character of the text, whichever it was
 * before sorting, and the others stand for what the one before them stands for. `aligned` below
 * does the same.
 *
 * VERSIONS. Whether a character decomposes and its combining class come from our own tables of what
 * the official tokenizer knows; utf8proc (any version from Unicode 13 on) is asked only for
 * mappings that Unicode has promised never to change. */
#include "engine/tokenizer/normalize/normalize.h"

#include "engine/tokenizer/unicode.h"

#include <string.h>
#include <utf8proc.h>

/* The longest canonical decomposition has four code points. */
enum { MAX_DECOMPOSED = 4 };

/* Reads the characters of a text that stay, decomposed. */
struct reader {
    const struct normalizer *normalizer;
    const struct normalize_text *text;
    size_t pos;   /* the next character of the text */
    size_t start; /* the bytes of the present one */
    size_t stop;
    unsigned flags;
    size_t n;
    uint32_t decomposed[MAX_DECOMPOSED];
};

static void decompose(struct reader *reader, uint32_t c)
{
    utf8proc_int32_t parts[MAX_DECOMPOSED];
    utf8proc_ssize_t n = 0;

    if (reader->normalizer->strip_accents && (reader->flags & CODE_POINT_DECOMPOSES))
        n = utf8proc_decompose_char((utf8proc_int32_t)c, parts, MAX_DECOMPOSED,
                                    UTF8PROC_STABLE | UTF8PROC_DECOMPOSE, NULL);
    if (n <= 0 || n > MAX_DECOMPOSED) {
        reader->decomposed[0] = c;
        reader->n = 1;
        return;
    }
    for (utf8proc_ssize_t i = 0; i < n; i++)
        reader->decomposed[i] = (uint32_t)parts[i];
    reader->n = (size_t)n;
}

/* The next character that stays; false at the end of the text or before an added token. */
static bool reader_next(struct reader *reader)
{
    const struct normalize_text *text = reader->text;

    while (reader->pos < text->len_bytes) {
        const char *at = text->text + reader->pos;
        size_t left = text->len_bytes - reader->pos;
        size_t len_bytes;
        uint32_t c;

        if (text->stop_at->starts[(unsigned char)*at] &&
            added_tokens_match(text->stop_at, at, left, &len_bytes))
            return false;
        reader->start = reader->pos;
        reader->pos += utf8_decode(at, left, &c);
        reader->stop = reader->pos;
        reader->flags = unicode_kind(c).flags;
        if (reader->normalizer->clean_text) {
            if (reader->flags & CODE_POINT_CONTROL)
                continue;
            if (reader->flags & CODE_POINT_SPACE)
                c = ' ';
        }
        decompose(reader, c);
        return true;
    }
    return false;
}

/* Whether the present character continues a sequence of marks. */
static bool reader_continues(const struct reader *reader)
{
    return unicode_kind(reader->decomposed[0]).combining_class != 0;
}

/* Hands over one decomposed character, unless it is a mark to be stripped. */
static bool emit(const struct normalizer *normalizer, uint32_t c, size_t start, size_t stop,
                 const struct normal_sink *sink)
{
    struct normal_char normal = {.c = c, .start = start, .stop = stop};
    uint32_t lower[MAX_LOWER_CODE_POINTS];
    size_t n;

    normal.flags = unicode_kind(c).flags;
    if (normalizer->strip_accents && (normal.flags & CODE_POINT_MARK))
        return true;
    if (!normalizer->lowercase || !(normal.flags & CODE_POINT_UPPER))
        return sink->take(sink->user, &normal);
    n = unicode_lower(c, lower);
    for (size_t i = 0; i < n; i++) {
        normal.c = lower[i];
        normal.flags = unicode_kind(lower[i]).flags;
        if (!sink->take(sink->user, &normal))
            return false;
    }
    return true;
}

/* Hands over what one character of the text became. */
static bool emit_alone(const struct reader *reader, const struct normal_sink *sink)
{
    bool is_han = reader->normalizer->split_han && (reader->flags & CODE_POINT_HAN);

    if (is_han && !emit(reader->normalizer, ' ', reader->start, reader->stop, sink))
        return false;
    for (size_t i = 0; i < reader->n; i++)
        if (!emit(reader->normalizer, reader->decomposed[i], reader->start, reader->stop, sink))
            return false;
    return !is_han || emit(reader->normalizer, ' ', reader->start, reader->stop, sink);
}

/* Hands over the cluster that begins at byte `pos`, up to byte `end`, in canonical order. */
static bool emit_cluster(const struct reader *at, size_t pos, size_t end, const bool classes[256],
                         const struct normal_sink *sink)
{
    const struct normalize_text text = {at->text->text, end, at->text->stop_at};
    struct reader aligned = {.normalizer = at->normalizer, .text = &text, .pos = pos};

    for (unsigned class = 0; class < 256; class ++) {
        struct reader reader = {.normalizer = at->normalizer, .text = &text, .pos = pos};

        if (!classes[class])
            continue;
        while (reader_next(&reader)) {
            for (size_t i = 0; i < reader.n; i++) {
                if (unicode_kind(reader.decomposed[i]).combining_class != class)
                    continue;
                if (i == 0 && !reader_next(&aligned))
                    return true;
                if (!emit(at->normalizer, reader.decomposed[i], aligned.start, aligned.stop, sink))
                    return false;
            }
        }
    }
    return true;
}

static void note_classes(const struct reader *reader, bool classes[256])
{
    for (size_t i = 0; i < reader->n; i++)
        classes[unicode_kind(reader->decomposed[i]).combining_class] = true;
}

bool normalize_next(const struct normalizer *normalizer, const struct normalize_text *text,
                    size_t *pos, const struct normal_sink *sink)
{
    struct reader reader = {.normalizer = normalizer, .text = text, .pos = *pos};
    size_t start = *pos;
    size_t n_chars = 1;
    struct reader first;
    bool classes[256];

    if (!reader_next(&reader)) {
        *pos = reader.pos;
        return true;
    }
    *pos = reader.pos;
    if (!normalizer->strip_accents || (normalizer->split_han && (reader.flags & CODE_POINT_HAN)))
        return emit_alone(&reader, sink);
    first = reader;
    while (reader_next(&reader) && reader_continues(&reader)) {
        if (n_chars++ == 1) {
            memset(classes, 0, sizeof classes);
            note_classes(&first, classes);
        }
        note_classes(&reader, classes);
        *pos = reader.pos;
    }
    if (n_chars == 1)
        return emit_alone(&first, sink);
    return emit_cluster(&first, start, *pos, classes, sink);
}
