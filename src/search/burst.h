// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * search/burst — a search for the longest burst of back-to-back frames whose loss stays within each
 * goal's loss ratio (RFC 2544 section 26.4, RFC 9004).
 *
 * Each trial is one burst on every network. The engine is that of throughput.h: a load is the
 * number of frames of a burst. Goals must be sequential. Called by run/.
 */
#ifndef VRBENCH_SEARCH_BURST_H
#define VRBENCH_SEARCH_BURST_H

#include "search/throughput.h"

struct burst_spec {
    unsigned place, length;
    const struct search_goal *goals; // only their loss ratios are used
    size_t goal_count;
    size_t network_count;
    double pps; // rate within a burst, of each network
    // Measured throughput of each network, or 0: where the search expects the burst. NULL =
    // unknown.
    const double *throughput_pps;
};

struct burst_result {
    double carried, lost;    // frames; NaN = none
    enum throughput_end end; // THROUGHPUT_MAX_LOAD: a burst of two seconds is carried
};

struct search *burst_search_new(const struct burst_spec *spec);
struct burst_result burst_search_result(const struct search *search, size_t network, size_t goal);
const char *burst_end_text(enum throughput_end end);
// The search whose trials and seconds count.
const struct search *burst_search_trials(const struct search *search);

// The time of a device's buffer by RFC 9004: the time in which a burst arrives, less the part of it
// that the device forwards meanwhile. NaN if the throughput is unknown (NaN) or not below the rate.
double burst_buffer_s(double frames, double pps, double throughput_pps);

#endif
