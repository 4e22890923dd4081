/* SPDX-License-Identifier: Apache-2.0 */

/* What the system around the process forbids (seccomp, systemd's SystemCallFilter=), found out before
 * it matters. Code made at run time is tried by the engine when it reads the model. For the command
 * serve. */
#ifndef NESTD_SERVER_PROCESS_SANDBOX_H
#define NESTD_SERVER_PROCESS_SANDBOX_H

#include <stdbool.h>

/* Tries, in a child process, the calls that a server can do without, and logs a line for each that is
 * refused: what is lost, and what allows it. False, after a line in the log, where a call is not
 * refused but ends the process: the server would end, too. While there is one thread. */
bool sandbox_try(void);

#endif
