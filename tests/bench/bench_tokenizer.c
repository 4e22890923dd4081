/* SPDX-License-Identifier: Apache-2.0 */

/* How fast a folder's tokenizer is on one thread: each line of a file is a text.
 *
 *     bench_tokenizer FOLDER FILE [SECONDS]
 *
 * Goes over the file until SECONDS (2) have passed, and prints the tokens of one round and, for the
 * fastest round and the median one, tokens and bytes per second. tokenizer_speed.py runs it beside
 * the official tokenizer. */
#include "engine/tokenizer/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_ROUNDS = 10000 };

struct text_file {
    char *bytes;
    size_t len_bytes;
};

/* The thread's own time, which others on the machine do not add to. */
static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool read_text(const char *path, struct text_file *ret_text)
{
    FILE *file = fopen(path, "rb");
    long n = -1;

    if (file && fseek(file, 0, SEEK_END) == 0)
        n = ftell(file);
    if (n < 0 || !(ret_text->bytes = malloc((size_t)n + 1)))
        return false;
    rewind(file);
    ret_text->len_bytes = fread(ret_text->bytes, 1, (size_t)n, file);
    fclose(file);
    return ret_text->len_bytes == (size_t)n;
}

/* Tokenizes every line; how many tokens there are. */
static size_t run_round(const struct tokenizer *tokenizer, const struct text_file *text,
                        struct tokens *tokens)
{
    const struct tokenize_options options = {.add_special = true};
    size_t n_tokens = 0;

    for (size_t start = 0; start < text->len_bytes;) {
        const char *line = text->bytes + start;
        const char *end = memchr(line, '\n', text->len_bytes - start);
        size_t len_bytes = end ? (size_t)(end - line) : text->len_bytes - start;
        struct tokenize_result result;

        tokens->n_tokens = 0;
        if (tokenizer_encode(tokenizer, line, len_bytes, &options, tokens, &result))
            abort();
        n_tokens += result.n_tokens;
        start += len_bytes + 1;
    }
    return n_tokens;
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;

    return (a > b) - (a < b);
}

static void measure(const struct tokenizer *tokenizer, const struct text_file *text, double limit_s)
{
    static double seconds[MAX_ROUNDS];
    struct tokens tokens = {0};
    size_t n_tokens = run_round(tokenizer, text, &tokens);
    double start_s = now_s();
    size_t n = 0;

    while (n < MAX_ROUNDS && (n == 0 || now_s() - start_s < limit_s)) {
        double round_s = now_s();

        run_round(tokenizer, text, &tokens);
        seconds[n++] = now_s() - round_s;
    }
    qsort(seconds, n, sizeof *seconds, compare);
    printf("%zu tokens, %zu rounds; fastest %.3f Mtokens/s %.1f MB/s, median %.3f Mtokens/s %.1f "
           "MB/s\n",
           n_tokens, n, (double)n_tokens / seconds[0] / 1e6,
           (double)text->len_bytes / seconds[0] / 1e6, (double)n_tokens / seconds[n / 2] / 1e6,
           (double)text->len_bytes / seconds[n / 2] / 1e6);
    tokens_release(&tokens);
}

int main(int argc, char **argv)
{
    struct tokenizer *tokenizer = NULL;
    struct error error = {0};
    struct text_file text = {0};
    double start_s = now_s();

    if (argc < 3) {
        fprintf(stderr, "usage: bench_tokenizer FOLDER FILE [SECONDS]\n");
        return 2;
    }
    if (!read_text(argv[2], &text)) {
        fprintf(stderr, "%s: cannot be read\n", argv[2]);
        return 1;
    }
    if (tokenizer_load(&tokenizer, argv[1], false, &error)) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    printf("loaded in %.0f ms; ", (now_s() - start_s) * 1e3);
    measure(tokenizer, &text, argc > 3 ? strtod(argv[3], NULL) : 2);
    tokenizer_free(tokenizer);
    free(text.bytes);
    return 0;
}
