/* SPDX-License-Identifier: Apache-2.0 */

#include "server/hub/blob_lock.h"

#include "server/hub/path.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whether the path still names what is open: some remove a lock's file as they let it go. */
static bool is_current(int file, const char *path)
{
    struct stat opened, named;

    return fstat(file, &opened) == 0 && stat(path, &named) == 0 && opened.st_ino == named.st_ino &&
           opened.st_dev == named.st_dev;
}

enum status blob_lock_try(const char *path, int *ret_lock, struct error *error)
{
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0664);

    if (file < 0)
        return hub_path_refuse_write(path, errno, error);
    if (flock(file, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK) {
        close(file);
        file = -1;
    } else if (!is_current(file, path)) {
        close(file);
        file = -1;
    }
    *ret_lock = file;
    return STATUS_OK;
}

void blob_lock_release(int lock)
{
    if (lock >= 0)
        close(lock);
}
