/* SPDX-License-Identifier: Apache-2.0 */

/* Small files that a person writes or puts in place: API keys, certificates. They may be pipes, as
 * secrets are sometimes handed over; the engine's file_read() takes a model's files, which are
 * regular and have their size before they are read. Any thread. */
#ifndef NESTD_SERVER_TEXT_READ_FILE_H
#define NESTD_SERVER_TEXT_READ_FILE_H

#include "engine/engine.h"
#include "server/text/buffer.h"

#include <stddef.h>

/* The whole file, which the caller releases. An error names the path and the reason; a file of more
 * than max_bytes is one. */
MUST_CHECK enum status read_file(const char *path, size_t max_bytes, struct buffer *ret_text,
                                 struct error *error);

#endif
