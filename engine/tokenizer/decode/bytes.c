/* SPDX-License-Identifier: Apache-2.0 */

/* Decoders of tokens that stand for bytes: what is not UTF-8 becomes U+FFFD. */
#include "engine/tokenizer/byte_alphabet.h"
#include "engine/tokenizer/decode/decode.h"
#include "engine/tokenizer/unicode.h"

#include <string.h>

static const char replacement[] = "\xef\xbf\xbd";

/* How many bytes of text[len_bytes], which does not begin with a character, are one mistake: those
 * that could begin a character, at least one. */
static size_t mistake_bytes(const char *text, size_t len_bytes)
{
    for (size_t n = len_bytes < 3 ? len_bytes : 3; n > 1; n--) {
        char padded[MAX_UTF8_BYTES];

        /* Could it go on? Then it does with one of these, whatever the length. */
        for (size_t total = n + 1; total <= MAX_UTF8_BYTES; total++) {
            memcpy(padded, text, n);
            memset(padded + n, 0x80, total - n);
            if (utf8_is_valid(padded, total))
                return n;
            memset(padded + n, 0xbf, total - n);
            if (utf8_is_valid(padded, total))
                return n;
        }
    }
    return 1;
}

/* How many bytes the valid character at the beginning has; 0: there is none. */
static size_t character_bytes(const char *text, size_t len_bytes)
{
    for (size_t n = 1; n <= MAX_UTF8_BYTES && n <= len_bytes; n++)
        if (utf8_is_valid(text, n))
            return n;
    return 0;
}

static enum status write_lossy(struct strings *strings, const char *text, size_t len_bytes)
{
    enum status status = STATUS_OK;

    for (size_t pos = 0; pos < len_bytes && !status;) {
        size_t n = character_bytes(text + pos, len_bytes - pos);

        if (n > 0) {
            status = strings_write(strings, text + pos, n);
            pos += n;
        } else {
            status = strings_write(strings, replacement, sizeof replacement - 1);
            pos += mistake_bytes(text + pos, len_bytes - pos);
        }
    }
    return status;
}

/* --- "ByteLevel" ------------------------------------------------------------------------------ */

/* A token with a character outside of the alphabet stands for itself. */
static enum status write_bytes(struct strings *bytes, const char *token, size_t len_bytes)
{
    size_t n_before = bytes->n_bytes;
    enum status status = STATUS_OK;

    for (size_t pos = 0; pos < len_bytes && !status;) {
        uint32_t c;
        int byte;
        char written;

        pos += utf8_decode(token + pos, len_bytes - pos, &c);
        byte = byte_alphabet_byte(c);
        if (byte < 0) {
            bytes->n_bytes = n_before;
            return strings_write(bytes, token, len_bytes);
        }
        written = (char)byte;
        status = strings_write(bytes, &written, 1);
    }
    return status;
}

static enum status decode_byte_level(const struct decode_part *part, const struct strings *tokens,
                                     struct strings *ret_tokens)
{
    struct strings bytes = {0};
    enum status status = STATUS_OK;

    (void)part;
    for (size_t i = 0; i < tokens->n && !status; i++) {
        size_t len_bytes;
        const char *token = strings_get(tokens, i, &len_bytes);

        status = write_bytes(&bytes, token, len_bytes);
    }
    if (!status)
        status = write_lossy(ret_tokens, bytes.bytes, bytes.n_bytes);
    if (!status)
        status = strings_end(ret_tokens);
    strings_release(&bytes);
    return status;
}

enum status decode_byte_level_read(void *into, const struct document *part, struct error *error)
{
    return decode_add(into, decode_byte_level, part, error) ? STATUS_OK : STATUS_UNSUPPORTED;
}

/* --- "ByteFallback" --------------------------------------------------------------------------- */

static int hexadecimal(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that "<0x41>" stands for; -1 for another token. */
static int token_byte(const char *token, size_t len_bytes)
{
    int high;
    int low;

    if (len_bytes != 6 || memcmp(token, "<0x", 3) != 0 || token[5] != '>')
        return -1;
    high = hexadecimal(token[3]);
    low = hexadecimal(token[4]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* Writes bytes that followed each other: a text, or as many U+FFFD as there are. */
static enum status end_bytes(struct strings *bytes, struct strings *ret_tokens)
{
    enum status status = STATUS_OK;

    if (bytes->n_bytes == 0)
        return STATUS_OK;
    if (utf8_is_valid(bytes->bytes, bytes->n_bytes))
        status = strings_write(ret_tokens, bytes->bytes, bytes->n_bytes);
    else
        for (size_t i = 0; i < bytes->n_bytes && !status; i++)
            status = strings_write(ret_tokens, replacement, sizeof replacement - 1);
    bytes->n_bytes = 0;
    return status ? status : strings_end(ret_tokens);
}

static enum status decode_byte_fallback(const struct decode_part *part,
                                        const struct strings *tokens, struct strings *ret_tokens)
{
    struct strings bytes = {0};
    enum status status = STATUS_OK;

    (void)part;
    for (size_t i = 0; i < tokens->n && !status; i++) {
        size_t len_bytes;
        const char *token = strings_get(tokens, i, &len_bytes);
        int byte = token_byte(token, len_bytes);

        if (byte >= 0) {
            status = strings_write(&bytes, &(char){(char)byte}, 1);
            continue;
        }
        status = end_bytes(&bytes, ret_tokens);
        if (!status)
            status = strings_write(ret_tokens, token, len_bytes);
        if (!status)
            status = strings_end(ret_tokens);
    }
    if (!status)
        status = end_bytes(&bytes, ret_tokens);
    strings_release(&bytes);
    return status;
}

enum status decode_byte_fallback_read(void *into, const struct document *part, struct error *error)
{
    return decode_add(into, decode_byte_fallback, part, error) ? STATUS_OK : STATUS_UNSUPPORTED;
}
