// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * scenario/change — changes of a scenario by options of the command line (--length, --set …).
 *
 * They are applied to the tree of the file before it is read, so that ranges, units and
 * combinations are checked as if the file contained the values. A problem of a changed value is
 * reported with the option in place of line and column. The text of a changed scenario is its tree
 * as YAML, so that runs, records and resumed runs need nothing but this text.
 */
#ifndef VRBENCH_SCENARIO_CHANGE_H
#define VRBENCH_SCENARIO_CHANGE_H

#include <stddef.h>

#include "base/error.h"
#include "scenario/scenario.h"

struct yaml_node;

struct scenario_change {
    char *option;    // as the user wrote it: "--length 64"
    char *path;      // of a key: "traffic.lengths"; NULL = the number of routers
    char *value;     // YAML of the new value
    unsigned copies; // number of routers, each with a network of its own
};

struct scenario_changes {
    struct scenario_change *items;
    size_t count;
};

// Adds a change; copies the texts.
void scenario_change_add(struct scenario_changes *changes, const char *option, const char *path,
                         const char *value);
// Adds a change to `copies` routers like the first one.
void scenario_change_add_copies(struct scenario_changes *changes, const char *option,
                                unsigned copies);
void scenario_changes_clear(struct scenario_changes *changes);

// For read.c: applies the changes to a tree. Problems are added.
void change_apply(const struct scenario_changes *changes, struct yaml_node *root,
                  struct scenario_problems *problems);
// For read.c: replaces the line and column of problems in changed values by the option.
void change_locate(const struct scenario_changes *changes, struct scenario_problems *problems);

#define _cleanup_changes_ __attribute__((cleanup(scenario_changes_clear)))

#endif
