/* SPDX-License-Identifier: Apache-2.0 */

/* By RFC 9112 (sections 2.2, 3.2, 5.1, 6.1 to 6.3) and RFC 9110 (5.5, 5.6.2, 8.6). Where
 * they let a server choose between repairing and refusing, it refuses. */

#include "server/http/http_framing.h"

#include <string.h>
#include <strings.h>

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

static struct slice trim(struct slice slice)
{
    while (slice.len_bytes > 0 && is_blank(slice.bytes[0])) {
        slice.bytes++;
        slice.len_bytes--;
    }
    while (slice.len_bytes > 0 && is_blank(slice.bytes[slice.len_bytes - 1]))
        slice.len_bytes--;
    return slice;
}

static bool is_word(struct slice slice, const char *word)
{
    return slice.len_bytes == strlen(word) && strncasecmp(slice.bytes, word, slice.len_bytes) == 0;
}

/* RFC 9110, 5.6.2. */
static bool is_token(struct slice slice)
{
    static const char others[] = "!#$%&'*+-.^_`|~";

    for (size_t i = 0; i < slice.len_bytes; i++) {
        char byte = slice.bytes[i];
        bool is_letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');

        if (!is_letter && !(byte >= '0' && byte <= '9') && (!byte || !strchr(others, byte)))
            return false;
    }
    return slice.len_bytes > 0;
}

static bool has_any(struct slice slice, const char *bytes, size_t n_bytes)
{
    for (size_t i = 0; i < slice.len_bytes; i++) {
        if (memchr(bytes, slice.bytes[i], n_bytes))
            return true;
    }
    return false;
}

/* Does not check that the host exists, only that no other server could read a different host. */
static bool is_host(struct slice slice)
{
    static const char forbidden[] = {' ', '\t', '/', '\\', '?', '#', '@'};

    return !has_any(slice, forbidden, sizeof forbidden);
}

/* For fields that may occur only once. */
static bool keep_only(struct slice *field, const char *name, struct slice value,
                      struct api_error *ret_error)
{
    if (field->bytes)
        return api_error_set(ret_error, PROBLEM_BAD_HEADER, NULL, "The header has more than one %s",
                             name);
    *field = value;
    return true;
}

bool framing_add_field(struct framing *framing, struct slice name, struct slice value,
                       struct api_error *ret_error)
{
    static const char line_ends[] = {'\r', '\n', '\0'};

    if (!is_token(name))
        return api_error_set(
            ret_error, PROBLEM_BAD_HEADER, NULL,
            "'%s' is not a valid header field name: blanks are not allowed in it, nor "
            "before the colon",
            excerpt_of(name).text);
    if (has_any(value, line_ends, sizeof line_ends))
        return api_error_set(ret_error, PROBLEM_BAD_HEADER, NULL,
                             "The value of %s holds a carriage return, a line feed or a NUL",
                             excerpt_of(name).text);
    if (is_word(name, "Host"))
        return keep_only(&framing->host, "Host", trim(value), ret_error);
    /* The next two are not trimmed: to libmicrohttpd 0.9.75, "28 " is not a number and "chunked "
     * is not chunked; 1.0.1 has trimmed them already. */
    if (is_word(name, "Content-Length"))
        return keep_only(&framing->length, "Content-Length", value, ret_error);
    if (is_word(name, "Transfer-Encoding"))
        return keep_only(&framing->coding, "Transfer-Encoding", value, ret_error);
    return true;
}

/* Whether the last of the codings, and no other, is chunked. */
static bool ends_chunked(struct slice codings)
{
    bool is_last = false;

    while (codings.len_bytes > 0) {
        const char *comma = memchr(codings.bytes, ',', codings.len_bytes);
        size_t len = comma ? (size_t)(comma - codings.bytes) : codings.len_bytes;

        if (is_last)
            return false;
        is_last = is_word(trim((struct slice){codings.bytes, len}), "chunked");
        len += comma != NULL;
        codings.bytes += len;
        codings.len_bytes -= len;
    }
    return is_last;
}

static bool end_coding(struct framing *framing, bool is_http_1_0, struct api_error *ret_error)
{
    struct slice coding = framing->coding;

    if (framing->length.bytes)
        return api_error_set(ret_error, PROBLEM_BAD_HEADER, NULL,
                             "The header has both a Content-Length and a Transfer-Encoding");
    if (is_http_1_0)
        return api_error_set(ret_error, PROBLEM_BAD_HEADER, NULL,
                             "HTTP/1.0 has no Transfer-Encoding: send a Content-Length");
    framing->is_chunked = is_word(coding, "chunked");
    if (framing->is_chunked)
        return true;
    if (memchr(coding.bytes, ',', coding.len_bytes) && ends_chunked(coding))
        return api_error_set(ret_error, PROBLEM_UNKNOWN_CODING, NULL,
                             "Transfer-Encoding is '%s', but nestd supports only chunked",
                             excerpt_of(coding).text);
    return api_error_set(ret_error, PROBLEM_BAD_HEADER, NULL,
                         "Transfer-Encoding is '%s', where it must be exactly 'chunked'",
                         excerpt_of(coding).text);
}

static bool end_length(struct framing *framing, struct api_error *ret_error)
{
    struct slice length = framing->length;
    uint64_t value = 0;

    for (size_t i = 0; i < length.len_bytes; i++) {
        unsigned digit = (unsigned)(length.bytes[i] - '0');

        if (digit > 9)
            return api_error_set(ret_error, PROBLEM_BAD_HEADER, NULL,
                                 "Content-Length is '%s', which is not a whole number",
                                 excerpt_of(length).text);
        value = value > (UINT64_MAX - digit) / 10 ? UINT64_MAX : value * 10 + digit;
    }
    if (length.len_bytes == 0)
        return api_error_set(ret_error, PROBLEM_BAD_HEADER, NULL, "Content-Length is empty");
    /* To libmicrohttpd this number means that the length is not known. */
    if (value == UINT64_MAX)
        return api_error_set(ret_error, PROBLEM_PAYLOAD_TOO_LARGE, NULL,
                             "A body of %s bytes is longer than any that is allowed "
                             "(--payload-limit)",
                             excerpt_of(length).text);
    framing->n_body_bytes = value;
    return true;
}

bool framing_end(struct framing *framing, bool is_http_1_0, struct api_error *ret_error)
{
    if (framing->coding.bytes && !end_coding(framing, is_http_1_0, ret_error))
        return false;
    if (framing->length.bytes && !end_length(framing, ret_error))
        return false;
    if (!framing->host.bytes && !is_http_1_0)
        return api_error_set(ret_error, PROBLEM_BAD_HEADER, NULL,
                             "The header has no Host, which HTTP/1.1 requires");
    if (framing->host.bytes && !is_host(framing->host))
        return api_error_set(
            ret_error, PROBLEM_BAD_HEADER, NULL,
            "Host is '%s', where a name or an address is needed, perhaps with a port",
            excerpt_of(framing->host).text);
    return true;
}

bool framing_find_path(const char *target, size_t *ret_offset)
{
    static const char *const schemes[] = {"http://", "https://"};

    for (const char *at = target; *at; at++) {
        if ((unsigned char)*at <= ' ' || *at == 0x7f)
            return false;
    }
    if (target[0] == '/' || strcmp(target, "*") == 0) {
        *ret_offset = 0;
        return true;
    }
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t len_scheme = strlen(schemes[i]);
        size_t len_authority;

        if (strncasecmp(target, schemes[i], len_scheme) != 0)
            continue;
        len_authority = strcspn(target + len_scheme, "/?#");
        *ret_offset = len_scheme + len_authority;
        /* No user, and nothing that would be another name once it is unescaped. */
        return len_authority > 0 && strcspn(target + len_scheme, "@%\\") >= len_authority;
    }
    return false;
}
