/* SPDX-License-Identifier: Apache-2.0 */
#include "server/observe/process_readings.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

/* The second number of /proc/self/statm, in pages (proc(5)). */
static uint64_t read_resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    uint64_t n_pages = 0;

    if (!file)
        return 0;
    if (fscanf(file, "%*u %" SCNu64, &n_pages) != 1)
        n_pages = 0;
    fclose(file);
    return n_pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Besides the one that this needs. */
static uint64_t count_open_files(void)
{
    DIR *folder = opendir("/proc/self/fd");
    const struct dirent *entry;
    uint64_t n = 0;

    if (!folder)
        return 0;
    while ((entry = readdir(folder)) != NULL)
        n += entry->d_name[0] != '.';
    closedir(folder);
    return n > 0 ? n - 1 : 0;
}

static uint64_t to_us(struct timeval time)
{
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_usec;
}

struct process_readings process_read(void)
{
    struct rusage usage = {0};
    struct rlimit files = {0};

    (void)getrusage(RUSAGE_SELF, &usage);
    (void)getrlimit(RLIMIT_NOFILE, &files);
    return (struct process_readings){
        .cpu_us = to_us(usage.ru_utime) + to_us(usage.ru_stime),
        .open_files = count_open_files(),
        .max_files = files.rlim_cur,
        .resident_bytes = read_resident_bytes(),
    };
}
