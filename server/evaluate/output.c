/* SPDX-License-Identifier: Apache-2.0 */
#include "server/evaluate/output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
    const char *name;
    void (*write)(const struct report *report, struct buffer *buffer);
} formats[] = {
    {"table", report_write_table}, {"markdown", report_write_markdown}, {"json", report_write_json},
    {"csv", report_write_csv},     {"model-card", report_write_card},
};

static enum status write_stdout(const struct buffer *text, struct error *error)
{
    if (fwrite(text->bytes, 1, text->len_bytes, stdout) != text->len_bytes || fflush(stdout))
        return error_set(error, STATUS_IO, "cannot write to stdout: %s", strerror(errno));
    return STATUS_OK;
}

static bool is_device(const char *path)
{
    struct stat about;

    return stat(path, &about) == 0 && !S_ISREG(about.st_mode);
}

static bool write_whole(const struct buffer *text, const char *path)
{
    FILE *file = fopen(path, "wbe");
    bool whole = file && fwrite(text->bytes, 1, text->len_bytes, file) == text->len_bytes;

    if (file)
        whole = fclose(file) == 0 && whole;
    return whole;
}

/* Under another name until it is whole; but a device or a pipe stays what it is. */
static enum status write_file(const struct buffer *text, const char *path, struct error *error)
{
    char *part_path = NULL;
    bool whole;

    if (is_device(path)) {
        whole = write_whole(text, path);
    } else {
        if (asprintf(&part_path, "%s.part", path) < 0)
            return error_set(error, STATUS_NO_MEMORY, "not enough memory to write %s", path);
        whole = write_whole(text, part_path) && rename(part_path, path) == 0;
    }
    if (!whole)
        (void)error_set(error, STATUS_IO, "%s: cannot be written: %s", path, strerror(errno));
    if (!whole && part_path)
        (void)remove(part_path);
    free(part_path);
    return whole ? STATUS_OK : STATUS_IO;
}

static enum status write_plot(const struct report *report, const char *path, struct error *error)
{
    struct buffer plot = {0};
    enum status status;

    report_write_plot(report, &plot);
    if (buffer_failed(&plot))
        status = error_set(error, STATUS_NO_MEMORY, "not enough memory to write %s", path);
    else
        status = write_file(&plot, path, error);
    buffer_release(&plot);
    return status;
}

enum status output_write(const struct report *report, const char *format, const char *plot_path,
                         struct error *error)
{
    struct buffer text = {0};
    enum status status = STATUS_OK;

    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (strcmp(format, formats[i].name) == 0)
            formats[i].write(report, &text);
    }
    if (buffer_failed(&text))
        status = error_set(error, STATUS_NO_MEMORY, "not enough memory for the report");
    if (!status)
        status = write_stdout(&text, error);
    buffer_release(&text);
    if (!status && plot_path)
        status = write_plot(report, plot_path, error);
    return status;
}
