/* SPDX-License-Identifier: Apache-2.0 */

/* What a request's header says, once it is complete, and whether it is well-formed.
 *
 * FRAMING is checked first (http_framing.h), from the fields as libmicrohttpd lists them.
 *
 * WHAT IS HIDDEN. 0.9.75 ends a value at a NUL within it, joins a folded line to the name of its
 * field, and takes ":" at the beginning of a line for the header's end. But names and values lie in
 * its buffer as they came, with NULs in place of colons and line ends. So each must stand where the
 * one before it ends; whatever lies between was hidden from us. Later versions refuse all that.
 *
 * COOKIES are ignored here, but libmicrohttpd copies them and keeps each like a field. */

#include "server/http/http_private.h"

#include "server/exchange/request.h"
#include "server/http/http_framing.h"

#include <string.h>
#include <strings.h>

enum { MAX_FIELDS = 200 };

static const bool hides_bytes = MHD_VERSION < 0x01000000;

struct walk {
    struct framing framing;
    const char *end; /* of the previous line, in libmicrohttpd's buffer */
    size_t n_fields;
    size_t n_bytes;
    struct api_error *ret_error;
    bool is_good;
};

/* Whether from..to consists of n_lines line ends. */
static bool is_ends(const char *from, const char *to, size_t n_lines)
{
    static const char ends[4];

    return to >= from && (size_t)(to - from) == 2 * n_lines && memcmp(from, ends, 2 * n_lines) == 0;
}

/* Whether the field begins where the previous line ends, and its value where its name ends. */
static bool is_in_place(const struct walk *walk, struct slice name, struct slice value)
{
    const char *at = name.bytes + name.len_bytes + 1;

    if (!hides_bytes)
        return true;
    while (at < value.bytes && (*at == ' ' || *at == '\t'))
        at++;
    return is_ends(walk->end, name.bytes, 1) && at == value.bytes;
}

static bool is_small(struct walk *walk, struct slice name, struct slice value)
{
    walk->n_fields++;
    if (name.len_bytes == strlen("Cookie") && strncasecmp(name.bytes, "Cookie", 6) == 0) {
        walk->n_bytes += value.len_bytes;
        for (size_t i = 0; i < value.len_bytes; i++)
            walk->n_fields += value.bytes[i] == ';' || value.bytes[i] == ',';
    }
    if (walk->n_fields > MAX_FIELDS)
        return api_error_set(walk->ret_error, PROBLEM_HEADER_TOO_LARGE, NULL,
                             "The header has more than %d fields and cookies", MAX_FIELDS);
    if (walk->n_bytes > HTTP_MAX_HEADER_BYTES)
        return api_error_set(walk->ret_error, PROBLEM_HEADER_TOO_LARGE, NULL,
                             "The header is longer than the allowed %d bytes (cookies count twice)",
                             HTTP_MAX_HEADER_BYTES);
    return true;
}

static bool refuse_hidden(struct api_error *ret_error)
{
    return api_error_set(
        ret_error, PROBLEM_BAD_HEADER, NULL,
        "The header holds a NUL, a line that does not end in CR LF, a folded line, "
        "or one that begins with a colon");
}

static enum MHD_Result visit(void *user, enum MHD_ValueKind kind, const char *name, size_t name_len,
                             const char *value, size_t value_len)
{
    struct walk *walk = user;
    const struct slice name_slice = {name, name_len}, value_slice = {value, value_len};

    (void)kind;
    if (!is_in_place(walk, name_slice, value_slice))
        walk->is_good = refuse_hidden(walk->ret_error);
    else
        walk->is_good = is_small(walk, name_slice, value_slice) &&
                        framing_add_field(&walk->framing, name_slice, value_slice, walk->ret_error);
    walk->end = value + value_len;
    return walk->is_good ? MHD_YES : MHD_NO;
}

static size_t count_header_bytes(struct request *request)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

    return info ? info->header_size : 0;
}

bool http_header_is_whole(struct request *request)
{
    return count_header_bytes(request) > 0;
}

bool http_header_judge(struct request *request, const char *method, uint64_t *ret_n_body_bytes,
                       struct api_error *ret_error)
{
    struct walk walk = {
        .end = request->line_end,
        .n_bytes = count_header_bytes(request),
        .ret_error = ret_error,
        .is_good = true,
    };
    const char *end = method ? method + walk.n_bytes : NULL;

    if (request->path_offset == SIZE_MAX)
        return api_error_set(
            ret_error, PROBLEM_BAD_HEADER, NULL,
            "The request's target must be a path, as in POST /v1/embeddings, or a URL "
            "of this server, and hold no blank");
    MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, visit, &walk);
    if (!walk.is_good)
        return false;
    if (hides_bytes && method && !is_ends(walk.end, end, 2))
        return refuse_hidden(ret_error);
    if (!framing_end(&walk.framing, request->is_http_1_0, ret_error))
        return false;
    *ret_n_body_bytes = walk.framing.is_chunked ? UINT64_MAX : walk.framing.n_body_bytes;
    return true;
}

const char *http_header_get(struct request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

/* --- Fields that describe the body. Some clients and proxies send one of them twice. */

struct listed {
    const char *name;
    const char *allowed;
    struct slice other; /* the first that is something else; NULL: there is none */
};

/* The word of a list's element, without parameters and blanks. */
static struct slice find_word(const char *element, size_t len)
{
    struct slice word = {element, len};

    while (word.len_bytes > 0 && strchr(" \t", word.bytes[0])) {
        word.bytes++;
        word.len_bytes--;
    }
    for (size_t i = 0; i < word.len_bytes; i++) {
        if (strchr("; \t", word.bytes[i]))
            word.len_bytes = i;
    }
    return word;
}

static enum MHD_Result look_at(void *user, enum MHD_ValueKind kind, const char *name,
                               const char *value)
{
    struct listed *listed = user;

    (void)kind;
    if (strcasecmp(name, listed->name) != 0)
        return MHD_YES;
    while (value && *value && !listed->other.bytes) {
        size_t len = strcspn(value, ",");
        struct slice word = find_word(value, len);

        if (word.len_bytes > 0 && (word.len_bytes != strlen(listed->allowed) ||
                                   strncasecmp(word.bytes, listed->allowed, word.len_bytes) != 0))
            listed->other = (struct slice){value, len};
        value += len + (value[len] == ',');
    }
    return listed->other.bytes ? MHD_NO : MHD_YES;
}

struct slice http_header_find_other(struct request *request, const char *name, const char *allowed)
{
    struct listed listed = {.name = name, .allowed = allowed};

    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, look_at, &listed);
    return listed.other;
}
