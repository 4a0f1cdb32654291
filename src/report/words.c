// SPDX-License-Identifier: GPL-3.0-or-later
// report/words — see words.h. Called by charts.c, figures.c and page_data.c.
#include "report/words.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

const char *words_length_layer(const char *length_layer)
{
    if (text_equal(length_layer, "payload")) {
        return "byte payloads";
    }
    return text_equal(length_layer, "frame") ? "byte frames" : "byte packets";
}

// " (300 of 1,000 loads drawn)", or "" if all are.
static char *words_thinned(const struct sweep *sweep)
{
    char drawn[48];
    char all[48];
    text_group_digits((double)sweep->step_count, 0, drawn);
    text_group_digits((double)sweep->thinned_from, 0, all);
    return sweep->thinned_from == 0 ? text_copy("")
                                    : text_format(" (%s of %s loads drawn)", drawn, all);
}

char *words_length(const struct point *point)
{
    const char *unit = words_length_layer(point->length_layer);
    return point->mix == NULL
               ? text_format("%u-%s", point->length, unit)
               : text_format("%s, %u-%s in the mean", point->mix, point->length, unit);
}

char *words_sweep_title(const struct sweep *sweep)
{
    const struct point *point = sweep->first;
    _cleanup_free_ char *drawn = words_thinned(sweep);
    _cleanup_free_ char *length = words_length(point);
    return text_format("%s (%s, %s): %s, %s%s", point->scenario, point->platform, point->engine,
                       point->topology, length, drawn);
}

// A rate for a sentence, with three digits: a run is not more exact.
static void put_rate(double pps, char ret[48])
{
    double power = pps >= 1000 ? pow(10, floor(log10(pps)) - 2) : 1;
    text_group_digits(round(pps / power) * power, 0, ret);
}

// A rate that no valid load exceeded the loss of is a lower bound: "at least", with the reason.
static void put_rates(FILE *out, const struct summary *summary)
{
    const bool bound = summary->limit != RATE_SATURATED;
    const char *why = rate_limit_text(summary->limit);
    char no_loss[48];
    char most[48];
    put_rate(summary->max_pps, most);
    if (isnan(summary->no_loss_pps)) {
        fprintf(out, "every offered load lost packets; at %s %s packets/s were forwarded",
                bound ? "least" : "most", most);
    } else {
        put_rate(summary->no_loss_pps, no_loss);
        if (text_equal(no_loss, most)) {
            fprintf(out, "%s%s packets/s without loss%s", bound ? "at least " : "", no_loss,
                    bound ? "" : ", which is also the highest forwarding rate");
        } else {
            fprintf(out,
                    "%s packets/s without loss; the highest forwarding rate was %s%s packets/s",
                    no_loss, bound ? "at least " : "", most);
        }
    }
    if (bound) {
        fprintf(out, " (%s)", why);
    }
}

static void put_cpu(FILE *out, const struct summary *summary)
{
    if (isfinite(summary->host_percent) && isfinite(summary->routers_percent)) {
        char no_loss[48] = "that rate";
        bool several = !summary->adapts && isfinite(summary->no_loss_pps);
        if (several) {
            put_rate(summary->no_loss_pps, no_loss);
        }
        fprintf(out, " At %s%s the host used %.0f %% and the routers %.0f %% of one CPU", no_loss,
                several ? " packets/s" : "", summary->host_percent, summary->routers_percent);
        if (isfinite(summary->ns_per_packet)) {
            char ns[48];
            text_group_digits(summary->ns_per_packet, 0, ns);
            fprintf(out, ": together %s ns per packet", ns);
        }
        fputs(".", out);
    }
}

static void put_loss(FILE *out, const struct summary *summary)
{
    const double percent = summary->loss_at_top * 100;
    const char *load = summary->invalid_above > 0 ? "highest valid load" : "highest load";
    if (percent > 0) {
        fprintf(out, " At the %s %.*f %% of the packets were lost.", load,
                percent >= 10    ? 0
                : percent >= 0.1 ? 1
                                 : 4,
                percent);
    } else if (percent == 0) {
        fprintf(out, " No packet was lost at the %s.", load);
    }
    if (summary->invalid_above > 0) {
        fprintf(out, " %zu higher load%s invalid.", summary->invalid_above,
                summary->invalid_above == 1 ? " is" : "s are");
    }
}

char *words_summary(const struct summary *summary)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL) {
        return text_copy("");
    }
    bool any = isfinite(summary->adapts ? summary->goodput_bps : summary->max_pps);
    if (any && summary->adapts) {
        fprintf(out, "TCP delivered at most %.*f Mbit/s of payload, all networks together.",
                summary->goodput_bps < 1e8 ? 2 : 0, summary->goodput_bps / 1e6);
        put_cpu(out, summary);
    } else if (!any) {
        fprintf(out, "no result: %s.",
                summary->invalid > 0 ? "no point is valid" : "no packet was received");
    } else {
        put_rates(out, summary);
        fputs(".", out);
        put_cpu(out, summary);
        put_loss(out, summary);
    }
    if (summary->invalid > 0 && any) {
        char invalid[48];
        char points[48];
        text_group_digits((double)summary->invalid, 0, invalid);
        text_group_digits((double)summary->points, 0, points);
        fprintf(out, " %s of %s points %s invalid and excluded.", invalid, points,
                summary->invalid == 1 ? "is" : "are");
    }
    fclose(out);
    text[0] = (char)(text[0] >= 'a' && text[0] <= 'z' ? text[0] - 'a' + 'A' : text[0]);
    return text;
}

// "66,651", or from a million on "1,071k", so that a row fits into 80 columns.
static void put_short(double value, char ret[48])
{
    bool large = value >= 1e6;
    text_group_digits(large ? value / 1e3 : value, 0, ret);
    if (large) {
        size_t length = strlen(ret);
        memcpy(ret + length, "k", 2);
    }
}

char *words_bounds(double low, double high)
{
    bool from = isfinite(low) && low > 0;
    bool to = isfinite(high);
    char least[48];
    char most[48];
    put_short(low, least);
    put_short(high, most);
    if (!from && !to) {
        return NULL;
    }
    if (!to) {
        return text_format(">=%s", least); // no space, at which a line would be broken
    }
    return !from         ? text_format("<%s", most)
           : low == high ? text_copy(least)
                         : text_format("%s-%s", least, most);
}

// Describes the dedicated links of virtual machines.
static char *words_links(const struct platform_facts *facts)
{
    const char *why = facts->dedicated_why;
    const char *by = facts->pci_by == NULL ? "VFIO" : facts->pci_by;
    if (facts->dedicated == NULL) {
        return text_copy("");
    }
    if (text_equal(facts->dedicated, "pci")) {
        return text_format(" Dedicated NICs were assigned as PCI devices (by %s).", by);
    }
    return text_format(" Dedicated links were %s%s%s%s.",
                       text_equal(facts->dedicated, "macvtap")
                           ? "macvtaps"
                           : "assigned PCI devices (by VFIO) and macvtaps",
                       why == NULL ? "" : " (", why == NULL ? "" : why, why == NULL ? "" : ")");
}

char *words_platform(const struct platform_facts *facts)
{
    if (facts->kind == PLATFORM_NAMESPACES) {
        return text_copy("Routers were network namespaces of this machine's own kernel.");
    }
    _cleanup_free_ char *hypervisor =
        facts->hypervisor == NULL ? text_copy("") : text_format(" of %s", facts->hypervisor);
    _cleanup_free_ char *guest =
        facts->guest == NULL ? text_copy("") : text_format(" They ran %s.", facts->guest);
    const char *uri = facts->uri == NULL ? facts->name : facts->uri;
    _cleanup_free_ char *links = words_links(facts);
    if (facts->kind == PLATFORM_CONTAINERS) {
        return text_format("Routers were containers%s (%s).%s", hypervisor, uri, guest);
    }
    if (facts->host != NULL) {
        return text_format(
            "Routers were domains%s; the host was its %s%s.%s%s",
            facts->hypervisor == NULL ? " of Xen" : hypervisor, facts->host,
            facts->emulation_known ? "" : " (on a CPU of QEMU; whether it was emulated is unknown)",
            guest, links);
    }
    if (!facts->emulation_known) {
        return text_format(
            "Routers were machines%s (%s); whether they were emulated is unknown.%s%s", hypervisor,
            uri, guest, links);
    }
    return facts->emulated
               ? text_format("Routers were machines%s under emulation (TCG): packets/s and CPU "
                             "time per packet do not represent real hardware (%s).%s%s",
                             hypervisor, uri, guest, links)
               : text_format("Routers were machines%s with the CPU's own virtualisation (KVM; "
                             "%s).%s%s",
                             hypervisor, uri, guest, links);
}
