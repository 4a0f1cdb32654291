// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * model/quota — a party whose cap is a quota: CPU time that it may use in each period, after which
 * it stands still until the next one begins. Internal to model/. The equations are in
 * docs/prediction.md.
 */
#ifndef VRBENCH_MODEL_QUOTA_H
#define VRBENCH_MODEL_QUOTA_H

#include <stddef.h>

struct quota_stream {
    double arriving; // packets/s
    double cost;     // seconds of CPU for each packet, if the party finds it in its queue
    double served;   // packets/s, filled in by quota_serve()
};

struct quota {
    double period;  // seconds
    double runtime; // seconds of CPU in each period
    double queue;   // packets of each stream that wait while the party stands still
    // Part of one CPU that the party uses without the quota, wake-ups included.
    double need;
};

void quota_serve(const struct quota *quota, struct quota_stream *streams, size_t count);

#endif
