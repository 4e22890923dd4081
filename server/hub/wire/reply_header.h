/* SPDX-License-Identifier: Apache-2.0 */

/* The lines of a reply's header, of which a few matter. Pure. */
#ifndef NESTD_SERVER_HUB_WIRE_REPLY_HEADER_H
#define NESTD_SERVER_HUB_WIRE_REPLY_HEADER_H

#include "server/hub/wire/client.h"

/* Takes a line, with what ends it; a status line begins *reply anew. */
void hub_reply_add_header(struct hub_reply *reply, const char *line, size_t len_bytes);

#endif
