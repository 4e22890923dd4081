/* SPDX-License-Identifier: Apache-2.0 */

/* The signals that nestd takes: SIGTERM and SIGINT to stop, SIGHUP to read its files again. For
 * main and drain. */
#ifndef NESTD_SERVER_PROCESS_SIGNALS_H
#define NESTD_SERVER_PROCESS_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

/* Takes them from all threads that are made from here on; they are read from the descriptor that is
 * returned instead. SIGHUP only where there is something to read again: without, it ends the
 * program, as it does where a terminal is closed. -1 if that fails. */
int signals_open(bool with_hangup);

enum wakeup {
    WAKEUP_STOP,   /* SIGTERM or SIGINT */
    WAKEUP_RELOAD, /* SIGHUP */
    WAKEUP_OTHER,  /* `other` can be read */
    WAKEUP_TIME,
};

/* Waits for a signal, which is taken; for `other` unless it is -1; and for no longer than
 * timeout_us unless that is negative. */
enum wakeup signals_wait(int signals, int other, int64_t timeout_us);

#endif
