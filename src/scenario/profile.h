// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * scenario/profile — a load that changes in time: its phases or its file as knots of a piecewise
 * linear rate. scenario/ and its fuzzer only, but for rates in options of cli/; scenario.h has the
 * result.
 */
#ifndef VRBENCH_SCENARIO_PROFILE_H
#define VRBENCH_SCENARIO_PROFILE_H

#include "scenario/scenario.h"

#define PROFILE_KNOTS_MAX     20000
#define PROFILE_INTERVALS_MAX 10000
#define PROFILE_FILE_MAX      1048576 // bytes
#define PROFILE_RATE_MAX      100000000.0
#define PROFILE_SHORTEST_NS   10000000ULL
#define PROFILE_LONGEST_NS    3600000000000ULL

// Parses packets/s ("5000", also "0") or a bit rate ("5 Mbit/s").
int profile_parse_rate(const char *text, struct profile_rate *ret, struct error *err);

// Parses a file: each line has a time in seconds and a rate, separated by blanks, tabs or a comma;
// "#" begins a comment. Returns 0 and a new array, or -EINVAL with at least one problem.
int profile_parse(const char *text, size_t length, struct profile_knot **ret, size_t *ret_count,
                  struct scenario_problems *problems);

// Makes the knots of checked phases in a new array; the number is `ret_count`. NULL if they are
// more than PROFILE_KNOTS_MAX.
struct profile_knot *profile_of_phases(const struct profile_phase *phases, size_t count,
                                       size_t *ret_count);

struct yaml_node;
// Fills in the profile of a scenario that was read, and its duration: checks the phases, or reads
// the file. `folder` is the prefix of relative paths; NULL = the file is not read.
void profile_read(struct scenario_traffic *traffic, const struct yaml_node *root,
                  const char *folder, struct scenario_problems *problems);

#endif
