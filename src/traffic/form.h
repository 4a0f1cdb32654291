// SPDX-License-Identifier: GPL-3.0-or-later OR GPL-2.0-only
/*
 * traffic/form — the form of each packet of a path: its length, UDP source port and source address
 * as functions of its sequence number alone, so that a sink can check them. Shared by the program
 * (form.c) and its BPF programs; no system header is included, so that the BPF compiler can read
 * this file.
 *
 * Lengths repeat in a fixed order of parts. Flows take turns packet by packet: packet n belongs to
 * flow n % flow_count, which is flow 0 with another source port or source address.
 */
#ifndef VRBENCH_TRAFFIC_FORM_H
#define VRBENCH_TRAFFIC_FORM_H

#include <stdint.h>

#define FORM_PARTS_MAX 16U    // different lengths; a power of two
#define FORM_SLOTS_MAX 256U   // packets until the order of lengths repeats; a power of two
#define FORM_FLOWS_MAX 32768U // of a path

// The lengths of the packets, one after another.
struct form_lengths {
    uint32_t slot_count;              // 0 = all packets have lengths[0]
    uint32_t lengths[FORM_PARTS_MAX]; // bytes of the IP packet
    uint8_t slots[FORM_SLOTS_MAX];    // indexes in `lengths`
};

// The addresses of flows: those of a subnet, as the last 4 bytes of an IP address in host order.
struct form_flows {
    uint32_t count;          // 0 or 1 = one flow
    uint32_t vary_addresses; // 0 = source ports
    uint32_t subnet;         // the bits that all addresses have
    uint32_t usable;         // number of its addresses that can be used, except the router's
    uint32_t start;          // which of them flow 0 has, from 0
    uint32_t router;         // number of the router's address in the subnet; 0 = it has none there
};

struct form {
    struct form_lengths lengths;
    struct form_flows flows;
    uint32_t port;    // source port of flow 0
    uint32_t address; // end of the source address of flow 0
    uint32_t vlan;    // VLAN identifier of the tag, 1–4094; 0 = no tag
};

// What is seen of the form of a packet.
struct form_seen {
    uint32_t ip_length;
    uint32_t port;    // source port
    uint32_t address; // the last 4 bytes of the source address, in host order
    uint32_t vlan;    // VLAN identifier of the tag; 0 = no tag
};

// Which of the lengths a packet has.
static inline uint32_t form_part(const struct form_lengths *lengths, uint64_t number)
{
    uint32_t count = lengths->slot_count;
    if (count < 2) {
        return 0;
    }
    uint32_t slot = (uint32_t)(number % count);
    return lengths->slots[slot & (FORM_SLOTS_MAX - 1U)] & (FORM_PARTS_MAX - 1U);
}

static inline uint32_t form_flow(const struct form_flows *flows, uint64_t number)
{
    uint32_t count = flows->count;
    return count < 2 ? 0 : (uint32_t)(number % count);
}

static inline uint32_t form_port(const struct form *form, uint32_t flow)
{
    return form->flows.vary_addresses ? form->port : form->port + flow;
}

static inline uint32_t form_address(const struct form *form, uint32_t flow)
{
    const struct form_flows *flows = &form->flows;
    if (!flows->vary_addresses || flow == 0) {
        return form->address;
    }
    // Sums may exceed 32 bits in the largest subnets only, and no flow is beyond them.
    uint64_t at = (uint64_t)flows->start + flow;
    uint32_t host = (uint32_t)(at >= flows->usable ? at - flows->usable : at) + 1U;
    return flows->subnet | (host + (flows->router != 0 && host >= flows->router));
}

// Whether all packets have the same length, source port and source address.
static inline int form_is_uniform(const struct form *form)
{
    return form->lengths.slot_count < 2 && form->flows.count < 2;
}

// Whether packet `number` should look as it was seen. Tags are always compared, ports and addresses
// if there are several flows, lengths if there are several.
static inline int form_matches(const struct form *form, uint64_t number,
                               const struct form_seen *seen)
{
    if (seen->vlan != form->vlan) {
        return 0;
    }
    if (form->lengths.slot_count > 1 &&
        seen->ip_length != form->lengths.lengths[form_part(&form->lengths, number)]) {
        return 0;
    }
    if (form->flows.count < 2) {
        return 1;
    }
    uint32_t flow = form_flow(&form->flows, number);
    return seen->port == form_port(form, flow) && seen->address == form_address(form, flow);
}

#endif
