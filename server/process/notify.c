/* SPDX-License-Identifier: Apache-2.0 */
#include "server/process/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { MAX_BYTES = 512 };

static void send_datagram(const char *path, const char *text, size_t len_bytes)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const size_t path_bytes = strlen(path);
    const socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path_bytes);
    int socket_;

    if (path_bytes == 0 || path_bytes >= sizeof address.sun_path)
        return;
    memcpy(address.sun_path, path, path_bytes);
    if (path[0] == '@') /* a name that is in no file system */
        address.sun_path[0] = '\0';
    socket_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (socket_ < 0)
        return;
    (void)!sendto(socket_, text, len_bytes, MSG_NOSIGNAL, (const struct sockaddr *)&address, len);
    close(socket_);
}

bool notify_has_manager(void)
{
    return getenv("NOTIFY_SOCKET") != NULL;
}

void notify(const char *format, ...)
{
    const char *path = getenv("NOTIFY_SOCKET");
    char text[MAX_BYTES];
    va_list arguments;
    int len;

    if (!path)
        return;
    va_start(arguments, format);
    len = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (len > 0)
        send_datagram(path, text, (size_t)len < sizeof text ? (size_t)len : sizeof text - 1);
}

/* A number of the environment, whole; 0 if there is none. */
static int64_t read_variable(const char *name)
{
    const char *text = getenv(name);
    char *end;
    intmax_t value;

    if (!text || text[0] < '0' || text[0] > '9')
        return 0;
    errno = 0;
    value = strtoimax(text, &end, 10);
    return errno || *end ? 0 : (int64_t)value;
}

int64_t notify_get_watchdog_us(void)
{
    const int64_t pid = read_variable("WATCHDOG_PID");

    return pid == 0 || pid == (int64_t)getpid() ? read_variable("WATCHDOG_USEC") : 0;
}
