/* SPDX-License-Identifier: Apache-2.0 */

/* The signals that nestd takes: SIGTERM and SIGINT to stop, SIGHUP to reload its files, for the
 * command serve and drain; and SIGBUS, for all. */
#ifndef NESTD_SERVER_PROCESS_SIGNALS_H
#define NESTD_SERVER_PROCESS_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

/* Blocks these signals in all threads that are made from here on, and returns the descriptor from
 * which they are read instead; -1 if that fails. SIGHUP only if there is something to reload, or a
 * service manager that asks for it: otherwise it ends the program, as when a terminal is closed. */
int signals_open(bool with_hangup);

enum wakeup {
    WAKEUP_STOP,   /* SIGTERM or SIGINT */
    WAKEUP_RELOAD, /* SIGHUP */
    WAKEUP_OTHER,  /* `other` can be read */
    WAKEUP_TIME,
};

/* Waits for a signal and takes it; also for `other`, unless it is -1; and no longer than
 * timeout_us, unless that is negative. */
enum wakeup signals_wait(int signals, int other, int64_t timeout_us);

/* Says what SIGBUS means before it ends the process, with EXIT_FAILURE: the weights are read where
 * their file is mapped, and a file that is cut short meanwhile has no pages there any more. */
void signals_explain_lost_file(void);

#endif
