// SPDX-License-Identifier: GPL-3.0-or-later
// scenario/mix — mixes of packet lengths: their text, parts, order and mean. scenario/ and its
// tests only.
#ifndef VRBENCH_SCENARIO_MIX_H
#define VRBENCH_SCENARIO_MIX_H

#include "scenario/scenario.h"

// Whether a text is meant to be a mix: "imix" or "7x64+4x570+1x1500".
bool mix_is_meant(const char *text);
// Reads the name and parts of a mix whose lengths are from `min` to `max`; imix has no parts yet.
int mix_parse(const char *text, unsigned min, unsigned max, struct length_mix *ret,
              struct error *err);
// Completes a mix that was read: sets the parts of imix, in bytes of `layer` for packets of the IP
// version `ip`, none of them too short for the headers and the stamp; and the order of the parts.
void mix_settle(struct length_mix *mix, enum length_layer layer, unsigned ip);
// The mean length of a mix, which has parts.
double mix_mean(const struct length_mix *mix);

#endif
