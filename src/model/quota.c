// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * model/quota — see quota.h.
 *
 * A period consists of three parts. First the party works off what has waited, and what arrives
 * meanwhile: it uses the CPU wholly, without wake-ups. Then it serves packets as they arrive, and
 * uses the CPU as it does without a quota. Once its runtime is used up it stands still. How long
 * that lasts depends on how many packets have waited, so it is a fixed point, which is found by
 * bisection: a longer standstill makes the first part longer, by less.
 */
#include "model/quota.h"

#include <math.h>

#define HALVINGS 60

// Packets of a stream that wait at the end of a standstill.
static double waiting(const struct quota *quota, const struct quota_stream *stream, double still)
{
    return fmin(stream->arriving * still, quota->queue);
}

// The time in which the party works off what waits after a standstill; at most its runtime.
static double first_part(const struct quota *quota, const struct quota_stream *streams,
                         size_t count, double still)
{
    double waits = 0.0;
    double load = 0.0;
    for (size_t i = 0; i < count; i++) {
        waits += waiting(quota, &streams[i], still) * streams[i].cost;
        load += streams[i].arriving * streams[i].cost;
    }
    return load < 1.0 ? fmin(waits / (1.0 - load), quota->runtime) : quota->runtime;
}

// The standstill that follows a standstill of `still`.
static double next_still(const struct quota *quota, const struct quota_stream *streams,
                         size_t count, double still)
{
    double first = first_part(quota, streams, count, still);
    double second = (quota->runtime - first) / quota->need;
    return fmax(quota->period - first - second, 0.0);
}

void quota_serve(const struct quota *quota, struct quota_stream *streams, size_t count)
{
    double low = 0.0;
    double high = quota->period;
    double load = 0.0;
    for (size_t i = 0; i < count; i++) {
        load += streams[i].arriving * streams[i].cost;
    }
    if (quota->need <= quota->runtime / quota->period) {
        high = 0.0;
    }
    for (unsigned i = 0; i < HALVINGS && high > low; i++) {
        double middle = (low + high) / 2.0;
        if (next_still(quota, streams, count, middle) > middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    // If the runtime does not suffice for what waits, the queues never empty.
    double most = first_part(quota, streams, count, high) < quota->runtime
                      ? 1.0
                      : quota->runtime / quota->period / load;
    for (size_t i = 0; i < count; i++) {
        double lost = fmax(streams[i].arriving * high - quota->queue, 0.0) / quota->period;
        streams[i].served = fmin(streams[i].arriving - lost, streams[i].arriving * fmin(most, 1.0));
    }
}
