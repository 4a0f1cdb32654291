// SPDX-License-Identifier: GPL-3.0-or-later
// base/stop — see stop.h.
#include "base/stop.h"

#include <signal.h>
#include <stddef.h>

#include "base/clock.h"

static volatile sig_atomic_t requested;

static void on_signal(int number)
{
    (void)number;
    requested = 1;
}

void stop_install(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

bool stop_requested(void)
{
    return requested != 0;
}

int stop_sleep_until(uint64_t deadline_ns, struct error *err)
{
    while (clock_monotonic_ns() < deadline_ns) {
        (void)clock_sleep_until(deadline_ns);
        if (requested != 0) {
            return fail_interrupted(err);
        }
    }
    return 0;
}
