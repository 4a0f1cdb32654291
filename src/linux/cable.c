// SPDX-License-Identifier: GPL-3.0-or-later
// linux/cable — see cable.h: chooses the way in which a cable impairs packets.
#include "linux/cable.h"

const char *cable_way_name(enum cable_way way)
{
    return way == CABLE_TC ? "tc" : "relay";
}

int cable_impair(const struct netns *ns, const struct cable_order *order, enum cable_way *ret,
                 struct error *err)
{
    const struct cable_order unimpaired = {
        .name = order->name, .in = order->in, .out = order->out, .held = -1, .mtu = order->mtu};
    bool by_tc = cable_tc(ns, order) == 0;
    int rc = cable_bpf(ns, by_tc ? &unimpaired : order, err);
    if (rc == 0) {
        *ret = by_tc ? CABLE_TC : CABLE_RELAY;
    }
    return rc;
}
