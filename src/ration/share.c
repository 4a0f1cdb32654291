// SPDX-License-Identifier: GPL-3.0-or-later
// ration/share — see share.h. Called by ration/ration.
#include "ration/share.h"

#define SEE_S       0.04 // time constant of measuring the use, in seconds
#define HOLD_S      0.15 // time after which a lower use is taken as a lower need
#define GIVE_S      0.04 // time in which unneeded share moves to other threads
#define LEVEL_S     0.1  // time in which the shares of threads that use all of theirs converge
#define TIGHT       0.25 // fraction of a period's time left below which the share counts as used up
#define FULL        0.985 // fraction of its share used above which it counts as used up
#define EASED_S     0.03  // time since then after which it uses less than its share
#define QUIET_S     0.012 // idle time after which it needs nothing for now
#define HAND_OVER_S 0.01  // time in which the share of an idle thread moves to others
#define ROOM        1.03  // factor for variations of the use
#define DEBT_MOST_S 0.05
#define BURST_S     0.0002 // CPU time of a thread on its floor for a stray packet
#define FLOOR_PART  0.005  // fraction of the total
#define MISSED_MOST 0.01   // largest CPU time to catch up on, in seconds
#define CATCH_UP_S  0.5    // time constant of catching up

static double least(double a, double b)
{
    return a < b ? a : b;
}

static double most(double a, double b)
{
    return a > b ? a : b;
}

static double share_floor(double total)
{
    return most(SHARE_FLOOR, total * FLOOR_PART);
}

double share_begin(struct share *threads, size_t count, double total)
{
    double each = count == 0 ? 0.0 : least(1.0, most(share_floor(total), total / (double)count));
    for (size_t i = 0; i < count; i++) {
        threads[i] = (struct share){.share = each};
    }
    return each * (double)count;
}

void share_fill(double total, const double *wants, const double *weights, size_t count, double *ret)
{
    double left = total;
    for (size_t i = 0; i < count; i++) {
        ret[i] = -1.0;
    }
    // A party that wants no more than its part of the rest gets what it wants; repeated until there
    // is none.
    for (bool settled = true; settled;) {
        settled = false;
        double weight = 0.0;
        for (size_t i = 0; i < count; i++) {
            weight += ret[i] < 0.0 ? weights[i] : 0.0;
        }
        double level = weight > 0.0 ? left / weight : 0.0;
        for (size_t i = 0; i < count; i++) {
            if (ret[i] < 0.0 && wants[i] <= level * weights[i]) {
                ret[i] = wants[i];
                left -= wants[i];
                settled = true;
            }
        }
        if (!settled) {
            for (size_t i = 0; i < count; i++) {
                ret[i] = ret[i] < 0.0 ? level * weights[i] : ret[i];
            }
        }
    }
}

// The time that a thread may save: as in the kernel, slightly more than one period's.
static double burst_of(const struct share *thread)
{
    return 1.5 * SHARE_PERIOD_S * thread->share + BURST_S;
}

// Books the CPU time of a thread, and returns its need: a whole CPU if it used up its share
// recently, else its recent use.
static double need_of(struct share *thread, double passed_s, double floor)
{
    double period_s = SHARE_PERIOD_S * thread->share;
    thread->credit_s += thread->share * passed_s - thread->used_s;
    thread->credit_s = most(least(thread->credit_s, burst_of(thread)), -DEBT_MOST_S);
    double use = thread->used_s / passed_s;
    thread->use += (use - thread->use) * least(1.0, passed_s / SEE_S);
    thread->held += (thread->use - thread->held) * least(1.0, passed_s / HOLD_S);
    // Use under a larger share does not predict the use under this one.
    thread->held = least(most(thread->held, thread->use), thread->share);
    bool at_end = thread->waiting || thread->credit_s < TIGHT * period_s ||
                  thread->held > FULL * thread->share;
    bool idle = thread->used_s <= 0.0 && !thread->waiting;
    thread->quiet_s = idle ? thread->quiet_s + passed_s : 0.0;
    thread->eased_s = at_end ? 0.0 : thread->eased_s + passed_s;
    if (thread->quiet_s > QUIET_S) {
        return floor;
    }
    return thread->eased_s < EASED_S ? 1.0 : most(floor, least(1.0, ROOM * thread->held));
}

// A thread that suddenly has work has run for a tick on almost no share. It must get a real share
// before its period ends, or the kernel makes it pay the debt off at the old rate. Returns the
// share it requires, 0 if it is not urgent.
static double urgent_share(const struct share *thread, double target)
{
    bool in_debt = thread->credit_s < -SHARE_PERIOD_S * thread->share;
    return (in_debt || thread->waiting) && thread->share < 0.5 * target ? target : 0.0;
}

void share_scale(struct share *threads, size_t count, double total)
{
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) {
        sum += threads[i].share;
    }
    double factor = sum > 0.0 ? total / sum : 0.0;
    for (size_t i = 0; i < count; i++) {
        threads[i].share = least(1.0, threads[i].share * factor);
    }
}

// Gives urgent threads their share at once, taken from the others in proportion to their shares.
static bool serve_urgent(struct share *threads, size_t count, double total, const double *urgent)
{
    double urgent_sum = 0.0;
    double other_sum = 0.0;
    for (size_t i = 0; i < count; i++) {
        urgent_sum += urgent[i];
        other_sum += urgent[i] > 0.0 ? 0.0 : threads[i].share;
    }
    if (urgent_sum <= 0.0) {
        return false;
    }
    double factor = other_sum > 0.0 ? most(0.0, total - urgent_sum) / other_sum : 0.0;
    for (size_t i = 0; i < count; i++) {
        threads[i].share = urgent[i] > 0.0 ? urgent[i] : least(1.0, threads[i].share * factor);
    }
    return true;
}

bool share_divide(struct share *threads, size_t count, double total, double passed_s)
{
    double needs[SHARES_MAX];
    double targets[SHARES_MAX];
    double urgent[SHARES_MAX];
    double ones[SHARES_MAX];
    if (count == 0 || count > SHARES_MAX || passed_s <= 0.0) {
        return false;
    }
    bool giving = false;
    bool leaving = false;
    bool wanting = false;
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) {
        needs[i] = need_of(&threads[i], passed_s, share_floor(total));
        giving = giving || needs[i] < 1.0;
        leaving = leaving || (threads[i].quiet_s > QUIET_S && threads[i].share > 2.0 * needs[i]);
        wanting = wanting || needs[i] >= 1.0;
        ones[i] = 1.0;
    }
    share_scale(threads, count, total); // the total may have changed, and floors add up
    share_fill(total, needs, ones, count, targets);
    for (size_t i = 0; i < count; i++) {
        sum += targets[i];
    }
    for (size_t i = 0; i < count; i++) {
        // The surplus is distributed, most of it to the threads with the largest need.
        targets[i] = least(1.0, targets[i] * most(1.0, total / sum));
        urgent[i] = urgent_share(&threads[i], targets[i]);
    }
    // While no thread wants more, the shares stay: they fit when the load returns.
    if (!serve_urgent(threads, count, total, urgent) && wanting) {
        double in_s = leaving ? HAND_OVER_S : giving ? GIVE_S : LEVEL_S;
        double part = least(1.0, passed_s / in_s);
        for (size_t i = 0; i < count; i++) {
            threads[i].share += part * (targets[i] - threads[i].share);
        }
    }
    for (size_t i = 0; i < count; i++) {
        // A smaller share has a smaller burst; the excess is not time left unused.
        threads[i].credit_s = least(threads[i].credit_s, burst_of(&threads[i]));
    }
    return wanting;
}

double share_catch_up(double *missed_s, bool wanted, double total, double used_s, double passed_s)
{
    double missed = *missed_s + total * passed_s - used_s;
    *missed_s = most(-MISSED_MOST, least(missed, wanted ? MISSED_MOST : 0.0));
    double limit = SHARE_CATCH_UP * total;
    return total + most(-limit, least(*missed_s / CATCH_UP_S, limit));
}
