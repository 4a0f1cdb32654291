// SPDX-License-Identifier: GPL-3.0-or-later
// scenario/change — see change.h. Called by cli/scenario_input.c and read.c.
#include "scenario/change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "scenario/problem.h"
#include "scenario/yaml.h"

#define FIRST_LINE 0x40000000U // of the first change; a file has at most YAML_FILE_MAX lines

static struct scenario_change *add_change(struct scenario_changes *changes, const char *option)
{
    changes->items = memory_resize(changes->items, changes->count + 1, sizeof *changes->items);
    struct scenario_change *change = &changes->items[changes->count++];
    *change = (struct scenario_change){.option = text_copy(option)};
    return change;
}

void scenario_change_add(struct scenario_changes *changes, const char *option, const char *path,
                         const char *value)
{
    struct scenario_change *change = add_change(changes, option);
    change->path = text_copy(path);
    change->value = text_copy(value);
}

void scenario_change_add_copies(struct scenario_changes *changes, const char *option,
                                unsigned copies)
{
    add_change(changes, option)->copies = copies;
}

void scenario_changes_clear(struct scenario_changes *changes)
{
    for (size_t i = 0; i < changes->count; i++) {
        free(changes->items[i].option);
        free(changes->items[i].path);
        free(changes->items[i].value);
    }
    free(changes->items);
    *changes = (struct scenario_changes){NULL, 0};
}

// ---- a key

static void mark_lines(struct yaml_node *node, unsigned line)
{
    node->line = line;
    node->key_line = line;
    node->column = 0;
    node->key_column = 0;
    for (size_t i = 0; i < node->child_count; i++) {
        mark_lines(node->children[i], line);
    }
}

// The child of the key with which the path starts, where a key may contain dots. `ret_rest` gets
// the path below it, NULL at its end.
static struct yaml_node *find_child(const struct yaml_node *node, const char *path,
                                    const char **ret_rest)
{
    struct yaml_node *found = NULL;
    size_t longest = 0;
    for (size_t i = 0; i < node->child_count; i++) {
        const char *key = node->children[i]->key;
        size_t length = strlen(key);
        bool starts = length > 0 && strncmp(path, key, length) == 0 &&
                      (path[length] == '.' || path[length] == '\0');
        if (starts && length > longest) {
            found = node->children[i];
            longest = length;
        }
    }
    if (found != NULL) {
        *ret_rest = path[longest] == '.' ? path + longest + 1 : NULL;
    }
    return found;
}

static struct yaml_node *add_child_named(struct yaml_node *node, const char *key, size_t length,
                                         unsigned line)
{
    struct yaml_node *child = memory_new(1, sizeof *child);
    *child = (struct yaml_node){.kind = YAML_SCALAR,
                                .is_null = true,
                                .key = text_copy_bytes(key, length),
                                .text = text_copy("")};
    mark_lines(child, line);
    yaml_add(node, child);
    return child;
}

static void add_problem(struct scenario_problems *problems, unsigned line, char *text)
{
    problem_add(problems, line, 0, text);
}

// The node at a path; keys that are missing are added. NULL, with a problem added, if the path goes
// through a value that is no mapping.
static struct yaml_node *open_path(struct yaml_node *node, const char *path, unsigned line,
                                   struct scenario_problems *problems)
{
    const char *rest = path;
    while (rest != NULL && *rest != '\0') {
        if (node->kind == YAML_SCALAR && node->is_null) {
            node->kind = YAML_MAPPING;
        }
        if (node->kind != YAML_MAPPING) {
            add_problem(problems, line,
                        text_format("%s has no keys: it is a %s",
                                    node->key == NULL ? "the file" : node->key,
                                    node->kind == YAML_SEQUENCE ? "list" : "single value"));
            return NULL;
        }
        const char *at = rest;
        struct yaml_node *child = find_child(node, at, &rest);
        if (child == NULL) {
            size_t length = strcspn(at, ".");
            child = add_child_named(node, at, length, line);
            rest = at[length] == '.' ? at + length + 1 : NULL;
        }
        node = child;
    }
    return node;
}

// Replaces the value of `node` by that of `value`, and keeps its key.
static void replace_value(struct yaml_node *node, struct yaml_node *value)
{
    struct yaml_node old = *node;
    char *key = value->key;
    *node = *value;
    node->key = old.key;
    *value = old;
    value->key = key;
}

static void apply_key(const struct scenario_change *change, unsigned line, struct yaml_node *root,
                      struct scenario_problems *problems)
{
    if (*change->path == '\0' || *change->value == '\0') {
        add_problem(problems, line, text_format("expected KEY=VALUE, as in traffic.duration=2s"));
        return;
    }
    _cleanup_yaml_ struct yaml_node *value = NULL;
    struct scenario_problems found = {NULL, 0};
    if (yaml_read(change->value, strlen(change->value), &value, &found) == 0 && found.count == 0) {
        mark_lines(value, line);
        struct yaml_node *node = open_path(root, change->path, line, problems);
        if (node != NULL) {
            replace_value(node, value);
        }
    }
    for (size_t i = 0; i < found.count; i++) {
        add_problem(problems, line, text_copy(found.items[i].text));
    }
    scenario_problems_clear(&found);
}

// ---- routers

// Keys of a network that only one network can have.
static const char *const own_keys[] = {"addresses", "behind", "vlan", "router"};

static struct yaml_node *copy_network(const struct yaml_node *like, const char *router,
                                      unsigned line)
{
    struct yaml_node *copy = memory_new(1, sizeof *copy);
    *copy = (struct yaml_node){.kind = YAML_MAPPING};
    struct yaml_node *named = add_child_named(copy, "router", strlen("router"), line);
    free(named->text);
    named->text = text_copy(router);
    named->is_null = false;
    for (size_t i = 0; i < like->child_count; i++) {
        bool own = false;
        for (size_t k = 0; k < sizeof own_keys / sizeof own_keys[0]; k++) {
            own = own || text_equal(like->children[i]->key, own_keys[k]);
        }
        if (!own) {
            yaml_add(copy, yaml_copy(like->children[i]));
        }
    }
    return copy;
}

static void name_node(struct yaml_node *node, char *name, unsigned line)
{
    free(node->key);
    node->key = name;
    mark_lines(node, line);
}

static void apply_copies(const struct scenario_change *change, unsigned line,
                         struct yaml_node *root, struct scenario_problems *problems)
{
    struct yaml_node *routers = yaml_child(root, "routers");
    struct yaml_node *networks = yaml_child(root, "networks");
    if (routers == NULL || networks == NULL || routers->kind != YAML_MAPPING ||
        networks->kind != YAML_MAPPING || routers->child_count == 0 || networks->child_count == 0) {
        add_problem(problems, line, text_format("requires a scenario with a router and a network"));
        return;
    }
    if (yaml_child(root, "links") != NULL || yaml_child(networks->children[0], "routers") != NULL) {
        add_problem(problems, line,
                    text_format("can't copy a network with links or with several routers; "
                                "write the routers to the file"));
        return;
    }
    struct yaml_node *new_routers = memory_new(1, sizeof *new_routers);
    struct yaml_node *new_networks = memory_new(1, sizeof *new_networks);
    *new_routers = (struct yaml_node){.kind = YAML_MAPPING};
    *new_networks = (struct yaml_node){.kind = YAML_MAPPING};
    for (unsigned i = 0; i < change->copies; i++) {
        _cleanup_free_ char *name = text_format("r%u", i + 1);
        struct yaml_node *router = yaml_copy(routers->children[0]);
        struct yaml_node *network = copy_network(networks->children[0], name, line);
        name_node(router, text_copy(name), line);
        name_node(network, text_format("NET%u", i), line);
        yaml_add(new_routers, router);
        yaml_add(new_networks, network);
    }
    mark_lines(new_routers, line);
    mark_lines(new_networks, line);
    replace_value(routers, new_routers);
    replace_value(networks, new_networks);
    yaml_free(new_routers);
    yaml_free(new_networks);
}

// ---- a router that no network passes

static bool names(const struct yaml_node *node, const char *router)
{
    if (node == NULL) {
        return false;
    }
    if (node->kind == YAML_SCALAR) {
        return text_equal(node->text, router);
    }
    for (size_t i = 0; i < node->child_count; i++) {
        const struct yaml_node *child = node->children[i];
        if (child->kind == YAML_SCALAR && text_equal(child->text, router)) {
            return true;
        }
    }
    return false;
}

static bool is_passed(const struct yaml_node *networks, const char *router)
{
    for (size_t i = 0; networks != NULL && i < networks->child_count; i++) {
        const struct yaml_node *network = networks->children[i];
        if (names(yaml_child(network, "router"), router) ||
            names(yaml_child(network, "routers"), router)) {
            return true;
        }
    }
    return false;
}

// The names of the routers that networks pass, ", " between them.
static char *passed_routers(const struct yaml_node *routers, const struct yaml_node *networks)
{
    char *list = text_copy("");
    for (size_t i = 0; i < routers->child_count; i++) {
        const char *name = routers->children[i]->key;
        if (name != NULL && is_passed(networks, name)) {
            char *longer = text_format("%s%s%s", list, *list == '\0' ? "" : ", ", name);
            free(list);
            list = longer;
        }
    }
    return list;
}

// A change that adds a router which no network passes has a misspelt name: without this problem, a
// cap would have no effect.
static void check_added_routers(const struct yaml_node *root, struct scenario_problems *problems)
{
    const struct yaml_node *routers = yaml_child(root, "routers");
    const struct yaml_node *networks = yaml_child(root, "networks");
    for (size_t i = 0; routers != NULL && i < routers->child_count; i++) {
        const struct yaml_node *router = routers->children[i];
        bool added = router->key != NULL && router->key_line >= FIRST_LINE;
        if (added && !is_passed(networks, router->key)) {
            _cleanup_free_ char *known = passed_routers(routers, networks);
            add_problem(problems, router->key_line,
                        text_format("no network passes a router \"%.60s\"; routers here: %s",
                                    router->key, *known == '\0' ? "none" : known));
        }
    }
}

// ---- all

void change_apply(const struct scenario_changes *changes, struct yaml_node *root,
                  struct scenario_problems *problems)
{
    for (size_t i = 0; changes != NULL && i < changes->count; i++) {
        const struct scenario_change *change = &changes->items[i];
        unsigned line = FIRST_LINE + (unsigned)i;
        if (change->path == NULL) {
            apply_copies(change, line, root, problems);
        } else {
            apply_key(change, line, root, problems);
        }
    }
    check_added_routers(root, problems);
}

void change_locate(const struct scenario_changes *changes, struct scenario_problems *problems)
{
    for (size_t i = 0; changes != NULL && i < problems->count; i++) {
        struct scenario_problem *problem = &problems->items[i];
        if (problem->line >= FIRST_LINE && problem->line - FIRST_LINE < changes->count) {
            const char *option = changes->items[problem->line - FIRST_LINE].option;
            free(problem->file);
            problem->file = text_printable(option);
            problem->line = 0;
            problem->column = 0;
        }
    }
}
