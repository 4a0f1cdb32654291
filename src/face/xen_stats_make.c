// SPDX-License-Identifier: GPL-3.0-or-later
// face/xen_stats_make — see xen_stats.h: makes domains of two samples. Called by `vrbench
// xen-stats`.
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "face/xen_stats.h"
#include "machine/catalogue.h"

#define KIB         1024U
#define PERCENT_MAX 9999999.9 // seven digits

static bool is_shown(const struct sample_party *party)
{
    return party->kind == PARTY_ROUTER && party->state == ROUTER_RUNNING;
}

static char *name_of(const struct sample *sample, const struct sample_party *party)
{
    bool alone = true;
    for (size_t i = 0; i < sample->count; i++) {
        const struct sample_party *other = &sample->parties[i];
        alone =
            alone && (other == party || !is_shown(other) || !text_equal(other->name, party->name));
    }
    return alone ? text_copy(party->name) : text_format("%s/%s", party->name, party->testbed_id);
}

static void fill(struct xen_domain *domain, uint64_t cpu_ns, uint64_t tx_bytes, uint64_t rx_bytes,
                 double percent)
{
    domain->cpu_seconds = cpu_ns / NS_PER_S;
    domain->tx_kib = tx_bytes / KIB;
    domain->rx_kib = rx_bytes / KIB;
    domain->cpu_percent = percent > PERCENT_MAX ? PERCENT_MAX : percent;
}

// All testbeds of a hypervisor that runs the host as a machine share that host.
static bool is_counted(const struct sample *sample, size_t number)
{
    for (size_t i = 0; i < number; i++) {
        if (sample->parties[i].kind == PARTY_HOST &&
            platform_runs_host(sample->parties[i].platform) &&
            text_equal(sample->parties[i].platform, sample->parties[number].platform)) {
            return true;
        }
    }
    return false;
}

void xen_stats_make(const struct sample *before, const struct sample *after, struct xen_stats *ret)
{
    struct xen_stats stats = {0};
    uint64_t cpu_ns = 0;
    uint64_t tx_bytes = 0;
    uint64_t rx_bytes = 0;
    double percent = 0.0;
    if (after->count > 0) {
        (void)xen_stats_add(&stats, XEN_STATS_HOST);
    }
    for (size_t i = 0; i < after->count; i++) {
        const struct sample_party *party = &after->parties[i];
        if (party->kind == PARTY_HOST) {
            bool counted = is_counted(after, i);
            cpu_ns += counted ? 0 : party->cpu_ns;
            tx_bytes += party->tx_bytes;
            rx_bytes += party->rx_bytes;
            percent += counted ? 0.0 : sample_percent(before, party);
        } else if (is_shown(party)) {
            _cleanup_free_ char *name = name_of(after, party);
            fill(xen_stats_add(&stats, name), party->cpu_ns, party->tx_bytes, party->rx_bytes,
                 sample_percent(before, party));
        }
    }
    if (after->count > 0) {
        fill(&stats.domains[0], cpu_ns, tx_bytes, rx_bytes, percent);
    }
    *ret = stats;
}

// Names of machines that vrbench did not make may contain any character.
static char *plain_name(const char *name)
{
    char *plain = text_copy(name);
    for (char *at = plain; *at != '\0'; at++) {
        *at = *at > ' ' && *at < 0x7f ? *at : '_';
    }
    return plain;
}

void xen_stats_of_top(const struct top *top, struct xen_stats *ret)
{
    struct xen_stats stats = {0};
    for (size_t i = 0; i < top->count; i++) {
        const struct top_machine *machine = &top->items[i];
        _cleanup_free_ char *name = plain_name(machine->name);
        if (machine->has_percent) {
            fill(xen_stats_add(&stats, name), machine->cpu_ns, machine->tx_bytes, machine->rx_bytes,
                 machine->percent);
        }
    }
    *ret = stats;
}
