// SPDX-License-Identifier: GPL-3.0-or-later
// scenario/fit — see fit.h.
#include "scenario/fit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

// "NAME: WHAT is A in the testbed and B in the scenario"; NULL values are "none".
static char *say_differs(const char *name, const char *what, const char *a, const char *b)
{
    return text_format("%s: %s is %s in the testbed and %s in the scenario", name, what,
                       a == NULL ? "none" : a, b == NULL ? "none" : b);
}

static char *text_differs(const char *name, const char *what, const char *a, const char *b)
{
    return text_equal(a, b) ? NULL : say_differs(name, what, a, b);
}

// For contents of files, which are too long for a message.
static char *content_differs(const char *name, const char *what, const char *a, const char *b)
{
    return text_equal(a, b) ? NULL
                            : text_format("%s: %s differs from that of the testbed", name, what);
}

static char *number_differs(const char *name, const char *what, uint64_t a, uint64_t b)
{
    return a == b
               ? NULL
               : text_format("%s: %s is %" PRIu64 " in the testbed and %" PRIu64 " in the scenario",
                             name, what, a, b);
}

static char *address_text(const struct ip_interface *interface)
{
    char text[IP_TEXT_SIZE];
    return interface->prefix == 0
               ? text_copy("none")
               : text_format("%s/%u", ip_text(&interface->address, text), interface->prefix);
}

static char *address_differs(const char *name, const char *what, const struct ip_interface *a,
                             const struct ip_interface *b)
{
    _cleanup_free_ char *first = address_text(a);
    _cleanup_free_ char *second = address_text(b);
    return text_differs(name, what, first, second);
}

// ---- routers

static char *startup_differs(const char *name, const struct scenario_startup *a,
                             const struct scenario_startup *b)
{
    bool equal = a->sysctl_count == b->sysctl_count && a->command_count == b->command_count;
    for (size_t i = 0; equal && i < a->sysctl_count; i++) {
        equal = text_equal(a->sysctls[i].name, b->sysctls[i].name) &&
                text_equal(a->sysctls[i].value, b->sysctls[i].value);
    }
    for (size_t i = 0; equal && i < a->command_count; i++) {
        equal = text_equal(a->commands[i], b->commands[i]);
    }
    if (equal && a->file_count != b->file_count) {
        return text_format("%s: files differ from those of the testbed", name);
    }
    for (size_t i = 0; equal && i < a->file_count; i++) {
        if (!text_equal(a->files[i].path, b->files[i].path) ||
            !text_equal(a->files[i].text, b->files[i].text)) {
            return text_format("%s: files: %.100s differs from that of the testbed", name,
                               b->files[i].path);
        }
    }
    return equal ? content_differs(name, "the content of nft", a->nft_text, b->nft_text)
                 : text_format("%s: run or sysctl differ from those of the testbed", name);
}

static char *router_differs(const struct scenario_router *a, const struct scenario_router *b)
{
    char *why = NULL;
    _cleanup_free_ char *name = text_format("router %s", a->name);
    if (!text_equal(a->name, b->name)) {
        return text_format("the testbed has router %s where the scenario has router %s", a->name,
                           b->name);
    }
    if ((why = number_differs(name, "memory", a->memory_bytes, b->memory_bytes)) != NULL ||
        (why = text_differs(name, "image", a->image, b->image)) != NULL ||
        (why = text_differs(name, "cloud_init", a->setup.cloud_init, b->setup.cloud_init)) !=
            NULL ||
        (why = text_differs(name, "serial", a->setup.serial, b->setup.serial)) != NULL ||
        (why = text_differs(name, "daemon", routing_daemon_name(a->daemon),
                            routing_daemon_name(b->daemon))) != NULL ||
        (why = content_differs(name, "the content of config", a->config_text, b->config_text)) !=
            NULL) {
        return why;
    }
    return startup_differs(name, &a->startup, &b->startup);
}

// ---- networks and links

static char *path_text(const struct scenario *scenario, const struct scenario_network *network)
{
    char *text = text_copy("");
    for (size_t i = 0; i < network->router_count; i++) {
        text_append(&text, ", ", "%s", scenario->routers[network->routers[i]].name);
    }
    return text;
}

static char *nics_differ(const char *name, const struct scenario_network *a,
                         const struct scenario_network *b)
{
    char *why = NULL;
    if ((why = text_differs(name, "the interface of source", a->source_nic, b->source_nic)) !=
            NULL ||
        (why = text_differs(name, "the interface of ingress", a->ingress_nic, b->ingress_nic)) !=
            NULL ||
        (why = text_differs(name, "the interface of egress", a->egress_nic, b->egress_nic)) !=
            NULL) {
        return why;
    }
    return text_differs(name, "the interface of sink", a->sink_nic, b->sink_nic);
}

static char *network_differs(const struct scenario *standing, const struct scenario *wanted,
                             size_t number)
{
    const struct scenario_network *a = &standing->networks[number];
    const struct scenario_network *b = &wanted->networks[number];
    const struct {
        const char *what;
        const struct ip_interface *a, *b;
    } addresses[] = {
        {"source", &a->source, &b->source},
        {"ingress", &a->ingress, &b->ingress},
        {"egress", &a->egress, &b->egress},
        {"sink", &a->sink, &b->sink},
        {"the subnet behind source", &a->behind_source, &b->behind_source},
        {"the subnet behind sink", &a->behind_sink, &b->behind_sink},
    };
    char *why = NULL;
    _cleanup_free_ char *name = text_format("network %s", a->name);
    _cleanup_free_ char *first = path_text(standing, a);
    _cleanup_free_ char *second = path_text(wanted, b);
    if (!text_equal(a->name, b->name)) {
        return text_format("the testbed has network %s where the scenario has network %s", a->name,
                           b->name);
    }
    if ((why = text_differs(name, "its path", first, second)) != NULL ||
        (why = number_differs(name, "vlan", a->vlan, b->vlan)) != NULL ||
        (why = nics_differ(name, a, b)) != NULL) {
        return why;
    }
    if (a->directions != b->directions) {
        return text_format("%s: its directions differ from those of the testbed", name);
    }
    for (size_t i = 0; why == NULL && i < sizeof addresses / sizeof addresses[0]; i++) {
        why = address_differs(name, addresses[i].what, addresses[i].a, addresses[i].b);
    }
    return why;
}

static char *link_differs(const struct scenario *standing, const struct scenario *wanted,
                          size_t number)
{
    const struct scenario_link *a = &standing->links[number];
    const struct scenario_link *b = &wanted->links[number];
    char *why = NULL;
    _cleanup_free_ char *name =
        text_format("link of routers %s and %s", standing->routers[a->routers[0]].name,
                    standing->routers[a->routers[1]].name);
    if (a->routers[0] != b->routers[0] || a->routers[1] != b->routers[1]) {
        return text_format("%s: the scenario has another one in its place", name);
    }
    for (size_t end = 0; why == NULL && end < 2; end++) {
        why = address_differs(name, "an address", &a->ip4[end], &b->ip4[end]);
        why = why != NULL ? why : address_differs(name, "an address", &a->ip6[end], &b->ip6[end]);
    }
    return why;
}

static char *impairment_differs(const struct scenario_impairment *a,
                                const struct scenario_impairment *b)
{
    bool equal = text_equal(a->from, b->from) && text_equal(a->to, b->to) &&
                 text_equal(a->network, b->network) && a->directions == b->directions &&
                 a->what.loss == b->what.loss && a->what.rate_bps == b->what.rate_bps &&
                 a->what.queue_ns == b->what.queue_ns && a->what.delay_ns == b->what.delay_ns &&
                 a->what.jitter_ns == b->what.jitter_ns;
    return equal ? NULL
                 : text_format("cable from %s to %s: its impairment differs from that of the "
                               "testbed",
                               b->from, b->to);
}

char *scenario_misfit(const struct scenario *standing, const struct scenario *wanted)
{
    char *why = NULL;
    if ((why = text_differs("scenario", "platform", standing->platform, wanted->platform)) !=
            NULL ||
        (why = number_differs("host", "cpus", standing->host.cpus, wanted->host.cpus)) != NULL ||
        (why = number_differs("scenario", "the number of routers", standing->router_count,
                              wanted->router_count)) != NULL ||
        (why = number_differs("scenario", "the number of networks", standing->network_count,
                              wanted->network_count)) != NULL ||
        (why = number_differs("scenario", "the number of links between routers",
                              standing->link_count, wanted->link_count)) != NULL ||
        (why = number_differs("scenario", "the number of rows of impair",
                              standing->impairment_count, wanted->impairment_count)) != NULL) {
        return why;
    }
    for (size_t i = 0; why == NULL && i < standing->router_count; i++) {
        why = router_differs(&standing->routers[i], &wanted->routers[i]);
    }
    for (size_t i = 0; why == NULL && i < standing->network_count; i++) {
        why = network_differs(standing, wanted, i);
    }
    for (size_t i = 0; why == NULL && i < standing->link_count; i++) {
        why = link_differs(standing, wanted, i);
    }
    for (size_t i = 0; why == NULL && i < standing->impairment_count; i++) {
        why = impairment_differs(&standing->impairments[i], &wanted->impairments[i]);
    }
    return why;
}
