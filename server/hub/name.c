/* SPDX-License-Identifier: Apache-2.0 */

#include "server/hub/name.h"

#include <ctype.h>
#include <string.h>

enum { MAX_PART_BYTES = 96 };

static bool is_name_byte(char byte)
{
    return isalnum((unsigned char)byte) || byte == '_' || byte == '-' || byte == '.';
}

/* One side of the slash. It begins and ends with what is not '-' or '.'. */
static bool is_name_part(const char *part, size_t len_bytes)
{
    if (len_bytes == 0 || len_bytes > MAX_PART_BYTES)
        return false;
    for (size_t i = 0; i < len_bytes; i++) {
        if (!is_name_byte(part[i]))
            return false;
    }
    return !strchr("-.", part[0]) && !strchr("-.", part[len_bytes - 1]);
}

bool hub_name_is_valid(const char *name)
{
    const char *slash = strchr(name, '/');

    /* "--" stands for the slash in the cache's folders. */
    if (!slash || strstr(name, "--") || strstr(name, ".."))
        return false;
    if (strlen(slash) > 4 && strcmp(slash + strlen(slash) - 4, ".git") == 0)
        return false;
    return is_name_part(name, (size_t)(slash - name)) && is_name_part(slash + 1, strlen(slash + 1));
}

/* Whether each part between slashes is neither empty nor "." nor "..". */
static bool has_plain_parts(const char *path)
{
    for (;;) {
        size_t len = strcspn(path, "/");

        if (len == 0 || (len == 1 && path[0] == '.') || (len == 2 && strncmp(path, "..", 2) == 0))
            return false;
        if (path[len] == '\0')
            return true;
        path += len + 1;
    }
}

bool hub_revision_is_valid(const char *revision)
{
    for (const char *c = revision; *c; c++) {
        if (!is_name_byte(*c) && *c != '/' && *c != '+')
            return false;
    }
    return strlen(revision) <= HUB_REVISION_MAX_BYTES && has_plain_parts(revision);
}

bool hub_revision_is_commit(const char *revision)
{
    return strlen(revision) == HUB_COMMIT_BYTES &&
           strspn(revision, "0123456789abcdef") == HUB_COMMIT_BYTES;
}

bool hub_path_is_valid(const char *path)
{
    for (const char *c = path; *c; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f || *c == '\\')
            return false;
    }
    return strlen(path) <= HUB_PATH_MAX_BYTES && has_plain_parts(path);
}
