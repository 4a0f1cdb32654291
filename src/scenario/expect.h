// SPDX-License-Identifier: GPL-3.0-or-later
// scenario/expect — expectations of a scenario: "throughput >= 300 kpps". Called by read.c, the
// tests and fuzzers.
#ifndef VRBENCH_SCENARIO_EXPECT_H
#define VRBENCH_SCENARIO_EXPECT_H

#include "scenario/yaml.h"

// Parses the text of an expectation; does not write `ret->text`. On failure, `ret_at` gets the
// offset in bytes of the word that is wrong.
int expect_parse(const char *text, struct expectation *ret, size_t *ret_at, struct error *err);
// Parses the texts of all expectations, and checks them against the rest of the scenario.
void expect_read(struct scenario *scenario, const struct yaml_node *root,
                 struct scenario_problems *problems);

#endif
