/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/torture/calls.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* glibc's own, which need no look-up that might itself allocate. */
void *__libc_malloc(size_t len_bytes);
void *__libc_calloc(size_t n, size_t len_bytes);
void *__libc_realloc(void *memory, size_t len_bytes);
void *__libc_memalign(size_t alignment, size_t len_bytes);

/* Of the sanitizers, where they are there: they have the program's malloc, so what follows only
 * counts. */
int __sanitizer_install_malloc_and_free_hooks(void (*malloc_hook)(const volatile void *, size_t),
                                              void (*free_hook)(const volatile void *))
    __attribute__((weak));

static struct calls own[N_CALLS];
static struct calls *shared = own;

struct calls *calls_get(enum call call)
{
    return &shared[call];
}

bool calls_can_fail(void)
{
    return !__sanitizer_install_malloc_and_free_hooks;
}

static void count_one(const volatile void *memory, size_t len_bytes)
{
    (void)memory;
    (void)len_bytes;
    atomic_fetch_add(&shared[CALL_ALLOCATE].count, 1);
}

static void count_none(const volatile void *memory)
{
    (void)memory;
}

__attribute__((constructor)) static void count_for_sanitizer(void)
{
    if (__sanitizer_install_malloc_and_free_hooks)
        __sanitizer_install_malloc_and_free_hooks(count_one, count_none);
}

/* By system calls alone: the functions may be the ones that are to fail. */
__attribute__((constructor)) static void share(void)
{
    const char *path = getenv("CALLS_FILE");
    int fd = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC) : -1;
    void *mapped;

    if (!path)
        return;
    mapped = (void *)syscall(SYS_mmap, NULL, sizeof own, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED)
        abort();
    close(fd);
    shared = mapped;
}

/* splitmix64 of how many there were. */
static uint64_t mix(uint64_t x)
{
    x *= UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

bool calls_fail(enum call call, int error)
{
    struct calls *calls = &shared[call];
    uint64_t count = atomic_fetch_add(&calls->count, 1);
    int64_t one_in = atomic_load_explicit(&calls->one_in, memory_order_relaxed);
    bool now;

    if (atomic_load_explicit(&calls->n_left, memory_order_relaxed) <= 0)
        now = atomic_load(&calls->all_on) && atomic_load(&calls->n_failed);
    else
        now = atomic_fetch_sub(&calls->n_left, 1) == 1;
    if (!now && (one_in <= 0 || mix(count) % (uint64_t)one_in))
        return false;
    atomic_fetch_add(&calls->n_failed, 1);
    errno = error;
    return true;
}

static bool fails(void)
{
    return calls_fail(CALL_ALLOCATE, ENOMEM);
}

void *malloc(size_t len_bytes)
{
    return fails() ? NULL : __libc_malloc(len_bytes);
}

void *calloc(size_t n, size_t len_bytes)
{
    return fails() ? NULL : __libc_calloc(n, len_bytes);
}

void *realloc(void *memory, size_t len_bytes)
{
    return fails() ? NULL : __libc_realloc(memory, len_bytes);
}

void *reallocarray(void *memory, size_t n, size_t len_bytes)
{
    size_t product;

    if (__builtin_mul_overflow(n, len_bytes, &product)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(memory, product);
}

void *memalign(size_t alignment, size_t len_bytes)
{
    return fails() ? NULL : __libc_memalign(alignment, len_bytes);
}

void *aligned_alloc(size_t alignment, size_t len_bytes)
{
    return memalign(alignment, len_bytes);
}

int posix_memalign(void **ret_memory, size_t alignment, size_t len_bytes)
{
    void *memory = memalign(alignment, len_bytes);

    if (!memory)
        return ENOMEM;
    *ret_memory = memory;
    return 0;
}
