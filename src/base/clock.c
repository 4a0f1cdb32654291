// SPDX-License-Identifier: GPL-3.0-or-later
// base/clock — see clock.h.
#include "base/clock.h"

#include <errno.h>
#include <time.h>

static uint64_t read_clock(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

uint64_t clock_monotonic_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

uint64_t clock_realtime_ns(void)
{
    return read_clock(CLOCK_REALTIME);
}

int clock_sleep_until(uint64_t deadline_ns)
{
    struct timespec until = {.tv_sec = (time_t)(deadline_ns / NS_PER_S),
                             .tv_nsec = (long)(deadline_ns % NS_PER_S)};
    return -clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

void clock_sleep(uint64_t ns)
{
    uint64_t deadline = clock_monotonic_ns() + ns;
    while (clock_sleep_until(deadline) == -EINTR) {
    }
}

void clock_format_utc(uint64_t realtime_ns, char ret_text[32])
{
    time_t seconds = (time_t)(realtime_ns / NS_PER_S);
    struct tm parts;
    gmtime_r(&seconds, &parts);
    strftime(ret_text, 32, "%Y-%m-%dT%H:%M:%SZ", &parts);
}
