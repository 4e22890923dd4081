/* SPDX-License-Identifier: Apache-2.0 */

#include "server/hub/path.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum status hub_path_print(struct hub_path *ret_path, struct error *error, const char *format, ...)
{
    struct hub_path path;
    va_list arguments;
    int len;

    va_start(arguments, format);
    len = vsnprintf(path.text, sizeof path.text, format, arguments);
    va_end(arguments);
    if (len < 0 || (size_t)len >= sizeof path.text)
        return error_set(error, STATUS_INVALID,
                         "a path of the hub's cache would be too long: "
                         "%.200s...",
                         path.text);
    *ret_path = path;
    return STATUS_OK;
}

bool hub_path_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

bool hub_path_is_folder(const char *path)
{
    struct stat about;

    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

enum status hub_path_refuse_write(const char *path, int reason, struct error *error)
{
    switch (reason) {
    case ENOSPC:
    case EDQUOT:
        return error_set(error, STATUS_IO,
                         "%.200s: the disk is full; make room, or name a cache elsewhere with "
                         "--huggingface-hub-cache (what has come is kept)",
                         path);
    case EROFS:
    case EACCES:
    case EPERM:
        return error_set(error, STATUS_IO,
                         "%.200s: cannot be written (%s); let user %u write there, or name another "
                         "cache with --huggingface-hub-cache",
                         path, strerror(reason), (unsigned)geteuid());
    default:
        return error_set(error, STATUS_IO, "%.200s: %s", path, strerror(reason));
    }
}

enum status hub_path_rename(const char *from, const char *to, struct error *error)
{
    int reason = rename(from, to) ? errno : 0;

    if (reason == 0 || (reason == ENOENT && hub_path_exists(to)))
        return STATUS_OK;
    return hub_path_refuse_write(to, reason, error);
}

enum status hub_path_make_folders(const char *path, struct error *error)
{
    struct hub_path folder;
    enum status status = hub_path_print(&folder, error, "%s", path);

    if (status)
        return status;
    for (char *slash = strchr(folder.text + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        int reason;

        *slash = '\0';
        reason = mkdir(folder.text, 0777) ? errno : 0;
        /* On a mount that is read-only, mkdir may fail for a folder that is there. */
        if (reason != 0 && reason != EEXIST && !hub_path_is_folder(folder.text))
            return hub_path_refuse_write(folder.text, reason, error);
        *slash = '/';
    }
    return STATUS_OK;
}
