// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * control/placement — when a router moves to another host: the rule for many hosts, each of which
 * has a controller of its own. Pure: no clock, no files, no testbed.
 *
 * CPU is percent of one CPU. A router's need is the CPU that the load within its contract takes;
 * its forecast is the need that Holt's linear smoothing (Holt 1957, reprinted in International
 * Journal of Forecasting 20(1), 2004) expects some seconds ahead. A host is short if the forecasts
 * of its routers together exceed what it has. docs/scale.md has the rule in words. Called by
 * control/fleet and by tests.
 */
#ifndef VRBENCH_CONTROL_PLACEMENT_H
#define VRBENCH_CONTROL_PLACEMENT_H

#include <stdbool.h>
#include <stddef.h>

struct placement_limits {
    double ahead_s;      // how far needs are forecast
    double full;         // part of a host's CPU above which its forecast makes it short
    double filled;       // part up to which moves fill a host; below `full`
    double patience_s;   // a host is short for this long before a router leaves it
    double rest_s;       // shortest time between two moves of one router
    double away_s;       // time in which a router does not go back to the host that it left
    unsigned per_minute; // most moves of all hosts in any 60 s
};
extern const struct placement_limits placement_limits_usual;

struct placement_move {
    size_t router, from, to;
    double need;          // forecast of the router
    double from_forecast; // of the host that it leaves, with the router
    double to_forecast;   // of the host that it joins, without the router
};

// What was not moved, at one look.
struct placement_blocked {
    unsigned hosts;   // short for as long as `patience_s`, without a move
    unsigned nowhere; // of these, no other host has room for any router that may move
    unsigned budget;  // of these, all moves of the last 60 s were used up
};

struct placement;
struct placement *placement_new(size_t hosts, size_t routers, double cpu,
                                const struct placement_limits *limits);
void placement_free(struct placement *placement); // NULL is fine
// Looks at all routers at a time that is later than that of the last look: `needs` are the highest
// since then, `most` those of the full rates of contracts, `places` the hosts of the routers (of a
// moving router, the host to which it moves), `busy` whether each router is moving. Fills `ret`
// with at most one move for each short host, and returns the number of moves; `ret` has a place for
// each host.
size_t placement_look(struct placement *placement, double at_s, const double *needs,
                      const double *most, const size_t *places, const bool *busy,
                      struct placement_move *ret, struct placement_blocked *ret_blocked);
// Why a router moves. The caller frees the text.
char *placement_reason(const struct placement *placement, const struct placement_move *move);

#endif
