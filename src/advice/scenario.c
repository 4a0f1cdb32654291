// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * advice/scenario — the scenario of a plan's host, as YAML that `vrbench run` and `vrbench up` read
 * (advice.h).
 *
 * A scenario has one network at least that gets the offered load, and one mix of lengths at most.
 * So the first network has the offered load and the length of the traffic, and the others have
 * rates and lengths of their own. If several mixes are on the host, that of the first network with
 * a mix stays, and the others become their mean length.
 */
#include "advice/advice.h"

#include <math.h>

#include "base/text.h"

// The mix that the host's scenario has: that of the first contract with one; NULL = none.
static const struct length_mix *mix_of_host(const struct advice *advice, size_t host)
{
    for (size_t i = 0; i < advice->contracts->count; i++) {
        const struct advice_contract *item = &advice->items[i];
        if (item->part > 0.0 && item->host == host && item->contract->mix.part_count > 0) {
            return &item->contract->mix;
        }
    }
    return NULL;
}

static bool has_mix(const struct contract *contract, const struct length_mix *mix)
{
    return mix != NULL && text_equal(contract->mix.name, mix->name);
}

bool advice_simplifies_mixes(const struct advice *advice, size_t host)
{
    const struct length_mix *mix = mix_of_host(advice, host);
    for (size_t i = 0; i < advice->contracts->count; i++) {
        const struct advice_contract *item = &advice->items[i];
        if (item->part > 0.0 && item->host == host && item->contract->mix.part_count > 0 &&
            !has_mix(item->contract, mix)) {
            return true;
        }
    }
    return false;
}

static void write_router(const struct advice_contract *item, FILE *out)
{
    fprintf(out, "  r-%s: { weight: %u", item->contract->name, item->weight);
    if (item->cap > 0) {
        fprintf(out, ", cap: %u", item->cap);
    }
    if (item->contract->memory_bytes > 0) {
        fprintf(out, ", memory: %llu B", (unsigned long long)item->contract->memory_bytes);
    }
    fprintf(out, " }\n");
}

// `offered`: the network has the offered load. `mix` is that of the traffic.
static void write_network(const struct advice_contract *item, bool offered,
                          const struct length_mix *mix, FILE *out)
{
    const struct contract *contract = item->contract;
    fprintf(out, "  %s: { router: r-%s", contract->name, contract->name);
    if (!offered) {
        fprintf(out, ", rate: %.0f", fmax(1.0, item->pps));
    }
    if (!has_mix(contract, mix)) {
        fprintf(out, ", length: %u", contract->length);
    }
    fprintf(out, " }\n");
}

void advice_write_scenario(const struct advice *advice, size_t host, FILE *out)
{
    const struct contracts *contracts = advice->contracts;
    const struct advice_host *at = &advice->hosts[host];
    const struct length_mix *mix = mix_of_host(advice, host);
    fprintf(out,
            "# vrbench advise: host %zu of the plan of %s (goal %s).\n"
            "# It needs %.1f %% of a CPU of %u %%.\n",
            host + 1, contracts->name, contract_goal_name(advice->goal), at->percent.value,
            100 * contracts->host.cpus);
    if (advice_simplifies_mixes(advice, host)) {
        fprintf(out, "# Networks with another mix than %s have its mean length instead.\n",
                mix->name);
    }
    fprintf(out, "name: %s-%zu\nplatform: \"%s\"\ntopologies: [%s]\n", contracts->name, host + 1,
            contracts->platform, topology_name(at->topology));
    fprintf(out, "host: { cpus: %u, weight: %u }\nrouters:\n", contracts->host.cpus, at->weight);
    const struct advice_contract *first = NULL;
    for (size_t i = 0; i < contracts->count; i++) {
        const struct advice_contract *item = &advice->items[i];
        if (item->part > 0.0 && item->host == host) {
            write_router(item, out);
            first = first == NULL ? item : first;
        }
    }
    if (first == NULL) {
        return; // the host is not used
    }
    fprintf(out, "networks:\n");
    for (size_t i = 0; i < contracts->count; i++) {
        const struct advice_contract *item = &advice->items[i];
        if (item->part > 0.0 && item->host == host) {
            write_network(item, item == first, mix, out);
        }
    }
    fprintf(out, "traffic:\n");
    if (mix != NULL) {
        fprintf(out, "  lengths: [%s]\n", mix->name);
    } else {
        fprintf(out, "  lengths: [%u]\n", first->contract->length);
    }
    fprintf(out, "  rates: { pps: [%.0f] }\n  duration: 15 s\n", fmax(1.0, first->pps));
}
