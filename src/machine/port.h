// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/port — the host's end of a router's interface, by its kind: which of its counters count
 * lost packets, and whose CPU time its work is. Used by testbed/ and measure/ instead of a
 * platform's name.
 */
#ifndef VRBENCH_MACHINE_PORT_H
#define VRBENCH_MACHINE_PORT_H

enum port_kind {
    PORT_NONE,    // the interface is not a port
    PORT_VETH,    // the peer owns the receive ring; it has NAPI, and a thread can do its work
    PORT_TAP,     // frames wait in the tap's own queue until the machine takes them
    PORT_NETBACK, // netback counts every frame that the guest did not take in time as dropped, in
                  // whichever direction
};

#endif
