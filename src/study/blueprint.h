// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * study/blueprint — what varies between the scenarios of the programme, and their YAML. Called by
 * programme.c.
 */
#ifndef VRBENCH_STUDY_BLUEPRINT_H
#define VRBENCH_STUDY_BLUEPRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "scenario/scenario.h"

#define BLUEPRINT_LOADS   8U
#define BLUEPRINT_LENGTHS 3U

// Routers are r1t3, r2t3, …, each with a network of its own, NET0, NET1, … A weight or cap of 0 is
// left to the scenario's default.
struct blueprint {
    bool topologies[TOPOLOGY_COUNT];
    unsigned lengths[BLUEPRINT_LENGTHS]; // bytes of the IP packet
    size_t length_count;
    unsigned routers;
    // Offered loads, the first of these that is given: packets/s a network; loads to be found; the
    // study's rates; one bit rate for all lengths.
    double pps[BLUEPRINT_LOADS];
    size_t pps_count;
    unsigned automatic;
    bool study_rates;
    double bps;
    const char *duration; // "250 ms", of a trial
    unsigned repeats;
    unsigned host_weight, host_cap;
    unsigned first_weight, first_cap; // of the first router
    unsigned last_weight;             // of the last one
    char *note;                       // how it was scaled, or NULL; owned
};

size_t blueprint_sweeps(const struct blueprint *blueprint); // topologies times lengths
size_t blueprint_points(const struct blueprint *blueprint);
// Writes it as a scenario; `what` is said in a comment.
void blueprint_write(const struct blueprint *blueprint, const char *name, const char *what,
                     const char *platform, FILE *out);

#endif
