/* SPDX-License-Identifier: Apache-2.0 */

/* Memory for the small objects that oneDNN makes by operator new, and deletes again, in every
 * product: promise 6 is that a pass allocates nothing.
 *
 * The C++ standard lets a program put its own operators new and delete in the place of the
 * library's, for all that it is linked with. Ours are malloc and free, but for a thread that has
 * been lent a product memory: there a small object takes a slot of it. */
#ifndef NESTD_ENGINE_GEMM_PRODUCT_MEMORY_H
#define NESTD_ENGINE_GEMM_PRODUCT_MEMORY_H

#ifdef __cplusplus
extern "C" {
#endif

struct product_memory;

/* NULL when memory is short. */
struct product_memory *product_memory_new(void);

/* Lent to nobody. NULL too. Objects that still lie in it stay whole. */
void product_memory_free(struct product_memory *memory);

/* Lends it to the calling thread until product_memory_return, for one product. One thread at a
 * time has it, though any may delete what was made in it. */
void product_memory_lend(struct product_memory *memory);
void product_memory_return(void);

#ifdef __cplusplus
}
#endif

#endif
