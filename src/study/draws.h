// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * study/draws — parts of the blueprints of runs, and those of claims 9 to 12. Called by
 * programme.c, whose table names them.
 */
#ifndef VRBENCH_STUDY_DRAWS_H
#define VRBENCH_STUDY_DRAWS_H

#include <stddef.h>

#include "study/blueprint.h"
#include "study/scale.h"

// Sets loads: multiples of what is carried.
void set_loads(struct blueprint *blueprint, double carried, const double *factors, size_t count);
#define SET_LOADS(blueprint, carried, ...)                                                         \
    set_loads(blueprint, carried, (const double[]){__VA_ARGS__},                                   \
              sizeof((const double[]){__VA_ARGS__}) / sizeof(double))
// A blueprint of one topology and length, with the timing's trials and repeats.
struct blueprint one_length(const struct drawing *drawing, enum topology topology, unsigned length,
                            unsigned routers);
// Draws a run that is compared with another at the same loads: by `draw`, but with topologies,
// length and loads of the control as it was measured, which an earlier process may have drawn from
// other results.
int draw_like(const struct drawing *drawing, const char *control,
              int (*draw)(const struct drawing *drawing, struct blueprint *ret),
              struct blueprint *ret);
// Whether that control was measured at more than one load.
bool control_has_loads(const struct drawing *drawing, const char *control);
// At least 8 trials of each load, for loads in overload, at which a router changes between two
// forwarding rates: the interval of the median of 8 leaves out one trial that differs.
void repeat_overload(struct blueprint *blueprint);

// draws.c: the blueprints of rows of the programme. Negative, with exit status 3, if an earlier run
// did not find the capacity that they are scaled by.
int draw_monitoring(const struct drawing *drawing, struct blueprint *ret);
int draw_four_routers(const struct drawing *drawing, struct blueprint *ret);
int draw_slow_router(const struct drawing *drawing, struct blueprint *ret);
int draw_shares(const struct drawing *drawing, struct blueprint *ret);
int draw_shares_moved(const struct drawing *drawing, struct blueprint *ret);

#endif
