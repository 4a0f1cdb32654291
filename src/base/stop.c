// SPDX-License-Identifier: GPL-3.0-or-later
// base/stop — see stop.h.
#include "base/stop.h"

#include <signal.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"

static volatile sig_atomic_t requested;
static _Thread_local struct stop_flag *own;

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

void stop_flag_init(struct stop_flag *flag)
{
    flag->requested = false;
    flag->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

void stop_flag_raise(struct stop_flag *flag)
{
    const uint64_t one = 1;
    flag->requested = true;
    (void)!write(flag->fd, &one, sizeof one);
}

void stop_flag_clear(struct stop_flag *flag)
{
    if (flag->fd >= 0) {
        close(flag->fd);
        flag->fd = -1;
    }
}

void stop_use(struct stop_flag *flag)
{
    own = flag;
}

bool stop_requested(void)
{
    return requested != 0 || (own != NULL && own->requested);
}

int stop_sleep_until(uint64_t deadline_ns, struct error *err)
{
    while (clock_monotonic_ns() < deadline_ns) {
        (void)clock_sleep_until(deadline_ns);
        if (stop_requested()) {
            return fail_interrupted(err);
        }
    }
    return 0;
}
