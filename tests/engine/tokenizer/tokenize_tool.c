/* SPDX-License-Identifier: Apache-2.0 */

/* For tests in other languages: tokenizes the texts on standard input, each after its length in
 * bytes as four bytes, least first. Writes a line for each: its tokens as "id" (one that the
 * tokenizer added) or "id:start:stop", or "error" and the number of the status.
 *
 *     tokenize_tool FOLDER [none|end|start [MAX_TOKENS [bare]]] */
#include "engine/tokenizer/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool read_length(size_t *ret_len_bytes)
{
    unsigned char bytes[4];

    if (fread(bytes, 1, sizeof bytes, stdin) != sizeof bytes)
        return false;
    *ret_len_bytes =
        bytes[0] | (size_t)bytes[1] << 8 | (size_t)bytes[2] << 16 | (size_t)bytes[3] << 24;
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

    while (read_length(&len_bytes)) {
        struct tokenize_result result;
        enum status status;

        free(text);
        text = malloc(len_bytes + 1);
        if (!text || fread(text, 1, len_bytes, stdin) != len_bytes)
            break;
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
    run(tokenizer, &options);
    tokenizer_free(tokenizer);
    return 0;
}
