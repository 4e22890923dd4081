/* SPDX-License-Identifier: Apache-2.0 */

/* A model's folder, or a tokenizer's, tried in this process: it is refused by a word on its file,
 * or it does its work on texts. */
#ifndef NESTD_TESTS_DAMAGE_SUBJECT_H
#define NESTD_TESTS_DAMAGE_SUBJECT_H

#include <stdbool.h>

/* Whether it was opened; then texts and pairs were tokenized and, where `encodes`, encoded, which
 * takes far longer than to read a folder. Aborts where that went wrong, or where a refusal names neither a file nor the folder. */
bool subject_try_model(const char *folder, bool encodes);
bool subject_try_tokenizer(const char *folder);

#endif
