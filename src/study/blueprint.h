// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * study/blueprint — the parameters in which the programme's scenarios differ, and their YAML.
 * Called by programme.c; reproduce.c reads the note.
 */
#ifndef VRBENCH_STUDY_BLUEPRINT_H
#define VRBENCH_STUDY_BLUEPRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "scenario/scenario.h"

#define BLUEPRINT_LOADS   9U
#define BLUEPRINT_LENGTHS 3U

// Routers are r1t3, r2t3, …, each with its own network NET0, NET1, … A weight or cap of 0 means the
// scenario's default.
struct blueprint {
    bool topologies[TOPOLOGY_COUNT];
    unsigned lengths[BLUEPRINT_LENGTHS]; // bytes of the IP packet
    size_t length_count;
    unsigned routers;
    // Offered loads, by the first of these that is set: packets/s for each network; loads to be
    // found; the study's rates; one bit rate for all lengths.
    double pps[BLUEPRINT_LOADS];
    size_t pps_count;
    unsigned automatic;
    bool study_rates;
    bool monitored; // method: monitored
    double bps;
    const char *duration; // of a trial: "250 ms"
    unsigned repeats;
    unsigned host_weight, host_cap;
    unsigned first_weight, first_cap; // of the first router
    unsigned last_weight;             // of the last router
    bool slow;                        // each router compares packets with many rules
    unsigned last_share; // load of the last network, as a multiple of the others'; 0 = 1
    char *note;          // how the loads were scaled, or NULL; owned
};

size_t blueprint_sweeps(const struct blueprint *blueprint); // topologies times lengths
size_t blueprint_points(const struct blueprint *blueprint);
// Writes the scenario as YAML; `what` is put into a comment.
void blueprint_write(const struct blueprint *blueprint, const char *name, const char *what,
                     const char *platform, FILE *out);
// How the loads of a scenario written by blueprint_write() were scaled, as a new text; NULL if its
// comments do not say.
char *blueprint_note(const char *yaml);

#endif
