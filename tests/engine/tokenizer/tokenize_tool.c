/* SPDX-License-Identifier: Apache-2.0 */

/* For tests in other languages: tokenizes the texts on standard input, each after its length in
 * bytes as four bytes, least first. Writes a line for each: its tokens as "id" (one that the
 * tokenizer added) or "id:start:stop", or "error" and the number of the status.
 *
 *     tokenize_tool FOLDER [none|end|start [MAX_TOKENS [bare]]]
 *     tokenize_tool FOLDER decode
 *
 * The latter takes ids ("5 17 3") for texts, and writes what they decode to in hexadecimal. */
#include "engine/tokenizer/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The next text, in place of *text; false at the end. */
static bool read_text(char **text, size_t *ret_len_bytes)
{
    unsigned char bytes[4];
    size_t len_bytes;

    if (fread(bytes, 1, sizeof bytes, stdin) != sizeof bytes)
        return false;
    len_bytes = bytes[0] | (size_t)bytes[1] << 8 | (size_t)bytes[2] << 16 | (size_t)bytes[3] << 24;
    free(*text);
    *text = malloc(len_bytes + 1);
    if (!*text || fread(*text, 1, len_bytes, stdin) != len_bytes)
        return false;
    (*text)[len_bytes] = '\0';
    *ret_len_bytes = len_bytes;
    return true;
}

static void write_tokens(const struct tokens *tokens)
{
    for (size_t i = 0; i < tokens->n_tokens; i++) {
        printf("%s%d", i > 0 ? " " : "", tokens->ids[i]);
        if (tokens->spans[i].start != SIZE_MAX)
            printf(":%zu:%zu", tokens->spans[i].start, tokens->spans[i].stop);
    }
    putchar('\n');
}

static void run(const struct tokenizer *tokenizer, const struct tokenize_options *options)
{
    struct tokens tokens = {0};
    char *text = NULL;
    size_t len_bytes;

    while (read_text(&text, &len_bytes)) {
        struct tokenize_result result;
        enum status status;

        tokens.n_tokens = 0;
        status = tokenizer_encode(tokenizer, text, len_bytes, options, &tokens, &result);
        if (status)
            printf("error %d\n", (int)status);
        else
            write_tokens(&tokens);
    }
    free(text);
    tokens_release(&tokens);
}

static void decode(const struct tokenizer *tokenizer, const char *text, size_t len_bytes)
{
    int32_t *ids = malloc((len_bytes + 1) * sizeof *ids);
    char *decoded = NULL;
    size_t n_ids = 0;
    size_t n_bytes;
    char *end;

    if (!ids)
        return;
    for (long id = strtol(text, &end, 10); end != text; id = strtol(text, &end, 10)) {
        ids[n_ids++] = (int32_t)id;
        text = end;
    }
    if (tokenizer_decode(tokenizer, ids, n_ids, false, &decoded, &n_bytes))
        printf("error");
    else
        for (size_t i = 0; i < n_bytes; i++)
            printf("%02x", (unsigned char)decoded[i]);
    putchar('\n');
    free(decoded);
    free(ids);
}

static void run_decoder(const struct tokenizer *tokenizer)
{
    char *text = NULL;
    size_t len_bytes;

    while (read_text(&text, &len_bytes))
        decode(tokenizer, text, len_bytes);
    free(text);
}

int main(int argc, char **argv)
{
    struct tokenize_options options = {.add_special = argc < 5, .want_spans = true};
    struct tokenizer *tokenizer;
    struct error error = {0};

    if (argc < 2)
        return 2;
    if (argc > 2 && strcmp(argv[2], "end") == 0)
        options.truncate = TRUNCATE_END;
    if (argc > 2 && strcmp(argv[2], "start") == 0)
        options.truncate = TRUNCATE_START;
    if (argc > 3)
        options.max_tokens = strtoul(argv[3], NULL, 10);
    if (tokenizer_load(&tokenizer, argv[1], false, &error)) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    if (argc > 2 && strcmp(argv[2], "decode") == 0)
        run_decoder(tokenizer);
    else
        run(tokenizer, &options);
    tokenizer_free(tokenizer);
    return 0;
}
