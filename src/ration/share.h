// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * ration/share — arithmetic of dividing CPU: among the threads of a party with a cap, and among
 * parties with weights. Pure functions; ration/ration supplies the readings and writes the shares
 * to the kernel.
 *
 * Shares are fractions of one CPU. The unused part of a thread's share goes to threads that use all
 * of theirs; threads that use all of theirs converge to equal shares. A share is at least
 * SHARE_FLOOR, so that the thread can wake, and at most one CPU.
 */
#ifndef VRBENCH_RATION_SHARE_H
#define VRBENCH_RATION_SHARE_H

#include <stdbool.h>
#include <stddef.h>

#define SHARE_PERIOD_S 0.02 // period in which the kernel gives a thread its share
#define SHARE_FLOOR    0.001
#define SHARES_MAX     64 // largest number of threads of one party

struct share {
    double share;  // present share of one CPU
    double used_s; // CPU time in seconds since the last step
    bool waiting;  // has work and used no time: the kernel keeps it from running
    // The other members are the state of the algorithm; initially zero.
    double credit_s;  // time given and not used, at most a burst; negative: used in advance
    double use, held; // of one CPU, recent and earlier
    double eased_s;   // time since it last used up its share
    double quiet_s;   // time since it last had work
};

// Sets initial shares: `total` divided equally. Returns the sum, at most `total`.
double share_begin(struct share *threads, size_t count, double total);
// Scales the shares to another total.
void share_scale(struct share *threads, size_t count, double total);
// Makes one step, `passed_s` after the last one. The shares sum to at most `total`, unless that is
// less than `count` floors. Returns whether a thread used up its share recently, so that it wanted
// more.
bool share_divide(struct share *threads, size_t count, double total, double passed_s);

// The total to divide so that a party that wants more uses `total` in the mean. Floors of idle
// threads, gaps in the load and time taken by the hypervisor are caught up on slowly; time used in
// advance is saved. The result is within SHARE_CATCH_UP of `total`. `missed_s` is the account,
// initially 0; time that the party did not want is not booked.
#define SHARE_CATCH_UP 0.02
double share_catch_up(double *missed_s, bool wanted, double total, double used_s, double passed_s);

// Divides `total` by weights, at most `wants` for each party; what one party leaves is shared by
// the others.
void share_fill(double total, const double *wants, const double *weights, size_t count,
                double *ret);

#endif
