// SPDX-License-Identifier: GPL-3.0-or-later
// traffic/form_make — makes the forms of packets (form.h). Called by measure/ and by the engines.
#ifndef VRBENCH_TRAFFIC_FORM_MAKE_H
#define VRBENCH_TRAFFIC_FORM_MAKE_H

#include <stdbool.h>

#include "base/ip.h"
#include "traffic/form.h"

// The flows of a path: `count` flows whose source addresses, if these vary, are in the subnet of
// `source`, without the address of `router`. The first has the address of `source`.
struct form_flows form_flows_make(unsigned count, bool vary_addresses,
                                  const struct ip_interface *source,
                                  const struct ip_address *router);

struct traffic_path;
struct traffic_request;
// The form of a path's packets in a trial.
struct form form_make(const struct traffic_path *path, const struct traffic_request *request);
// The length of the longest IP packet.
unsigned form_longest(const struct form *form);
// Number of different lengths.
unsigned form_part_count(const struct form *form);

#endif
