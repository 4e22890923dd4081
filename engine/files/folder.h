/* SPDX-License-Identifier: Apache-2.0 */

/* What a path given as a model turns out to be. People give a file, or a folder of models; each is
 * told what to give instead. Opens no file of the model. Any
 * thread. */
#ifndef NESTD_ENGINE_FILES_FOLDER_H
#define NESTD_ENGINE_FILES_FOLDER_H

#include "engine/base/status.h"

/* OK where `path` is a folder that can be read and holds a model: modules.json or config.json. Else
 * STATUS_INVALID or STATUS_IO, with one sentence that begins with the path. */
MUST_CHECK enum status folder_check(const char *path, struct error *error);

/* The first file in it by name with that ending: its name, for the caller to free, or NULL. */
char *folder_find(const char *path, const char *ending);

/* STATUS_INVALID, with the way out, where a model is stored as GGUF: `path` is the file, or its
 * folder, in which it has that name. */
MUST_CHECK enum status folder_refuse_gguf(const char *path, const char *name, struct error *error);

#endif
