// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * scenario/yaml — YAML text as a plain tree whose nodes have their position in the file.
 *
 * Used within scenario/ only. It accepts the part of YAML that scenarios use: one document of
 * mappings with text keys, sequences and single-line scalars. Anchors, aliases, tags, merge keys,
 * directives, escapes and multi-line text are problems, and so are duplicate keys, excessive
 * nesting and excessive size. Time and memory are proportional to the size of the file.
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
    unsigned line, column; // from 1; position of the key if the value is absent
    char *key;             // key of this node if its parent is a mapping; else NULL
    unsigned key_line, key_column;
    char *text;   // of a scalar
    char quote;   // ' or " around it in the file; '\0' = none
    bool is_null; // an unquoted scalar that is empty, "~" or "null"
    bool wrong;   // a problem was reported for it: later checks skip it
    struct yaml_node **children;
    size_t child_count;
};

// Reads one document. Returns 0 and its tree, which the caller frees with yaml_free(); problems may
// have been added, and the tree can still be checked further. Returns -EINVAL, with a problem
// added, if there is no complete document.
int yaml_read(const char *text, size_t length, struct yaml_node **ret,
              struct scenario_problems *problems);
void yaml_free(struct yaml_node *node);

// Returns the (first) value of a key, or NULL. NULL too if `node` is NULL or not a mapping.
struct yaml_node *yaml_child(const struct yaml_node *node, const char *key);
// The same through several mappings: yaml_path(root, "traffic.rates.step").
struct yaml_node *yaml_path(const struct yaml_node *node, const char *path);
// The same if it exists and no problem was reported for it.
struct yaml_node *yaml_sound(const struct yaml_node *node, const char *path);
// Adds a problem at the node's value, takes ownership of `text`, and marks the node wrong.
void yaml_problem(struct yaml_node *node, struct scenario_problems *problems, char *text);
// The same at the node's key (at its value if it has no key), without the mark.
void yaml_key_problem(const struct yaml_node *node, struct scenario_problems *problems, char *text);

// Adds a child behind the others of a mapping or sequence, which owns it from now on.
void yaml_add(struct yaml_node *node, struct yaml_node *child);
// A copy of the node with everything below it. The caller frees it.
struct yaml_node *yaml_copy(const struct yaml_node *node);
// The text of a tree, which yaml_read() reads as the same tree, without comments. The caller frees
// it.
char *yaml_write(const struct yaml_node *root);

// Reads a file of at most YAML_FILE_MAX bytes, which the user named. The caller frees the text.
// Fails with exit status 2 unless it was interrupted.
int yaml_read_file(const char *path, char **ret, size_t *ret_length, struct error *err);
// Reads the file at `path`, which the node names, if it is UTF-8 text of at most `max` bytes. The
// caller frees the text. NULL, with a problem at the node, if it cannot be read.
char *yaml_read_named(struct yaml_node *node, const char *path, size_t max, size_t *ret_length,
                      struct scenario_problems *problems);

#define _cleanup_yaml_ __attribute__((cleanup(yaml_free_slot)))
static inline void yaml_free_slot(struct yaml_node **slot)
{
    yaml_free(*slot);
}

#endif
