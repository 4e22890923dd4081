/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/files/folder.h"

#include "engine/base/memory.h"
#include "engine/files/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHOWN "%.220s" /* a path in a message */

static bool holds(const char *folder, const char *name)
{
    AUTO_FREE char *path = path_join(folder, name);

    return path && file_exists(path);
}

static bool holds_model(const char *folder)
{
    return holds(folder, "modules.json") || holds(folder, "config.json");
}

/* ---- what may be meant instead ---- */

/* A folder with a model in this one, the first by name: its path, for the caller to free, or NULL.
 */
static char *find_inside(const char *folder)
{
    struct dirent **entries;
    int n = scandir(folder, &entries, NULL, alphasort);
    char *found = NULL;

    for (int i = 0; i < n; i++) {
        AUTO_FREE char *path =
            entries[i]->d_name[0] == '.' ? NULL : path_join(folder, entries[i]->d_name);

        if (path && !found && holds_model(path))
            found = strdup(path);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    return found;
}

static bool ends_with(const char *text, const char *ending)
{
    size_t len = strlen(text);
    size_t ending_len = strlen(ending);

    return len >= ending_len && strcmp(text + len - ending_len, ending) == 0;
}

char *folder_find(const char *path, const char *ending)
{
    struct dirent **entries;
    int n = scandir(path, &entries, NULL, alphasort);
    char *found = NULL;

    for (int i = 0; i < n; i++) {
        if (!found && ends_with(entries[i]->d_name, ending))
            found = strdup(entries[i]->d_name);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    return found;
}

/* ---- refusals ---- */

enum status folder_refuse_gguf(const char *path, const char *name, struct error *error)
{
    return error_set(error, STATUS_INVALID,
                     SHOWN ": GGUF is not read; give the model that it was made of, in "
                           "safetensors: its folder, or its ORG/NAME on the hub. Or, with either "
                           "as ORIGINAL, convert it by: server/convert-gguf %s%s%s ORIGINAL "
                           "NEW_FOLDER",
                     path, path, name ? "/" : "", name ? name : "");
}

static enum status refuse_missing(const char *path, struct error *error)
{
    return error_set(error, STATUS_IO,
                     SHOWN ": there is no such folder; give one that sentence-transformers saved, "
                           "or the ORG/NAME of a model on the hub",
                     path);
}

static enum status refuse_without_model(const char *path, struct error *error)
{
    AUTO_FREE char *inside = find_inside(path);
    AUTO_FREE char *gguf = folder_find(path, ".gguf");

    if (gguf)
        return folder_refuse_gguf(path, gguf, error);
    if (inside)
        return error_set(error, STATUS_INVALID,
                         SHOWN ": is not a model's folder, but one inside is: give " SHOWN, path,
                         inside);
    return error_set(error, STATUS_INVALID,
                     SHOWN ": holds no model, neither modules.json nor config.json; give a folder "
                           "that sentence-transformers saved",
                     path);
}

enum status folder_check(const char *path, struct error *error)
{
    struct stat about;

    if (stat(path, &about)) {
        if (errno == ENOENT || errno == ENOTDIR)
            return refuse_missing(path, error);
        return error_set(error, STATUS_IO, SHOWN ": cannot be accessed: %s", path, strerror(errno));
    }
    if (!S_ISDIR(about.st_mode) && ends_with(path, ".gguf"))
        return folder_refuse_gguf(path, NULL, error);
    if (!S_ISDIR(about.st_mode))
        return error_set(error, STATUS_INVALID,
                         SHOWN ": is not a folder; give the folder that holds the model's files",
                         path);
    if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS))
        return error_set(error, STATUS_IO,
                         SHOWN ": cannot be read: %s; user %u needs read access to it and what "
                               "is in it",
                         path, strerror(errno), (unsigned)geteuid());
    return holds_model(path) ? STATUS_OK : refuse_without_model(path, error);
}
