// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * control/reading — what a controller's set-up and readings consist of on a standing testbed: the
 * owner's description of it, the contracts file, and samples. Pure.
 */
#ifndef VRBENCH_CONTROL_READING_H
#define VRBENCH_CONTROL_READING_H

#include <jansson.h>

#include "control/control.h"
#include "sampler/sample.h"
#include "scenario/contracts.h"

// Where the packets of each flow are counted.
struct control_map;

// Makes the set-up of the described testbed (owner/topology.h) with the contracts: the network of a
// contract has its name. Fails with exit status 2 if no network has a contract, or the description
// is incomplete.
int control_map_make(const json_t *topology, const struct contracts *contracts,
                     struct control_map **ret, struct control_setup *ret_setup, struct error *err);
void control_map_free(struct control_map *map); // NULL is fine
// Names of contracts without a network in this testbed, separated by commas; NULL = none. The
// caller frees the text.
char *control_map_missing(const json_t *topology, const struct contracts *contracts);
// Fills a reading, made by control_reading_make(), from a sample of the testbed.
void control_map_read(const struct control_map *map, const struct control_setup *setup,
                      const struct sample *sample, struct control_reading *ret);

#endif
