/* SPDX-License-Identifier: Apache-2.0 */

/* A state machine that takes one token at a time. Of each open list or object it keeps one bit:
 * which of the two it is.
 *
 * TREE BYTES. What jansson 2.14 asks malloc for, rounded up as glibc rounds (16 bytes, 8 of them
 * its own), so that a client cannot have a tree built that is far larger than it was thought to be:
 *
 *   a text        its struct and its bytes, of which an escape may leave some unused; and a
 *                 struct input (fields.h), which it may become
 *   a number      its struct, and its four bytes as a token id
 *   a list        its struct, a struct input, and eight places; more come by doubling, the old ones
 *                 being kept until the new are filled, so an item costs up to three places
 *   an object     the same with buckets of two pointers, and for a member a node with its key
 *
 * Besides, while it parses, it gathers each token in a buffer that doubles. test_json_scan.c
 * compares these sums with what jansson really takes. */
#include "server/api/embed/json_scan.h"

#include "server/api/embed/json_text.h"
#include "server/text/utf8.h"

#include <stdint.h>

enum {
    TEXT_TREE_BYTES = 48 + 32 + 40,
    NUMBER_TREE_BYTES = 32 + 4,
    LIST_TREE_BYTES = 48 + 80 + 40,
    ITEM_TREE_BYTES = 24,
    OBJECT_TREE_BYTES = 80 + 144,
    MEMBER_TREE_BYTES = 96 + 48,
    PARSER_TREE_BYTES = 512,
};

/* What comes next, but for space. */
enum state {
    STATE_VALUE,
    STATE_FIRST_ITEM, /* or the end of a list */
    STATE_FIRST_KEY,  /* or the end of an object */
    STATE_KEY,
    STATE_COLON,
    STATE_COMMA, /* or the end of what is open */
    STATE_DONE,
};

struct scanner {
    const char *at;
    const char *end;
    enum state state;
    size_t depth;
    uint64_t objects[JSON_SCAN_MAX_DEPTH / 64]; /* a bit for each open one: it is an object */
    struct json_member member; /* the current one, or the whole value if there are no members */
    size_t longest_token;
    const char *value_start; /* of the member, or of the whole */
    bool wants_items;        /* of a list, not members of an object */
    bool (*on_member)(void *user, const struct json_member *member);
    void *user;
    enum json_scan_outcome outcome;
    const char *problem;
};

static bool fail(struct scanner *scanner, enum json_scan_outcome outcome, const char *problem)
{
    scanner->outcome = outcome;
    scanner->problem = problem;
    return false;
}

static bool malformed(struct scanner *scanner, const char *problem)
{
    if (scanner->at == scanner->end)
        problem = "it ends too early";
    else if ((*scanner->at & 0x80) &&
             utf8_character_size(scanner->at, (size_t)(scanner->end - scanner->at)) == 0)
        return fail(scanner, JSON_SCAN_NOT_UTF8, NULL);
    return fail(scanner, JSON_SCAN_MALFORMED, problem);
}

/* The current byte; at the end NUL, which is valid nowhere. */
static char peek(const struct scanner *scanner)
{
    return scanner->at < scanner->end ? *scanner->at : '\0';
}

static void skip_space(struct scanner *scanner)
{
    while (scanner->at < scanner->end && (*scanner->at == ' ' || *scanner->at == '\n' ||
                                          *scanner->at == '\r' || *scanner->at == '\t'))
        scanner->at++;
}

/* ---- texts ---- */

/* Passes bytes that stand for themselves, eight at a time: ASCII from the space on, without quote
 * and backslash. */
static void skip_plain(struct scanner *scanner)
{
    const uint64_t ones = 0x0101010101010101;
    const uint64_t highs = 0x8080808080808080;

    while (scanner->end - scanner->at >= 8) {
        uint64_t word, quote, backslash, control;

        memcpy(&word, scanner->at, sizeof(word));
        quote = word ^ ones * '"';
        backslash = word ^ ones * '\\';
        /* A byte less one has its high bit where it was 0; less 0x20, where it was below that. */
        control = word - ones * 0x20;
        if ((word | (quote - ones) | (backslash - ones) | control) & highs)
            break;
        scanner->at += 8;
    }
    while (scanner->at < scanner->end && (unsigned char)*scanner->at >= 0x20 &&
           (unsigned char)*scanner->at < 0x80 && *scanner->at != '"' && *scanner->at != '\\')
        scanner->at++;
}

static bool is_surrogate(int32_t unit, int32_t first)
{
    return unit >= first && unit < first + 0x400;
}

/* At the backslash. */
static bool scan_escape(struct scanner *scanner)
{
    const char *at = scanner->at + 1;
    int32_t unit;

    if (at < scanner->end && *at != 'u' && *at && strchr("\"\\/bfnrt", *at)) {
        scanner->at += 2;
        return true;
    }
    if (at == scanner->end || *at != 'u')
        return malformed(scanner, "unknown escape");
    unit = json_read_hex(at + 1, scanner->end);
    if (unit < 0)
        return malformed(scanner, "\\u needs four hexadecimal digits");
    if (is_surrogate(unit, 0xd800)) {
        const char *low = at + 5;

        if (scanner->end - low < 6 || low[0] != '\\' || low[1] != 'u' ||
            !is_surrogate(json_read_hex(low + 2, scanner->end), 0xdc00))
            return malformed(scanner, "a lone surrogate is not a character");
        scanner->at += 12;
        return true;
    }
    if (is_surrogate(unit, 0xdc00))
        return malformed(scanner, "a lone surrogate is not a character");
    scanner->at += 6;
    return true;
}

/* At the opening quote. Returns what is between the quotes. */
static bool scan_text(struct scanner *scanner, struct slice *ret_text)
{
    const char *start = ++scanner->at;

    for (;;) {
        skip_plain(scanner);
        if (peek(scanner) == '"')
            break;
        if (peek(scanner) == '\\') {
            if (!scan_escape(scanner))
                return false;
        } else if (scanner->at < scanner->end && (*scanner->at & 0x80)) {
            size_t size = utf8_character_size(scanner->at, (size_t)(scanner->end - scanner->at));

            if (size == 0)
                return fail(scanner, JSON_SCAN_NOT_UTF8, NULL);
            scanner->at += size;
        } else {
            return malformed(scanner, "a control character in a text must be escaped");
        }
    }
    *ret_text = (struct slice){start, (size_t)(scanner->at - start)};
    scanner->at++;
    if (ret_text->len_bytes > scanner->longest_token)
        scanner->longest_token = ret_text->len_bytes;
    return true;
}

/* ---- numbers and words ---- */

static bool scan_digits(struct scanner *scanner)
{
    if (peek(scanner) < '0' || peek(scanner) > '9')
        return malformed(scanner, "a digit is missing");
    while (peek(scanner) >= '0' && peek(scanner) <= '9')
        scanner->at++;
    return true;
}

static bool scan_number(struct scanner *scanner)
{
    const char *start = scanner->at;

    if (peek(scanner) == '-')
        scanner->at++;
    if (peek(scanner) == '0')
        scanner->at++;
    else if (!scan_digits(scanner))
        return false;
    if (peek(scanner) == '.') {
        scanner->at++;
        if (!scan_digits(scanner))
            return false;
    }
    if (peek(scanner) == 'e' || peek(scanner) == 'E') {
        scanner->at++;
        if (peek(scanner) == '+' || peek(scanner) == '-')
            scanner->at++;
        if (!scan_digits(scanner))
            return false;
    }
    if ((size_t)(scanner->at - start) > scanner->longest_token)
        scanner->longest_token = (size_t)(scanner->at - start);
    return true;
}

static bool scan_word(struct scanner *scanner, const char *word)
{
    size_t len_bytes = strlen(word);

    if ((size_t)(scanner->end - scanner->at) < len_bytes ||
        memcmp(scanner->at, word, len_bytes) != 0)
        return malformed(scanner, "a value is expected");
    scanner->at += len_bytes;
    return true;
}

/* ---- the machine ---- */

static bool in_object(const struct scanner *scanner)
{
    size_t i = scanner->depth - 1;

    return scanner->objects[i / 64] >> i % 64 & 1;
}

static bool push(struct scanner *scanner, bool object)
{
    size_t i = scanner->depth;
    uint64_t bit = (uint64_t)1 << i % 64;

    if (i == JSON_SCAN_MAX_DEPTH)
        return fail(scanner, JSON_SCAN_TOO_DEEP, NULL);
    scanner->objects[i / 64] = (scanner->objects[i / 64] & ~bit) | (object ? bit : 0);
    scanner->depth++;
    scanner->at++;
    scanner->member.tree_bytes += object ? OBJECT_TREE_BYTES : LIST_TREE_BYTES;
    scanner->state = object ? STATE_FIRST_KEY : STATE_FIRST_ITEM;
    return true;
}

/* A value has ended, and with it perhaps a member of the outermost object. */
static bool end_value(struct scanner *scanner)
{
    struct json_member *member = &scanner->member;

    scanner->state = scanner->depth > 0 ? STATE_COMMA : STATE_DONE;
    if (scanner->depth != 1 || in_object(scanner) == scanner->wants_items)
        return true;
    member->value =
        (struct slice){scanner->value_start, (size_t)(scanner->at - scanner->value_start)};
    member->tree_bytes += PARSER_TREE_BYTES + 2 * scanner->longest_token;
    return scanner->on_member(scanner->user, member) || fail(scanner, JSON_SCAN_STOPPED, NULL);
}

static bool pop(struct scanner *scanner)
{
    scanner->depth--;
    scanner->at++;
    return end_value(scanner);
}

static bool take_value(struct scanner *scanner)
{
    struct json_member *member = &scanner->member;
    char c = peek(scanner);
    struct slice text;

    if (scanner->depth <= 1)
        scanner->value_start = scanner->at;
    if (scanner->wants_items && scanner->depth == 1 && !in_object(scanner)) {
        *member = (struct json_member){0};
        scanner->longest_token = 0;
    }
    member->n_values++;
    member->tree_bytes += ITEM_TREE_BYTES;
    switch (c) {
    case '{':
    case '[':
        return push(scanner, c == '{');
    case '"':
        if (!scan_text(scanner, &text))
            return false;
        member->tree_bytes += TEXT_TREE_BYTES + text.len_bytes;
        break;
    case 't':
        if (!scan_word(scanner, "true"))
            return false;
        break;
    case 'f':
        if (!scan_word(scanner, "false"))
            return false;
        break;
    case 'n':
        if (!scan_word(scanner, "null"))
            return false;
        break;
    default:
        if (c != '-' && (c < '0' || c > '9'))
            return malformed(scanner, "a value is expected");
        if (!scan_number(scanner))
            return false;
        member->tree_bytes += NUMBER_TREE_BYTES;
    }
    return end_value(scanner);
}

static bool take_key(struct scanner *scanner)
{
    struct slice key;

    if (peek(scanner) != '"')
        return malformed(scanner, "a key in double quotes is expected");
    if (scanner->depth == 1)
        scanner->longest_token = 0;
    if (!scan_text(scanner, &key))
        return false;
    if (scanner->depth == 1) {
        scanner->member = (struct json_member){.key = key};
        scanner->longest_token = 0;
    } else {
        scanner->member.tree_bytes += MEMBER_TREE_BYTES + key.len_bytes;
    }
    scanner->state = STATE_COLON;
    return true;
}

static bool take_comma(struct scanner *scanner)
{
    bool object = in_object(scanner);

    if (peek(scanner) == (object ? '}' : ']'))
        return pop(scanner);
    if (peek(scanner) != ',')
        return malformed(scanner, object ? "a comma or the object's end is expected"
                                         : "a comma or the list's end is expected");
    scanner->at++;
    scanner->state = object ? STATE_KEY : STATE_VALUE;
    return true;
}

static bool take_token(struct scanner *scanner)
{
    switch (scanner->state) {
    case STATE_FIRST_ITEM:
        return peek(scanner) == ']' ? pop(scanner) : take_value(scanner);
    case STATE_FIRST_KEY:
        return peek(scanner) == '}' ? pop(scanner) : take_key(scanner);
    case STATE_KEY:
        return take_key(scanner);
    case STATE_COLON:
        if (peek(scanner) != ':')
            return malformed(scanner, "a colon is expected");
        scanner->at++;
        scanner->state = STATE_VALUE;
        return true;
    case STATE_COMMA:
        return take_comma(scanner);
    default:
        return take_value(scanner);
    }
}

static bool scan_whole(struct scanner *scanner)
{
    while (scanner->state != STATE_DONE) {
        skip_space(scanner);
        if (!take_token(scanner))
            return false;
    }
    return true;
}

/* RFC 8259, section 8.1, lets us ignore it. */
static void skip_byte_order_mark(struct scanner *scanner)
{
    static const char mark[3] = "\xef\xbb\xbf";

    if (scanner->end - scanner->at >= 3 && memcmp(scanner->at, mark, sizeof(mark)) == 0)
        scanner->at += sizeof(mark);
}

static enum json_scan_outcome scan(struct slice text, bool wants_items,
                                   bool (*on_member)(void *user, const struct json_member *member),
                                   void *user, struct json_scan *ret_scan)
{
    struct scanner scanner;
    const char *start;

    /* `objects` is not cleared. */
    scanner.at = text.bytes;
    scanner.end = text.bytes + text.len_bytes;
    scanner.state = STATE_VALUE;
    scanner.depth = 0;
    scanner.member = (struct json_member){0};
    scanner.longest_token = 0;
    scanner.wants_items = wants_items;
    scanner.on_member = on_member;
    scanner.user = user;
    scanner.outcome = JSON_SCAN_VALID;
    scanner.problem = NULL;
    skip_byte_order_mark(&scanner);
    skip_space(&scanner);
    start = scanner.at;
    if (scan_whole(&scanner)) {
        ret_scan->value = (struct slice){start, (size_t)(scanner.at - start)};
        skip_space(&scanner);
        if (scanner.at < scanner.end)
            malformed(&scanner, "unexpected text after the end");
    }
    ret_scan->position = (size_t)(scanner.at - text.bytes);
    ret_scan->problem = scanner.problem;
    return scanner.outcome;
}

enum json_scan_outcome json_scan(struct slice text,
                                 bool (*on_member)(void *user, const struct json_member *member),
                                 void *user, struct json_scan *ret_scan)
{
    return scan(text, false, on_member, user, ret_scan);
}

enum json_scan_outcome json_scan_items(struct slice text,
                                       bool (*on_item)(void *user, const struct json_member *item),
                                       void *user, struct json_scan *ret_scan)
{
    return scan(text, true, on_item, user, ret_scan);
}
