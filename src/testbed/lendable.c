// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/lendable — whether the interfaces that a scenario lends may be taken:
// testbed_check_links() of testbed.h.
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "linux/link.h"
#include "linux/uplink.h"
#include "testbed/testbed.h"

#define MASTERS_MAX 8U

// A lent interface, as in the scenario.
struct lent {
    const struct netns *home;
    const char *network, *end, *nic;
    int ssh; // interface of the caller's SSH session, 0 = unknown
};

// Whether the interface, or the bridge or bond that it belongs to, has a default route or is the
// SSH session's.
static bool is_uplink(const struct lent *lent, const struct link_info *info, bool ssh)
{
    int index = info->index;
    int master = info->master;
    for (unsigned i = 0; index != 0 && i < MASTERS_MAX; i++) {
        if (ssh ? index == lent->ssh : uplink_has_default_route(lent->home, index)) {
            return true;
        }
        index = master;
        master = index == 0 ? 0 : link_master_of(lent->home, index);
    }
    return false;
}

static int check_kind(const struct lent *lent, const struct link_info *info, struct error *err)
{
    char upper[16];
    if ((info->flags & IFF_LOOPBACK) != 0) {
        return fail_input(err, "it is the loopback interface, which can't be a link of a testbed");
    }
    if (text_equal(info->kind, "bridge")) {
        return fail_input(err, "it is a bridge, which can't leave its network namespace: name an "
                               "interface");
    }
    if (link_find_upper(lent->home, info->index, upper)) {
        return fail_input(err,
                          "interface %s is on top of it, and the kernel would delete that one: "
                          "remove %s, or name another interface",
                          upper, upper);
    }
    return 0;
}

static int check_lent(const struct lent *lent, bool even_default_route, struct error *err)
{
    static const char cure[] = "name another interface, or say --even-default-route";
    struct link_info info;
    int rc = link_find(lent->home, lent->nic, &info, NULL);
    if (rc < 0) {
        return fail_lacking(err, "this machine has no such interface (ip link shows what it has)");
    }
    rc = check_kind(lent, &info, err);
    if (rc < 0 || even_default_route) {
        return rc;
    }
    if (is_uplink(lent, &info, true)) {
        return fail_input(err, "your SSH session comes over it and would be cut off: %s", cure);
    }
    if (is_uplink(lent, &info, false)) {
        return fail_input(err, "this machine's default route leads over it: %s", cure);
    }
    return 0;
}

static int check_network(const struct scenario_network *network, struct lent lent,
                         bool even_default_route, struct error *err)
{
    const char *const nics[][2] = {{"source", network->source_nic},
                                   {"ingress", network->ingress_nic},
                                   {"egress", network->egress_nic},
                                   {"sink", network->sink_nic}};
    lent.network = network->name;
    for (size_t i = 0; i < sizeof nics / sizeof nics[0]; i++) {
        lent.end = nics[i][0];
        lent.nic = nics[i][1];
        int rc = lent.nic == NULL ? 0 : check_lent(&lent, even_default_route, err);
        if (rc < 0) {
            error_context(err, "links: %s: %s: %s", lent.network, lent.end, lent.nic);
            return rc;
        }
    }
    return 0;
}

static bool lends_any(const struct scenario *scenario)
{
    bool used = false;
    for (size_t i = 0; i < scenario->topology_count; i++) {
        used |= scenario->topologies[i] != TOPOLOGY_DIRECT;
    }
    return used && scenario_lends(scenario);
}

int testbed_check_links(const struct scenario *scenario, bool even_default_route, struct error *err)
{
    struct netns *home = NULL;
    if (!lends_any(scenario)) {
        return 0;
    }
    int rc = netns_open(NULL, &home, err);
    if (rc < 0) {
        return rc;
    }
    const struct lent lent = {.home = home, .ssh = uplink_of_ssh_session(home)};
    for (size_t i = 0; rc == 0 && i < scenario->network_count; i++) {
        rc = check_network(&scenario->networks[i], lent, even_default_route, err);
    }
    netns_close(home);
    return rc;
}
