// SPDX-License-Identifier: GPL-3.0-or-later
// search/cap — see cap.h.
#include "search/cap.h"

#include <math.h>
#include <stdlib.h>

#include "base/text.h"

#define CAP_WIDTH 0.01  // of a goal on the scale: two percentage points, so that one is a step
#define UNSENT    0.005 // part of the load that the tester may fail to send

struct cap_search {
    struct search search;
    struct load_scale scale;
    struct cap_spec spec;
    struct search_goal *goals; // on the scale
    struct search *inner;      // its networks are the routers of `used`
    size_t *used;              // routers that networks use
    size_t used_count;
    unsigned *caps; // of the present trial, by router
    bool unsent;    // the tester cannot send the load
};

static double cap_step(void)
{
    return -log1p(-CAP_WIDTH) / 2.0;
}

static double load_of_cap(unsigned most, double cap)
{
    return exp(((double)most - cap) * cap_step());
}

static unsigned cap_of_load(unsigned most, double load)
{
    double cap = round((double)most - log(load) / cap_step());
    return (unsigned)fmin(fmax(cap, 1.0), (double)most);
}

// CPU time a packet is taken as constant: the critical cap is to the cap as the load is to what was
// forwarded.
static double expect_critical_cap(const struct load_scale *scale, double load, double loss,
                                  double loss_ratio)
{
    const struct cap_search *caps =
        (const struct cap_search *)((const char *)scale - offsetof(struct cap_search, scale));
    double most = caps->spec.most_cap;
    double cap = most - log(load) / cap_step();
    return load_of_cap(caps->spec.most_cap, fmin(cap * (1.0 - loss_ratio) / (1.0 - loss), most));
}

static bool cap_next(struct search *search, struct load *ret)
{
    struct cap_search *caps = (struct cap_search *)search;
    if (caps->unsent || !search_next(caps->inner, ret)) {
        return false;
    }
    for (size_t i = 0; i < caps->used_count; i++) {
        caps->caps[caps->used[i]] = cap_of_load(caps->spec.most_cap, ret->each[i]);
    }
    ret->pps = caps->spec.pps;
    ret->each = NULL;
    ret->caps = caps->caps;
    return true;
}

static double loss_ratio_of(const struct network_outcome *outcome)
{
    return outcome->tx == 0 ? 1.0 : (double)outcome->lost / (double)outcome->tx;
}

// The outcome of a router is that of its worst network.
static struct network_outcome router_outcome(const struct cap_search *caps, size_t router,
                                             const struct outcome *outcome)
{
    struct network_outcome worst = {.tx = 0, .lost = 0};
    bool any = false;
    for (size_t n = 0; n < outcome->network_count && n < caps->spec.network_count; n++) {
        const struct network_outcome *one = &outcome->networks[n];
        if (caps->spec.routers[n] == router &&
            (!any || loss_ratio_of(one) > loss_ratio_of(&worst))) {
            worst = *one;
            any = true;
        }
    }
    return worst;
}

static void cap_tell(struct search *search, const struct load *load, const struct outcome *outcome)
{
    struct cap_search *caps = (struct cap_search *)search;
    double asked = (double)(outcome->tx + outcome->unsent);
    if (outcome->kind == OUTCOME_GOOD && asked > 0.0 && (double)outcome->unsent > UNSENT * asked) {
        caps->unsent = true;
        return;
    }
    struct network_outcome *routers = memory_new_array(struct network_outcome, caps->used_count);
    for (size_t i = 0; outcome->networks != NULL && i < caps->used_count; i++) {
        routers[i] = router_outcome(caps, caps->used[i], outcome);
    }
    struct outcome by_router = *outcome;
    by_router.networks = routers;
    by_router.network_count = caps->used_count;
    struct load inner = caps->inner->load;
    inner.duration_ns = load->duration_ns;
    (void)search_tell(caps->inner, &inner, &by_router);
    free(routers);
}

// ---- results

bool cap_search_has(const struct search *search, size_t router)
{
    const struct cap_search *caps = (const struct cap_search *)search;
    for (size_t i = 0; i < caps->used_count; i++) {
        if (caps->used[i] == router) {
            return true;
        }
    }
    return false;
}

struct cap_result cap_search_result(const struct search *search, size_t router, size_t goal)
{
    const struct cap_search *caps = (const struct cap_search *)search;
    struct cap_result ret = {.end = THROUGHPUT_NOT_CONVERGED};
    for (size_t i = 0; i < caps->used_count; i++) {
        if (caps->used[i] != router) {
            continue;
        }
        struct throughput_result result = throughput_result(caps->inner, i, goal);
        unsigned most = caps->spec.most_cap;
        ret.enough_cap = isnan(result.lower_pps) ? 0 : cap_of_load(most, result.lower_pps);
        ret.short_cap = isnan(result.upper_pps) ? 0 : cap_of_load(most, result.upper_pps);
        ret.end = result.end;
    }
    if (caps->unsent) {
        ret.end = THROUGHPUT_TESTER_LIMIT;
    }
    return ret;
}

const char *cap_end_text(enum throughput_end end)
{
    switch (end) {
    case THROUGHPUT_MAX_LOAD:
        return "smallest cap is enough";
    case THROUGHPUT_MIN_LOAD:
        return "largest cap loses packets";
    default:
        return throughput_end_text(end);
    }
}

const struct search *cap_search_trials(const struct search *search)
{
    return ((const struct cap_search *)search)->inner;
}

// ---- making

static void cap_free(struct search *search)
{
    struct cap_search *caps = (struct cap_search *)search;
    search_free(caps->inner);
    free(caps->goals);
    free(caps->used);
    free(caps->caps);
    free(caps);
}

static const struct search_ops cap_ops = {cap_next, cap_tell, cap_free};

static void list_used_routers(struct cap_search *caps)
{
    caps->used = memory_new_array(size_t, caps->spec.router_count);
    for (size_t router = 0; router < caps->spec.router_count; router++) {
        bool used = false;
        for (size_t n = 0; n < caps->spec.network_count; n++) {
            used = used || caps->spec.routers[n] == router;
        }
        if (used) {
            caps->used[caps->used_count++] = router;
        }
    }
}

struct search *cap_search_new(const struct cap_spec *spec)
{
    struct cap_search *caps = memory_new(1, sizeof *caps);
    *caps = (struct cap_search){
        .search = {.ops = &cap_ops},
        .scale = {.expect_critical = expect_critical_cap},
        .spec = *spec,
        .goals = memory_new_array(struct search_goal, spec->goal_count),
        .caps = memory_new_array(unsigned, spec->router_count),
    };
    list_used_routers(caps);
    for (size_t g = 0; g < spec->goal_count; g++) {
        caps->goals[g] = spec->goals[g];
        caps->goals[g].rule = RULE_SEQUENTIAL;
        caps->goals[g].width = CAP_WIDTH;
    }
    for (size_t r = 0; r < spec->router_count; r++) {
        caps->caps[r] = 0; // a router without a network keeps its cap
    }
    caps->scale.first_load = load_of_cap(spec->most_cap, round(spec->most_cap / 2.0));
    const struct throughput_spec inner = {.place = spec->place,
                                          .length = spec->length,
                                          .goals = caps->goals,
                                          .goal_count = spec->goal_count,
                                          .network_count = caps->used_count,
                                          .apart = true,
                                          .min_pps = 1.0,
                                          .max_pps = load_of_cap(spec->most_cap, 1.0),
                                          .scale = &caps->scale};
    caps->inner = throughput_new(&inner);
    return &caps->search;
}
