// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/catalogue — the platforms that a scenario may name, whether built in or not: see
 * scenario/catalogue.h. Registered by every program that reads scenarios.
 */
#ifndef VRBENCH_MACHINE_CATALOGUE_H
#define VRBENCH_MACHINE_CATALOGUE_H

#include "result/platform_facts.h"
#include "scenario/catalogue.h"

extern const struct catalogue machine_catalogue;

// Fills in the facts of a platform that follow from its name in a scenario.
void platform_facts_of_name(const char *name, struct platform_facts *ret);
// Whether the platform's hypervisor runs the host itself, so that all its testbeds share one host.
// `name` may be NULL.
bool platform_runs_host(const char *name);

#endif
