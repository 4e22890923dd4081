/* SPDX-License-Identifier: Apache-2.0 */

/* The hub's cache, as its clients lay it out:
 *
 *     hub/models--BAAI--bge-small-en-v1.5/refs/main              the commit's hash
 *                                        /snapshots/HASH/...     the model, in links
 *                                        /blobs/...              what they lead to */
#include "engine/files/folder.h"

#include "engine/base/memory.h"
#include "engine/files/file.h"

#include <ctype.h>
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

/* "BAAI/bge-small-en-v1.5": one slash, and on both sides of it what the hub allows in a name. */
static bool is_hub_name(const char *path)
{
    const char *slash = strchr(path, '/');

    if (!slash || !isalnum((unsigned char)path[0]) || !isalnum((unsigned char)slash[1]))
        return false;
    for (const char *c = path; *c; c++)
        if (c != slash && !isalnum((unsigned char)*c) && !strchr("._-", *c))
            return false;
    return true;
}

/* A function that finds a model's folder: its path, for the caller to free, or NULL. */
typedef char *find_function(const char *folder);

static char *find_itself(const char *folder)
{
    return holds_model(folder) ? strdup(folder) : NULL;
}

/* What `find` finds in the first by name of the entries in which it finds something. */
static char *find_in_entries(const char *folder, find_function *find)
{
    struct dirent **entries;
    int n = scandir(folder, &entries, NULL, alphasort);
    char *found = NULL;

    for (int i = 0; i < n; i++) {
        AUTO_FREE char *path =
            entries[i]->d_name[0] == '.' ? NULL : path_join(folder, entries[i]->d_name);

        if (path && !found)
            found = find(path);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    return found;
}

/* In a folder models--X--Y of the hub's cache: the snapshot that refs/main names, else the first.
 */
static char *find_snapshot(const char *folder)
{
    AUTO_FREE char *snapshots = path_join(folder, "snapshots");
    AUTO_FREE char *ref = path_join(folder, "refs/main");
    AUTO_FREE char *named = NULL;
    FILE *const file = ref ? fopen(ref, "re") : NULL;
    char hash[100] = "";

    if (file) {
        if (fscanf(file, "%99[0-9a-f]", hash) != 1)
            hash[0] = '\0';
        fclose(file);
    }
    if (!snapshots)
        return NULL;
    named = hash[0] ? path_join(snapshots, hash) : NULL;
    return named && holds_model(named) ? strdup(named) : find_in_entries(snapshots, find_itself);
}

static char *find_itself_or_snapshot(const char *folder)
{
    char *found = find_itself(folder);

    return found ? found : find_snapshot(folder);
}

/* ---- refusals ---- */

static enum status refuse_missing(const char *path, struct error *error)
{
    if (is_hub_name(path))
        return error_set(error, STATUS_IO,
                         SHOWN ": there is no such folder; if the model of that name on the hub is "
                               "meant, get it with 'hf download " SHOWN " --local-dir FOLDER' and "
                               "give that folder",
                         path, path);
    return error_set(error, STATUS_IO,
                     SHOWN ": there is no such folder; give one that sentence-transformers saved",
                     path);
}

static enum status refuse_without_model(const char *path, struct error *error)
{
    AUTO_FREE char *snapshot = find_snapshot(path);
    AUTO_FREE char *inside = snapshot ? NULL : find_in_entries(path, find_itself_or_snapshot);

    if (snapshot)
        return error_set(error, STATUS_INVALID,
                         SHOWN ": is a folder of the hub's cache; give the model in it, " SHOWN,
                         path, snapshot);
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
