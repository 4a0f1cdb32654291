// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/catalogue — the platforms that a scenario may name, built in or not: see
 * scenario/catalogue.h. Registered by every program that reads scenarios.
 */
#ifndef VRBENCH_MACHINE_CATALOGUE_H
#define VRBENCH_MACHINE_CATALOGUE_H

#include "scenario/catalogue.h"

extern const struct catalogue machine_catalogue;

#endif
