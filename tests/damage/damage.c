/* SPDX-License-Identifier: Apache-2.0 */

/* Damages files of a model's folder, or of a tokenizer's (one without config.json), and tries it
 * each time, in this process: see subject.h for what must hold. The folder is changed, and whole
 * again at the end.
 *
 *     damage FOLDER SEED FIRST N   cases FIRST to FIRST + N - 1; each is the same whenever it is run
 *     damage FOLDER keys           what may be anything: a line "FILE KEY VALUE" for each value in
 *                                  its JSON files that may be replaced by that one, and "FILE
 *                                  TENSOR" for each that may be missing
 *
 * A case that takes longer than 60 s, a crash, and what a sanitizer finds end the program; the
 * case is printed then. */
#include "tests/damage/json_text.h"
#include "tests/damage/mutate.h"
#include "tests/damage/subject.h"

#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MAX_FILES = 32, CASE_SECONDS = 300, CASES_PER_ENCODED = 20, MAX_KEYS_OF_ONE = 64 };

struct file {
    char path[256];
    struct bytes sound;
};

static struct file files[MAX_FILES];
static size_t n_files;
static bool is_model;
static char running[400]; /* the case, for a signal's handler */

static bool has_part(const char *path, const char *part)
{
    return strstr(path, part) != NULL;
}

static int add_file(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)about;
    (void)where;
    if (kind != FTW_F || has_part(path, "expected") || has_part(path, "tensors.json") ||
        has_part(path, "tokenizer.name"))
        return 0;
    if (n_files == MAX_FILES || strlen(path) >= sizeof files->path)
        die("too many files, or too long a path", path);
    strcpy(files[n_files].path, path);
    files[n_files++].sound = bytes_read(path);
    is_model = is_model || has_part(path, "/config.json") || has_part(path, "/modules.json");
    return 0;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct file *)a)->path, ((const struct file *)b)->path);
}

static void die_of_signal(int number)
{
    ssize_t n = write(STDERR_FILENO, running, strlen(running));

    (void)n;
    signal(SIGABRT, SIG_DFL);
    if (number != SIGABRT)
        abort();
}

static bool try(const char *folder, bool encodes)
{
    bool opened;

    alarm(CASE_SECONDS);
    opened = is_model ? subject_try_model(folder, encodes) : subject_try_tokenizer(folder);
    alarm(0);
    return opened;
}

static const struct file *choose_file(struct random *random)
{
    /* A tokenizer's folder is there for tokenizer.json, beside a small file. */
    for (size_t i = 0; i < n_files && !is_model; i++)
        if (has_part(files[i].path, "/tokenizer.json") && random_below(random, 20) > 0)
            return &files[i];
    return &files[random_below(random, n_files)];
}

static void run_cases(const char *folder, const char *seed, size_t first, size_t n)
{
    size_t n_served = 0;
    double longest_cpu_s = 0;

    for (size_t i = first; i < first + n; i++) {
        struct random random = {strtoull(seed, NULL, 10) * 0x9e3779b97f4a7c15u + i};
        const struct file *file = choose_file(&random);
        struct bytes bytes = bytes_copy(&file->sound);
        struct timespec start, end;
        double s;

        snprintf(running, sizeof running, "damage: in case %zu of seed %s: %s\n", i, seed,
                 file->path);
        mutate_file(&bytes, file->path, &random);
        bytes_write(&bytes, file->path);
        bytes_release(&bytes);
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
        n_served += try(folder, random_below(&random, CASES_PER_ENCODED) == 0);
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
        bytes_write(&file->sound, file->path);
        s = (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec);
        longest_cpu_s = s > longest_cpu_s ? s : longest_cpu_s;
    }
    printf("{\"cases\": %zu, \"served\": %zu, \"longest_cpu_s\": %.3f}\n", n, n_served,
           longest_cpu_s);
}

/* ---- what may be anything ---- */

/* The keys on the way to a value, "a.b.0" by example. */
static void print_key(const struct json_text *json, const char *text, size_t at)
{
    const struct json_value *value = &json->values[at];

    if (at == 0)
        return;
    if (value->parent)
        print_key(json, text, value->parent);
    if (value->parent)
        putchar('.');
    if (value->key_stop)
        printf("%.*s", (int)(value->key_stop - value->key_start - 2), text + value->key_start + 1);
    else
        putchar('#');
}

/* A vocabulary's or a merge's: one of so many of a kind that one would do. */
static bool is_one_of_many(const struct json_text *json, size_t at)
{
    for (; at > 0; at = json->values[at].parent)
        if (json->values[json->values[at].parent].n_children > MAX_KEYS_OF_ONE)
            return true;
    return false;
}

static void try_values(const char *folder, const struct file *file)
{
    static const char *const odd[] = {"{\"odd\":[]}", "\"odd\"", "-7"};
    const char *text = file->sound.data;
    struct json_text json;

    if (!json_text_scan(&json, text, file->sound.len))
        die("no JSON", file->path);
    for (size_t i = 1; i < json.n_values; i++) {
        const struct json_value *value = &json.values[i];

        if (is_one_of_many(&json, i))
            continue;
        for (size_t j = 0; j < sizeof odd / sizeof *odd; j++) {
            struct bytes bytes = bytes_copy(&file->sound);

            bytes_splice(&bytes, value->start, value->stop, odd[j], strlen(odd[j]));
            bytes_write(&bytes, file->path);
            bytes_release(&bytes);
            if (!try(folder, false))
                continue;
            printf("%s ", file->path + strlen(folder) + 1);
            print_key(&json, text, i);
            printf(" %s\n", odd[j]);
        }
    }
    json_text_release(&json);
    bytes_write(&file->sound, file->path);
}

/* Each tensor in turn is called otherwise. */
static void try_tensors(const char *folder, const struct file *file)
{
    const char *header = file->sound.data + 8;
    struct bytes whole = {NULL, 0};
    struct json_text json;
    size_t len = 0;

    for (size_t i = 0; i < 8; i++)
        len |= (size_t)(unsigned char)file->sound.data[i] << (8 * i);
    bytes_splice(&whole, 0, 0, header, len);
    if (!json_text_scan(&json, whole.data, whole.len))
        die("no JSON", file->path);
    for (size_t i = json.values[0].first_child; i; i = json.values[i].next) {
        const struct json_value *value = &json.values[i];
        struct bytes bytes = bytes_copy(&file->sound);

        bytes.data[8 + value->key_start + 1] = '?';
        bytes_write(&bytes, file->path);
        bytes_release(&bytes);
        if (try(folder, false))
            printf("%s %.*s\n", file->path + strlen(folder) + 1,
                   (int)(value->key_stop - value->key_start - 2), header + value->key_start + 1);
    }
    json_text_release(&json);
    bytes_release(&whole);
    bytes_write(&file->sound, file->path);
}

static void list_keys(const char *folder)
{
    for (size_t i = 0; i < n_files; i++) {
        if (has_part(files[i].path, ".json"))
            try_values(folder, &files[i]);
        else if (has_part(files[i].path, ".safetensors"))
            try_tensors(folder, &files[i]);
    }
}

int main(int argc, char **argv)
{
    bool lists = argc == 3 && strcmp(argv[2], "keys") == 0;

    if (argc != 5 && !lists)
        die("FOLDER SEED FIRST N, or FOLDER keys", "usage");
    if (nftw(argv[1], add_file, 8, FTW_PHYS) != 0 || n_files == 0)
        die("no files", argv[1]);
    qsort(files, n_files, sizeof *files, by_path);
    snprintf(running, sizeof running, "damage: while it was sound: %s\n", argv[1]);
    signal(SIGABRT, die_of_signal);
    signal(SIGALRM, die_of_signal);
    if (!try(argv[1], true))
        die("is refused as it is", argv[1]);
    if (lists)
        list_keys(argv[1]);
    else
        run_cases(argv[1], argv[2], strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10));
    for (size_t i = 0; i < n_files; i++)
        bytes_release(&files[i].sound);
    return 0;
}
