// SPDX-License-Identifier: GPL-3.0-or-later
// doctor/built — the optional parts that this program was built without. Called by doctor.c.
#ifndef VRBENCH_DOCTOR_BUILT_H
#define VRBENCH_DOCTOR_BUILT_H

#include <stddef.h>

struct built_part {
    const char *name;     // as in `vrbench --version`
    const char *follows;  // what a program without it does not do
    const char *packages; // of Debian that a build requires for it
};

// The parts that are lacking, one for each number from 0 on; NULL = no more.
const struct built_part *built_without(size_t number);

#endif
