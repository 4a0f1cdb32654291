// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * ration/share — arithmetic of dividing CPU: among the threads of a party that has a cap, and among
 * parties with weights. Pure functions; ration/ration feeds them and tells the kernel.
 *
 * Shares are fractions of one CPU. A thread that leaves some of its share unused gives it, one
 * that uses all of it gets of what is given; those that use all of theirs become equal. A thread
 * never has less than SHARE_FLOOR, so that it wakes, nor more than one CPU.
 */
#ifndef VRBENCH_RATION_SHARE_H
#define VRBENCH_RATION_SHARE_H

#include <stdbool.h>
#include <stddef.h>

#define SHARE_PERIOD_S 0.02 // in which the kernel gives a thread its share
#define SHARE_FLOOR    0.001
#define SHARES_MAX     64 // threads of one party

struct share {
    double share;  // of one CPU, now
    double used_s; // CPU time used since the last step, seconds
    bool waiting;  // it has something to do and used nothing: it is kept from running
    // The rest is the dividing's own memory; zero at first.
    double credit_s;  // time given and not used, at most a burst; negative: used ahead
    double use, held; // of one CPU, of late and before
    double eased_s;   // since it last came to the end of its time
    double quiet_s;   // since it last had anything to do
};

// Shares to begin with: `total` divided equally. Returns what was given, at most `total`.
double share_begin(struct share *threads, size_t count, double total);
// Brings the shares to another total, as they are to one another.
void share_scale(struct share *threads, size_t count, double total);
// One step, `passed_s` after the last. The shares sum to at most `total`, unless that is less than
// `count` floors. Returns whether somebody came to the end of its time of late: wanted more.
bool share_divide(struct share *threads, size_t count, double total, double passed_s);

// What to divide so that a party that wants more uses `total` in the mean: floors of idle threads,
// gaps in its load and what the hypervisor took are missed, and caught up on slowly; what was used
// ahead is saved. Between total and SHARE_CATCH_UP of it more or less. `missed_s` is the account, 0
// at first; nobody is owed what it did not want.
#define SHARE_CATCH_UP 0.02
double share_catch_up(double *missed_s, bool wanted, double total, double used_s, double passed_s);

// Divides `total` by weights: nobody gets more than it wants, what one leaves the others share.
void share_fill(double total, const double *wants, const double *weights, size_t count,
                double *ret);

#endif
