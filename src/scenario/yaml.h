// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * scenario/yaml — YAML text as a plain tree whose nodes know their place in the file.
 *
 * Used within scenario/ only. It takes the part of YAML that a scenario needs: one document of
 * mappings with text keys, sequences and scalars on one line. Anchors, aliases, tags, merge keys,
 * directives, escapes and text over several lines are problems, as are duplicate keys and nesting
 * or sizes that no scenario has: time and memory stay in proportion to the file.
 */
#ifndef VRBENCH_SCENARIO_YAML_H
#define VRBENCH_SCENARIO_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "scenario/scenario.h"

#define YAML_FILE_MAX  1048576 // bytes
#define YAML_DEPTH_MAX 16
#define YAML_NODES_MAX 32768

enum yaml_kind { YAML_SCALAR, YAML_MAPPING, YAML_SEQUENCE };

struct yaml_node {
    enum yaml_kind kind;
    unsigned line, column; // from 1; of the key where there is no value to point at
    char *key;             // in a mapping: its key; elsewhere NULL
    unsigned key_line, key_column;
    char *text;   // of a scalar
    bool is_null; // a scalar that is absent, "~" or "null", without quotes
    bool wrong;   // a problem with it was reported: don't look any closer
    struct yaml_node **children;
    size_t child_count;
};

// Reads one document. Returns 0 and its tree, to be freed with yaml_free(); the tree can be
// checked further though problems may have been added. Returns -EINVAL, with a problem added,
// if there is no whole document to look at.
int yaml_read(const char *text, size_t length, struct yaml_node **ret,
              struct scenario_problems *problems);
void yaml_free(struct yaml_node *node);

// The (first) value of a key, or NULL; NULL too if `node` is NULL or no mapping.
struct yaml_node *yaml_child(const struct yaml_node *node, const char *key);
// The same through several mappings: yaml_path(root, "traffic.rates.step").
struct yaml_node *yaml_path(const struct yaml_node *node, const char *path);
// Adds a problem at the node's value, taking over `text`, and marks the node wrong.
void yaml_problem(struct yaml_node *node, struct scenario_problems *problems, char *text);
// The same at the node's key (at its value if it has none), without marking it.
void yaml_key_problem(const struct yaml_node *node, struct scenario_problems *problems, char *text);

#define _cleanup_yaml_ __attribute__((cleanup(yaml_free_slot)))
static inline void yaml_free_slot(struct yaml_node **slot)
{
    yaml_free(*slot);
}

#endif
