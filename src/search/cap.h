// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * search/cap — a search for the smallest cap of each router with which its loss stays within each
 * goal's loss ratio at a given load.
 *
 * All routers are searched at once, each with its own cap. The engine is that of throughput.h: a
 * cap is a load on a scale on which a smaller cap is a larger load, and two percentage points are a
 * goal's width. Goals must be sequential. Called by run/.
 */
#ifndef VRBENCH_SEARCH_CAP_H
#define VRBENCH_SEARCH_CAP_H

#include "search/throughput.h"

struct cap_spec {
    unsigned place, length;
    const struct search_goal *goals; // only their loss ratios and durations are used
    size_t goal_count;
    size_t router_count;
    const size_t *routers; // for each network its router; outlives the search
    size_t network_count;
    double pps;        // the load, for each network
    unsigned most_cap; // percent of one CPU
};

struct cap_result {
    // Percent of one CPU: with the larger cap the loss stays within the goal's loss ratio, with the
    // smaller one it does not. 0 = none found.
    unsigned short_cap, enough_cap;
    enum throughput_end end; // THROUGHPUT_MAX_LOAD: the least cap is enough; THROUGHPUT_MIN_LOAD:
                             // even the largest is not
};

struct search *cap_search_new(const struct cap_spec *spec);
struct cap_result cap_search_result(const struct search *search, size_t router, size_t goal);
// Whether any network uses a router; others have no result.
bool cap_search_has(const struct search *search, size_t router);
const char *cap_end_text(enum throughput_end end);
// The search whose trials and seconds count.
const struct search *cap_search_trials(const struct search *search);

#endif
