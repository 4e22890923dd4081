/* SPDX-License-Identifier: Apache-2.0 */
#include "server/process/sandbox.h"

#include "server/text/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Each returns 0 or errno, and leaves all as it is. */

static int try_affinity(void)
{
    unsigned char mask[512]; /* of 4096 CPUs */
    long len_bytes = syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);

    if (len_bytes < 0)
        return errno;
    return syscall(SYS_sched_setaffinity, 0, len_bytes, mask) < 0 ? errno : 0;
}

static int try_time_slice(void)
{
    _Alignas(
        8) unsigned char attributes[48]; /* struct sched_attr, whose size the kernel fills in */

    if (syscall(SYS_sched_getattr, 0, attributes, sizeof attributes, 0))
        return errno;
    return syscall(SYS_sched_setattr, 0, attributes, 0) ? errno : 0;
}

static int try_huge_pages(void)
{
    enum { LEN_BYTES = 4 << 20 };
    void *memory =
        mmap(NULL, LEN_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int problem = 0;

    if (memory == MAP_FAILED)
        return 0;
    if (madvise(memory, LEN_BYTES, MADV_HUGEPAGE) && errno != EINVAL) /* a kernel without them */
        problem = errno;
    munmap(memory, LEN_BYTES);
    return problem;
}

static const struct probe {
    const char *call;
    int (*try)(void);
    const char *loss;
} probes[] = {
    {"sched_setaffinity", try_affinity,
     "workers are not bound to cores, and a lone text may take several times as long"},
    {"sched_setattr", try_time_slice,
     "threads keep the usual time slices, and small requests wait longer beside large ones"},
    {"madvise(MADV_HUGEPAGE)", try_huge_pages, "weights lie in small pages, which is slower"},
};

enum { N_PROBES = sizeof probes / sizeof *probes };

static _Noreturn void run_child(int pipe)
{
    prctl(PR_SET_DUMPABLE, 0); /* if it is ended, no core is left */
    for (size_t i = 0; i < N_PROBES; i++) {
        int problem = probes[i].try();

        if (write(pipe, &problem, sizeof problem) != sizeof problem)
            _exit(1);
    }
    _exit(0);
}

/* How many results came before the end of the stream. */
static size_t read_results(int pipe, int ret_problems[N_PROBES])
{
    size_t n = 0;

    while (n < N_PROBES) {
        ssize_t n_read = read(pipe, &ret_problems[n], sizeof *ret_problems);

        if (n_read == (ssize_t)sizeof *ret_problems)
            n++;
        else if (n_read >= 0 || errno != EINTR)
            break;
    }
    return n;
}

static void log_problem(const struct probe *probe, int problem)
{
    if (problem)
        log_write(LOG_WARNING,
                  "this sandbox forbids %s (%s): %s; under systemd SystemCallFilter=@resources "
                  "@system-service allows it, elsewhere the seccomp profile",
                  probe->call, strerror(problem), probe->loss);
}

bool sandbox_try(void)
{
    int problems[N_PROBES];
    int ends[2], status = 0;
    size_t n_results;
    pid_t child;

    if (pipe2(ends, O_CLOEXEC))
        return true;
    child = fork();
    if (child == 0)
        run_child(ends[1]);
    close(ends[1]);
    n_results = child > 0 ? read_results(ends[0], problems) : 0;
    close(ends[0]);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    for (size_t i = 0; i < n_results; i++)
        log_problem(&probes[i], problems[i]);
    if (child < 0 || n_results == N_PROBES || !WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
        return true;
    log_write(LOG_ERROR,
              "this sandbox ends a process that calls %s: allow it, or let it fail (systemd: "
              "SystemCallErrorNumber=EPERM; seccomp: SCMP_ACT_ERRNO)",
              probes[n_results].call);
    return false;
}
