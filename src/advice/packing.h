// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * advice/packing — the decision behind a plan, without names: items (contracts) that go to hosts,
 * all alike, or are left out.
 *
 * A host is bridged or dedicated as a whole, since a testbed has one topology. The value of a
 * packing is a list of sums, one for each level of priority, compared from the first level on; an
 * aim decides between packings of equal value. Nothing here depends on time or chance: searches end
 * by counting their steps.
 *
 * solve.c is called by plan.c; improve.c, search.c and program.c by solve.c.
 */
#ifndef VRBENCH_ADVICE_PACKING_H
#define VRBENCH_ADVICE_PACKING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum pack_mode { PACK_BRIDGED, PACK_DEDICATED, PACK_MODES };

struct pack_item {
    bool allowed[PACK_MODES];
    double cpu[PACK_MODES];    // percent of one CPU, above 0
    double usable[PACK_MODES]; // part of a host's CPU that may be used where the item is, above 0
    double memory;             // MiB
    double value;
    size_t level; // 0 comes first
};

struct pack_problem {
    const struct pack_item *items;
    size_t count;
    size_t levels;
    size_t hosts;
    double cpu;               // of each host that may be used, percent of one CPU
    double whole;             // all CPU of each host, of which an item has a part usable; >= cpu
    size_t slots[PACK_MODES]; // largest number of items of a host
    double memory;            // of each host, MiB; 0 = unlimited
};

#define PACK_NOWHERE SIZE_MAX

struct pack_host {
    enum pack_mode mode; // of a host without items: what it is meant for
    size_t items;
    double cpu, memory; // sums of its items
    double usable;      // least of its items; 1 without items
    size_t strictest;   // number of its items with that part
};

struct packing {
    const struct pack_problem *problem;
    size_t *place; // host of each item, or PACK_NOWHERE
    struct pack_host *hosts;
};

// What decides between packings of equal value.
enum pack_aim {
    PACK_AIM_CPU,      // least CPU
    PACK_AIM_HOSTS,    // fewest hosts with items
    PACK_AIM_HEADROOM, // most CPU left on the host that has the least left, see packing_filled()
};

// Limits that no packing can pass.
struct pack_bound {
    double *levels; // largest value of each level, given the values of earlier levels
    double aim;     // smallest figure of the aim, given the values of all levels
};

struct packing *packing_new(const struct pack_problem *problem);
struct packing *packing_copy(const struct packing *packing);
void packing_free(struct packing *packing);
bool packing_fits(const struct packing *packing, size_t item, size_t host);
void packing_put(struct packing *packing, size_t item, size_t host);
void packing_take(struct packing *packing, size_t item);
// The fullest host into which an item fits, apart from `except`; PACK_NOWHERE if there is none.
size_t packing_best_fit(const struct packing *packing, size_t item, size_t except);
// Gives host h the mode dedicated if h < dedicated, else bridged. The packing must be empty.
void packing_set_modes(struct packing *packing, size_t dedicated);

// The CPU of a host that its items use or, by the strictest one, leave unused.
double packing_filled(const struct packing *packing, size_t host);
double packing_value(const struct packing *packing, size_t level);
double packing_aim(const struct packing *packing, enum pack_aim aim);
// Positive if `a` is better than `b`, negative if it is worse, 0 if they are equal.
int packing_compare(const struct packing *a, const struct packing *b, enum pack_aim aim);
// Items in the order in which they are placed: those of the first levels and of the highest value
// for their CPU first. The caller frees the array.
size_t *packing_order(const struct pack_problem *problem);
// The smallest CPU of an item in a mode that is allowed.
double pack_item_least(const struct pack_item *item);

// ---- improve.c: moves that make a packing better, until none is found or `steps` are used up

void packing_improve(struct packing *packing, size_t *steps);
// The same for the aim, without a change of the values.
void packing_improve_aim(struct packing *packing, enum pack_aim aim, size_t *steps);

// ---- program.c: the problem as a linear program

// What an integer program is solved for.
struct pack_program {
    const struct pack_problem *problem;
    bool whole;             // each host and item is a whole; else hosts are one pool and items may
                            // be divided, which gives a bound
    const double *at_least; // value that each of the first `fixed` levels must reach
    size_t fixed;           // == problem->levels: for the aim
    enum pack_aim aim;
};
struct pack_answer {
    bool solved;     // a packing was found
    double bound;    // limit of the figure
    double *parts;   // of each item and mode, the part that is placed: [item * PACK_MODES + mode]
    size_t *place;   // of a whole program: host of each item
    bool *dedicated; // of a whole program: mode of each host
    size_t dedicated_count;
};
int pack_program_solve(const struct pack_program *program, struct pack_answer *ret,
                       struct error *err);
void pack_answer_clear(struct pack_answer *answer);

// ---- solve.c

// The best packing found, and bounds. ret_bound->levels is a new array that the caller frees.
int pack_solve(const struct pack_problem *problem, enum pack_aim aim, struct packing **ret,
               struct pack_bound *ret_bound, struct error *err);

// Places all items, or returns NULL if no such packing was found.
struct packing *pack_all(const struct pack_problem *problem);
// Whether the bound of a program of one level allows that all items, each of value 1, are placed.
bool pack_may_hold_all(const struct pack_problem *problem);

#define _cleanup_packing_ __attribute__((cleanup(packing_free_slot)))
static inline void packing_free_slot(struct packing **slot)
{
    packing_free(*slot);
}

#endif
