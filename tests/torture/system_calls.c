/* SPDX-License-Identifier: Apache-2.0 */

/* The calls of the system that fail: what the program and its libraries call, not what the C
 * library calls within itself. Those that are system calls are made as such, the others looked up.
 * Offsets have 64 bits anyway; told so, the headers would give open() the name of open64(). */
#undef _FILE_OFFSET_BITS

#include "tests/torture/calls.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* ---- descriptors ---- */

enum { N_DESCRIPTORS = 4096 };

static _Atomic bool is_signal[N_DESCRIPTORS]; /* an eventfd or a signalfd */

static int made(long fd, bool signals)
{
    if (fd >= 0 && fd < N_DESCRIPTORS)
        is_signal[fd] = signals;
    return (int)fd;
}

static bool may_fail(int fd)
{
    return fd < 0 || fd >= N_DESCRIPTORS || !is_signal[fd];
}

int open(const char *path, int flags, ...)
{
    va_list rest;
    int mode;

    va_start(rest, flags);
    mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, int) : 0;
    va_end(rest);
    if (calls_fail(CALL_OPEN, EMFILE))
        return -1;
    return made(syscall(SYS_openat, AT_FDCWD, path, flags, mode), false);
}

int open64(const char *path, int flags, ...) __attribute__((alias("open")));

/* A function of the C library by its name. */
static void find(const char *name, void *ret_function)
{
    void *function = dlsym(RTLD_NEXT, name);

    memcpy(ret_function, &function, sizeof function);
}

FILE *fopen(const char *path, const char *mode)
{
    FILE *(*next)(const char *, const char *);

    find("fopen", &next);
    return calls_fail(CALL_OPEN, EMFILE) ? NULL : next(path, mode);
}

FILE *fopen64(const char *path, const char *mode)
{
    return fopen(path, mode);
}

DIR *opendir(const char *path)
{
    DIR *(*next)(const char *);

    find("opendir", &next);
    return calls_fail(CALL_OPEN, EMFILE) ? NULL : next(path);
}

int accept4(int fd, __SOCKADDR_ARG address, socklen_t *len, int flags)
{
    if (calls_fail(CALL_ACCEPT, EMFILE))
        return -1;
    return made(syscall(SYS_accept4, fd, address.__sockaddr__, len, flags), false);
}

int accept(int fd, __SOCKADDR_ARG address, socklen_t *len)
{
    return accept4(fd, address, len, 0);
}

int eventfd(unsigned count, int flags)
{
    return calls_fail(CALL_EVENTFD, EMFILE) ? -1 : made(syscall(SYS_eventfd2, count, flags), true);
}

int signalfd(int fd, const sigset_t *signals, int flags)
{
    int (*next)(int, const sigset_t *, int);

    find("signalfd", &next);
    return calls_fail(CALL_SOCKET, EMFILE) ? -1 : made(next(fd, signals, flags), true);
}

int socket(int domain, int type, int protocol)
{
    return calls_fail(CALL_SOCKET, EMFILE)
               ? -1
               : made(syscall(SYS_socket, domain, type, protocol), false);
}

int pipe2(int ends[2], int flags)
{
    return calls_fail(CALL_SOCKET, EMFILE) ? -1 : (int)syscall(SYS_pipe2, ends, flags);
}

int epoll_create1(int flags)
{
    return calls_fail(CALL_SOCKET, EMFILE) ? -1 : made(syscall(SYS_epoll_create1, flags), false);
}

int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
    if (operation != EPOLL_CTL_DEL && calls_fail(CALL_EPOLL, ENOMEM))
        return -1;
    return (int)syscall(SYS_epoll_ctl, epoll, operation, fd, event);
}

int dup(int fd)
{
    return calls_fail(CALL_SOCKET, EMFILE) ? -1 : made(syscall(SYS_dup, fd), false);
}

/* ---- reading and writing ---- */

static bool read_fails(int fd)
{
    return may_fail(fd) && calls_fail(CALL_READ, EIO);
}

static bool write_fails(int fd)
{
    return may_fail(fd) && calls_fail(CALL_WRITE, ENOSPC);
}

ssize_t read(int fd, void *bytes, size_t len_bytes)
{
    return read_fails(fd) ? -1 : syscall(SYS_read, fd, bytes, len_bytes);
}

ssize_t pread64(int fd, void *bytes, size_t len_bytes, off_t offset)
{
    return read_fails(fd) ? -1 : syscall(SYS_pread64, fd, bytes, len_bytes, offset);
}

ssize_t recv(int fd, void *bytes, size_t len_bytes, int flags)
{
    return calls_fail(CALL_RECV, ECONNRESET)
               ? -1
               : syscall(SYS_recvfrom, fd, bytes, len_bytes, flags, NULL, NULL);
}

ssize_t write(int fd, const void *bytes, size_t len_bytes)
{
    return write_fails(fd) ? -1 : syscall(SYS_write, fd, bytes, len_bytes);
}

ssize_t pwrite64(int fd, const void *bytes, size_t len_bytes, off_t offset)
{
    return write_fails(fd) ? -1 : syscall(SYS_pwrite64, fd, bytes, len_bytes, offset);
}

ssize_t sendto(int fd, const void *bytes, size_t len_bytes, int flags, __CONST_SOCKADDR_ARG address,
               socklen_t len)
{
    return calls_fail(CALL_SEND, ECONNRESET)
               ? -1
               : syscall(SYS_sendto, fd, bytes, len_bytes, flags, address.__sockaddr__, len);
}

ssize_t send(int fd, const void *bytes, size_t len_bytes, int flags)
{
    return sendto(fd, bytes, len_bytes, flags, (struct sockaddr *)NULL, 0);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    return calls_fail(CALL_SEND, ECONNRESET) ? -1 : syscall(SYS_sendmsg, fd, message, flags);
}

ssize_t sendfile64(int to, int from, off_t *offset, size_t len_bytes)
{
    return calls_fail(CALL_SEND, ECONNRESET) ? -1
                                             : syscall(SYS_sendfile, to, from, offset, len_bytes);
}

/* ---- memory and threads ---- */

/* The program has an mmap() of its own on top of the other, so neither calls the other here. */
static void *map(void *address, size_t len_bytes, int protection, int flags, int fd, off_t offset)
{
    return calls_fail(CALL_MMAP, ENOMEM)
               ? MAP_FAILED
               : (void *)syscall(SYS_mmap, address, len_bytes, protection, flags, fd, offset);
}

void *mmap(void *address, size_t len_bytes, int protection, int flags, int fd, off_t offset)
{
    return map(address, len_bytes, protection, flags, fd, offset);
}

void *mmap64(void *address, size_t len_bytes, int protection, int flags, int fd, off_t offset)
{
    return map(address, len_bytes, protection, flags, fd, offset);
}

int pthread_create(pthread_t *ret_thread, const pthread_attr_t *attributes, void *(*run)(void *),
                   void *user)
{
    int (*next)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

    find("pthread_create", &next);
    return calls_fail(CALL_THREAD, EAGAIN) ? EAGAIN : next(ret_thread, attributes, run, user);
}
