// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/port — kinds of the host's end of a router's interface: which of its counters count lost
 * packets, and which party its CPU time is charged to. Used by testbed/ and measure/, which do not
 * compare platform names.
 */
#ifndef VRBENCH_MACHINE_PORT_H
#define VRBENCH_MACHINE_PORT_H

enum port_kind {
    PORT_NONE,    // the interface is not a port
    PORT_VETH,    // the peer owns the receive ring; it has NAPI, so a thread can do its work
    PORT_TAP,     // frames wait in the tap's queue until the machine reads them
    PORT_NETBACK, // netback counts every frame that the guest did not take in time as dropped, in
                  // either direction
};

#endif
