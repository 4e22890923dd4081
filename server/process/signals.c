/* SPDX-License-Identifier: Apache-2.0 */

#include "server/process/signals.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

int signals_open(bool with_hangup)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    if (with_hangup)
        sigaddset(&set, SIGHUP);
    if (pthread_sigmask(SIG_BLOCK, &set, NULL))
        return -1;
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

enum wakeup signals_wait(int signals, int other, int64_t timeout_us)
{
    struct pollfd polled[] = {
        {.fd = signals, .events = POLLIN},
        {.fd = other, .events = POLLIN},
    };
    struct timespec timeout = {.tv_sec = timeout_us / 1000000,
                               .tv_nsec = timeout_us % 1000000 * 1000};
    struct signalfd_siginfo signal_;

    while (ppoll(polled, 2, timeout_us < 0 ? NULL : &timeout, NULL) < 0 && errno == EINTR)
        continue;
    if (read(signals, &signal_, sizeof signal_) == sizeof signal_)
        return signal_.ssi_signo == SIGHUP ? WAKEUP_RELOAD : WAKEUP_STOP;
    return polled[1].revents ? WAKEUP_OTHER : WAKEUP_TIME;
}

/* Only what a handler of signals may call. */
static void tell_lost_file(int number, siginfo_t *info, void *context)
{
    static const char text[] =
        "nestd: the model's weights are gone from where they were: their file was cut short, or it "
        "cannot be read any more (SIGBUS). Replace a model's files by renaming, not in place\n";

    (void)context;
    if (info->si_code == BUS_ADRERR && write(STDERR_FILENO, text, sizeof text - 1) > 0)
        _exit(EXIT_FAILURE);
    signal(number, SIG_DFL); /* something else, or nobody to tell: it comes again */
}

void signals_explain_lost_file(void)
{
    struct sigaction action = {.sa_sigaction = tell_lost_file, .sa_flags = SA_SIGINFO};

    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, NULL);
}
