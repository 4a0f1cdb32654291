// SPDX-License-Identifier: GPL-3.0-or-later
// traffic/form_make — see form_make.h.
#include "traffic/form_make.h"

#include "traffic/engine.h"

// The last 4 bytes of an address in host order.
static uint32_t end_of_address(const struct ip_address *address)
{
    const uint8_t *end = address->bytes + ip_size(address->version) - 4;
    return (uint32_t)end[0] << 24 | (uint32_t)end[1] << 16 | (uint32_t)end[2] << 8 | end[3];
}

struct form_flows form_flows_make(unsigned count, bool vary_addresses,
                                  const struct ip_interface *source,
                                  const struct ip_address *router)
{
    struct form_flows flows = {.count = count, .vary_addresses = vary_addresses};
    if (!vary_addresses || source->prefix == 0) {
        return flows;
    }
    unsigned bits = (unsigned)ip_size(source->address.version) * 8 - source->prefix;
    uint32_t hosts = bits >= 32 ? UINT32_MAX : (1U << bits) - 1U;
    uint32_t own = end_of_address(&source->address);
    bool with_router = ip_agree(&source->address, router, bits >= 32 ? 96 : source->prefix);
    flows.subnet = own & ~hosts;
    flows.router = with_router ? end_of_address(router) & hosts : 0;
    // Neither the subnet's own address, nor the last, which is IPv4's for broadcasts.
    flows.usable = hosts - 1U - (flows.router != 0);
    uint32_t host = own & hosts;
    flows.start = host - 1U - (flows.router != 0 && host > flows.router);
    return flows;
}

struct form form_make(const struct traffic_path *path, const struct traffic_request *request)
{
    struct form form = {.flows = path->flows,
                        .port = FRAME_SOURCE_PORT(path->address.network),
                        .address = end_of_address(&path->address.source),
                        .vlan = path->address.vlan};
    if (request->lengths == NULL || path->ip_length > 0) {
        form.lengths.lengths[0] = traffic_ip_length(path, request);
        return form;
    }
    form.lengths = *request->lengths;
    for (unsigned i = 0; i < form_part_count(&form); i++) {
        form.lengths.lengths[i] += path->ip_extra;
    }
    return form;
}

unsigned form_part_count(const struct form *form)
{
    unsigned count = 1;
    for (unsigned i = 0; i < form->lengths.slot_count; i++) {
        unsigned part = form->lengths.slots[i];
        count = part + 1 > count ? part + 1 : count;
    }
    return count;
}

unsigned form_longest(const struct form *form)
{
    unsigned longest = 0;
    for (unsigned i = 0; i < form_part_count(form); i++) {
        unsigned length = form->lengths.lengths[i];
        longest = length > longest ? length : longest;
    }
    return longest;
}
