/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/model/card.h"

#include "engine/base/memory.h"
#include "engine/files/file.h"
#include "engine/model/card_yaml.h"
#include "engine/model/card_fields.h"
#include "engine/model/matryoshka.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char card_name[] = "README.md";

/* Beside the front matter, which is bounded by CARD_YAML_MAX_BYTES, there is text with tables of
 * training logs, and pictures in base64 in some. */
enum { MAX_CARD_BYTES = 8 << 20 };

/* A README.md in two. */
struct parts {
    const char *front_matter; /* NULL: there is none */
    size_t front_matter_bytes;
    size_t first_line; /* of the front matter, counted from 1 */
    const char *body;
    size_t body_bytes;
};

/* What follows the line that starts at `line`. */
static const char *skip_line(const char *line, const char *end)
{
    const char *newline = memchr(line, '\n', (size_t)(end - line));

    return newline ? newline + 1 : end;
}

/* Three dashes, and white space at most. */
static bool is_fence(const char *line, const char *end)
{
    const char *next = skip_line(line, end);

    if (next - line < 3 || memcmp(line, "---", 3) != 0)
        return false;
    for (const char *at = line + 3; at < next; at++)
        if (!strchr(" \t\r\n", *at) || !*at)
            return false;
    return true;
}

/* The front matter is what stands between a first line of dashes and a second. False if there is no
 * second. */
static bool split(const char *text, size_t len_bytes, struct parts *ret_parts)
{
    const char *end = text + len_bytes;
    const char *line = text;

    if (len_bytes >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0)
        line += 3;
    *ret_parts = (struct parts){.first_line = 2, .body = line, .body_bytes = (size_t)(end - line)};
    if (!is_fence(line, end))
        return true;
    line = skip_line(line, end);
    ret_parts->front_matter = line;
    while (line < end && !is_fence(line, end))
        line = skip_line(line, end);
    if (line == end) {
        ret_parts->front_matter = NULL;
        return false;
    }
    ret_parts->front_matter_bytes = (size_t)(line - ret_parts->front_matter);
    ret_parts->body = skip_line(line, end);
    ret_parts->body_bytes = (size_t)(end - ret_parts->body);
    return true;
}

/* Nothing that is wrong with a card is a failure. */
static enum status forgive(enum status status)
{
    return status == STATUS_NO_MEMORY ? status : STATUS_OK;
}

static enum status read_front_matter(struct card *card, const struct parts *parts,
                                     struct error *ret_complaint)
{
    enum status status;
    bool cut;

    if (!parts->front_matter)
        return STATUS_OK;
    status = card_yaml_read(&card->front_matter, parts->front_matter, parts->front_matter_bytes,
                            card_name, parts->first_line, ret_complaint);
    if (status)
        return forgive(status);
    status = card_fields_read(card, &cut);
    if (!status && cut)
        error_set(ret_complaint, STATUS_INVALID, "%s: has more than is read of it", card_name);
    return status;
}

enum status card_parse(struct card *ret_card, const char *text, size_t len_bytes,
                       size_t n_vector_dims, struct error *ret_complaint)
{
    struct error fault = {{0}};
    struct parts parts;
    enum status status;

    *ret_card = (struct card){0};
    *ret_complaint = (struct error){{0}};
    if (!split(text, len_bytes, &parts))
        error_set(ret_complaint, STATUS_INVALID,
                  "%s: line 1: begins front matter, which has no end", card_name);
    status = read_front_matter(ret_card, &parts, ret_complaint);
    if (!status)
        status = forgive(matryoshka_find(parts.body, parts.body_bytes, n_vector_dims,
                                         &ret_card->dims, &ret_card->n_dims, &fault));
    if (fault.text[0])
        error_set(ret_complaint, STATUS_INVALID, "%s: %s", card_name, fault.text);
    return status;
}

enum status card_read(struct card *ret_card, const char *model_dir, size_t n_vector_dims,
                      struct error *ret_complaint)
{
    AUTO_FREE char *path = path_join(model_dir, card_name);
    AUTO_FREE char *text = NULL;
    enum status status;
    size_t len_bytes;

    *ret_card = (struct card){0};
    *ret_complaint = (struct error){{0}};
    if (!path)
        return STATUS_NO_MEMORY;
    if (!file_exists(path))
        return STATUS_OK;
    status = file_read(path, MAX_CARD_BYTES, &text, &len_bytes, ret_complaint);
    if (status)
        return forgive(status);
    return card_parse(ret_card, text, len_bytes, n_vector_dims, ret_complaint);
}

void card_release(struct card *card)
{
    card_fields_release(card);
    free(card->dims);
    json_decref(card->front_matter);
    *card = (struct card){0};
}
