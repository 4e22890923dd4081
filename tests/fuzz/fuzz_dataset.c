/* SPDX-License-Identifier: Apache-2.0 */

/* Data sets of nestd evaluate: queries, documents and judgements are parts of the input, split at
 * bytes 0xff, as JSON Lines or CSV. What was read holds together, and a complaint names the file. */
#include "server/evaluate/data/dataset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { N_FILES = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes);

/* A file in memory, under a name that says what it holds. */
struct file {
    int descriptor;
    char path[80];
};

static char folder[] = "/tmp/fuzz_dataset_XXXXXX";

static void remove_folder(void)
{
    char command[80];

    snprintf(command, sizeof command, "rm -r %s", folder);
    if (system(command) != 0)
        abort();
}

static struct file new_file(const char *name)
{
    struct file file = {.descriptor = memfd_create(name, MFD_CLOEXEC)};
    char target[40];

    snprintf(target, sizeof target, "/proc/self/fd/%d", file.descriptor);
    snprintf(file.path, sizeof file.path, "%s/%s", folder, name);
    if (file.descriptor < 0 || symlink(target, file.path) != 0)
        abort();
    return file;
}

static void fill(const struct file *file, const uint8_t *bytes, size_t len_bytes)
{
    if (ftruncate(file->descriptor, 0) != 0 || lseek(file->descriptor, 0, SEEK_SET) != 0 ||
        write(file->descriptor, bytes, len_bytes) != (ssize_t)len_bytes)
        abort();
}

static void check_error(enum status status, const struct error *error)
{
    if ((status != STATUS_OK) != (strncmp(error->text, folder, strlen(folder)) == 0))
        abort();
}

static void check_dataset(const struct dataset *dataset)
{
    size_t n_queries = dataset->queries.n_items;

    if (n_queries == 0 || dataset->documents.n_items == 0)
        abort();
    for (size_t q = 0; q < n_queries; q++) {
        size_t first = dataset->first[q];
        size_t end = dataset->first[q + 1];

        if (end < first || dataset->n_relevant[q] == 0 || dataset->n_relevant[q] < end - first)
            abort();
        for (size_t i = first; i < end; i++) {
            if (dataset->relevant[i].query != q ||
                dataset->relevant[i].document >= dataset->documents.n_items ||
                !dataset_is_relevant(dataset, q, dataset->relevant[i].document))
                abort();
        }
    }
}

static void read_files(const struct file *files)
{
    struct dataset dataset = {0};
    struct error error = {0};
    enum status status =
        dataset_read_files(&dataset, files[0].path, files[1].path, files[2].path, &error);

    check_error(status, &error);
    if (!status)
        check_dataset(&dataset);
    dataset_release(&dataset);
}

static void read_pairs(const struct file *file)
{
    struct dataset dataset = {0};
    struct scored_pairs pairs = {0};
    struct error error = {0};
    enum status status = dataset_read_pairs(&dataset, file->path, &error);

    check_error(status, &error);
    if (!status)
        check_dataset(&dataset);
    dataset_release(&dataset);
    error = (struct error){0};
    status = scored_pairs_read(&pairs, file->path, &error);
    check_error(status, &error);
    if (!status && (pairs.left.n_items < 2 || pairs.left.n_items != pairs.right.n_items))
        abort();
    scored_pairs_release(&pairs);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
    static struct file tables[N_FILES];
    static struct file lines[N_FILES];
    size_t start = 0;

    if (!tables[0].path[0]) {
        static const char *const names[2][N_FILES] = {
            {"queries.csv", "corpus.csv", "qrels.tsv"},
            {"queries.jsonl", "corpus.jsonl", "qrels.jsonl"},
        };

        if (!mkdtemp(folder))
            abort();
        atexit(remove_folder);
        for (size_t i = 0; i < N_FILES; i++) {
            tables[i] = new_file(names[0][i]);
            lines[i] = new_file(names[1][i]);
        }
    }
    for (size_t i = 0; i < N_FILES; i++) {
        const uint8_t *end = memchr(bytes + start, 0xff, len_bytes - start);
        size_t stop = end ? (size_t)(end - bytes) : len_bytes;

        fill(&tables[i], bytes + start, stop - start);
        fill(&lines[i], bytes + start, stop - start);
        start = stop < len_bytes ? stop + 1 : stop;
    }
    read_files(tables);
    read_files(lines);
    read_pairs(&tables[0]);
    read_pairs(&lines[0]);
    return 0;
}
