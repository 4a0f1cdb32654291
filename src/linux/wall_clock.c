// SPDX-License-Identifier: GPL-3.0-or-later
// linux/wall_clock — see wall_clock.h. Called by the traffic engines.
#include "linux/wall_clock.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"

#define TRIES    16
#define FINE_NS  200 // duration of reading three clocks without an interruption
#define FAR_AWAY ((time_t)INT64_MAX)

// Reads both clocks until a reading was uninterrupted, so that their difference is exact.
static void measure_offset(struct wall_clock *clock)
{
    clock->within_ns = INT64_MAX;
    for (int i = 0; i < TRIES && clock->within_ns > FINE_NS; i++) {
        int64_t before = (int64_t)clock_monotonic_ns();
        int64_t realtime = (int64_t)clock_realtime_ns();
        int64_t after = (int64_t)clock_monotonic_ns();
        if (after - before < clock->within_ns) {
            clock->within_ns = after - before;
            clock->offset_ns = realtime - before - (after - before) / 2;
        }
    }
}

int wall_clock_begin(struct wall_clock *ret, struct error *err)
{
    // A timer that never expires: only setting the clock makes it readable (timerfd_create(2)).
    const struct itimerspec never = {.it_value = {.tv_sec = FAR_AWAY}};
    struct wall_clock clock = {.fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK)};
    if (clock.fd < 0) {
        return fail(err, errno, "timerfd for settings of the clock");
    }
    if (timerfd_settime(clock.fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) < 0) {
        int rc = fail(err, errno, "timerfd for settings of the clock");
        close(clock.fd);
        return rc;
    }
    measure_offset(&clock);
    *ret = clock;
    return 0;
}

bool wall_clock_moved(const struct wall_clock *clock)
{
    uint64_t expirations = 0;
    if (read(clock->fd, &expirations, sizeof expirations) >= 0 || errno != EAGAIN) {
        return true;
    }
    struct wall_clock now = {.fd = -1};
    measure_offset(&now);
    int64_t by = now.offset_ns - clock->offset_ns;
    return (by < 0 ? -by : by) > clock->within_ns + now.within_ns;
}

uint64_t wall_clock_to_monotonic(const struct wall_clock *clock, uint64_t realtime_ns)
{
    return (uint64_t)((int64_t)realtime_ns - clock->offset_ns);
}

void wall_clock_end(struct wall_clock *clock)
{
    if (clock->fd >= 0) {
        close(clock->fd);
    }
    clock->fd = -1;
}
