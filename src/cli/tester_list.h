// SPDX-License-Identifier: GPL-3.0-or-later
// cli/tester_list — what `vrbench doctor --tester` measured, as a table for people and as rows for
// programs. Called by cmd_doctor.c.
#ifndef VRBENCH_CLI_TESTER_LIST_H
#define VRBENCH_CLI_TESTER_LIST_H

#include <stdio.h>

#include "doctor/tester.h"

// A table with a row for each engine and load; the reasons of invalid trials below it.
int tester_write_table(const struct tester_report *report, FILE *out, bool colour,
                       struct error *err);
// An array of objects, one for each row; units are in the keys.
int tester_write_json(const struct tester_report *report, FILE *out, struct error *err);

#endif
