/* SPDX-License-Identifier: Apache-2.0 */

/* oneDNN writes its kernels at run time, into memory that it then runs. Hardened systems can forbid
 * a process that (systemd by MemoryDenyWriteExecute=, SELinux by execmem); oneDNN then only says
 * that it has no such product. */
#include "engine/gemm/gemm.h"

#include "engine/kernels/cpu.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { N = 64 };

static bool may_make_code(void)
{
    const size_t len_bytes = (size_t)sysconf(_SC_PAGESIZE);
    void *page = mmap(NULL, len_bytes, PROT_READ | PROT_WRITE | PROT_EXEC,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (page == MAP_FAILED)
        return false;
    munmap(page, len_bytes);
    return true;
}

static enum status multiply(struct error *error)
{
    static const float zeros[N * N];
    struct gemm *gemm = NULL;
    struct gemm_weights *packed = NULL;
    struct kernels kernels;
    enum status status;

    kernels_choose(&kernels, cpu_flags(CPU_MASK_ALL));
    status = gemm_open(&kernels, &gemm, error);
    if (!status)
        status = gemm_pack(gemm, GEMM_FLOAT32, zeros, N, N, &packed, error);
    gemm_weights_free(packed);
    gemm_close(gemm);
    return status;
}

enum status gemm_try(struct error *error)
{
    struct error found = {0};
    enum status status = multiply(&found);

    if (status == STATUS_INTERNAL && !may_make_code())
        return error_set(error, status,
                         "this sandbox forbids code made at run time, of which the matrix products "
                         "are: let the process have memory that is writable and executable "
                         "(systemd: MemoryDenyWriteExecute=no; SELinux: execmem)");
    return status ? error_set(error, status, "%s", found.text) : STATUS_OK;
}
