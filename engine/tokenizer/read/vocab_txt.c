/* SPDX-License-Identifier: Apache-2.0 */

/* vocab.txt: a token a line, its id the line's number. */
#include "engine/tokenizer/read/load.h"

#include "engine/base/memory.h"
#include "engine/files/file.h"
#include "engine/tokenizer/unicode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VOCAB_FILE "vocab.txt"

enum { MAX_VOCAB_BYTES = 64 << 20 };

static enum status read_file(const char *folder, char **ret_text, size_t *ret_len_bytes,
                             struct error *error)
{
    AUTO_FREE char *path = path_join(folder, VOCAB_FILE);
    AUTO_FREE char *text = NULL;
    enum status status;
    size_t len_bytes;
    size_t have;
    FILE *file;
    int fd;

    if (!path)
        return STATUS_NO_MEMORY;
    if (!file_exists(path))
        return error_set(error, STATUS_IO, "%.300s: has neither tokenizer.json nor " VOCAB_FILE,
                         folder);
    status = file_open(path, &fd, &len_bytes, error);
    if (status)
        return status;
    if (len_bytes > MAX_VOCAB_BYTES) {
        close(fd);
        return error_set(error, STATUS_INVALID, VOCAB_FILE ": has %zu bytes, at most %d are read",
                         len_bytes, MAX_VOCAB_BYTES);
    }
    text = malloc(len_bytes + 1);
    file = fdopen(fd, "rb");
    if (!text || !file) {
        if (file)
            fclose(file);
        else
            close(fd);
        return STATUS_NO_MEMORY;
    }
    have = fread(text, 1, len_bytes, file);
    fclose(file);
    if (have < len_bytes)
        return error_set(error, STATUS_IO, VOCAB_FILE ": cannot be read");
    if (!utf8_is_valid(text, len_bytes))
        return error_set(error, STATUS_INVALID, VOCAB_FILE ": is not valid UTF-8");
    *ret_text = text;
    *ret_len_bytes = len_bytes;
    text = NULL;
    return STATUS_OK;
}

/* The length of a line without the white space at its end. */
static size_t trimmed(const char *line, size_t len_bytes)
{
    while (len_bytes > 0) {
        size_t before = utf8_before(line, len_bytes);
        uint32_t c;

        utf8_decode(line + before, len_bytes - before, &c);
        if (!(unicode_kind(c).flags & CODE_POINT_SPACE))
            break;
        len_bytes = before;
    }
    return len_bytes;
}

enum status load_vocab_txt(struct vocab *vocab, const char *folder, struct error *error)
{
    AUTO_FREE char *text = NULL;
    enum status status;
    size_t len_bytes = 0;
    size_t start = 0;

    status = read_file(folder, &text, &len_bytes, error);
    for (int32_t id = 0; !status && start < len_bytes; id++) {
        char *line = text + start;
        char *newline = memchr(line, '\n', len_bytes - start);
        size_t line_bytes = newline ? (size_t)(newline - line) : len_bytes - start;
        size_t token_bytes = trimmed(line, line_bytes);

        line[token_bytes] = '\0';
        status = words_add(vocab, line, token_bytes, id, VOCAB_FILE, error);
        start += line_bytes + 1;
    }
    return status;
}
