// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * scenario/schema_read — the walk over a YAML tree along the rows of a schema.
 *
 * Called by read.c with the rows of schema.c; contains no rule for a particular key. It continues
 * after a problem, so that all problems are found at once.
 */
#include "scenario/schema.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/nearest.h"
#include "base/text.h"

static const char *describe(const struct yaml_node *node)
{
    if (node->kind == YAML_MAPPING) {
        return "a mapping of keys";
    }
    if (node->kind == YAML_SEQUENCE) {
        return "a list";
    }
    return node->is_null ? "nothing" : "a single value";
}

static const struct schema_row *find_row(const struct schema_row *rows, const char *key)
{
    for (; rows->key != NULL; rows++) {
        if (text_equal(rows->key, key)) {
            return rows;
        }
    }
    return NULL;
}

static void report_unknown(const struct schema_row *rows, const struct yaml_node *node,
                           struct scenario_problems *problems)
{
    struct nearest nearest = {.word = node->key};
    for (const struct schema_row *row = rows; row->key != NULL; row++) {
        nearest_consider(&nearest, row->key);
    }
    if (nearest.best != NULL) {
        yaml_key_problem(
            node, problems,
            text_format("unknown key \"%.60s\"; did you mean \"%s\"?", node->key, nearest.best));
        return;
    }
    _cleanup_free_ char *known = text_copy(rows->key);
    for (rows++; rows->key != NULL; rows++) {
        text_append(&known, ", ", "%s", rows->key);
    }
    yaml_key_problem(node, problems,
                     text_format("unknown key \"%.60s\"; known here: %s", node->key, known));
}

// Reads the text of one scalar; false, with a problem added, if it is invalid.
static bool read_text(const struct schema_row *row, struct yaml_node *node, void *slot,
                      struct scenario_problems *problems)
{
    _cleanup_error_ struct error err = ERROR_INIT;
    if (node->kind != YAML_SCALAR || node->is_null) {
        yaml_problem(
            node, problems,
            text_format("%s: expected %s, not %s", row->key, row->type->name, describe(node)));
        return false;
    }
    if (row->type->parse(row, node->text, slot, &err) < 0) {
        yaml_problem(node, problems, text_format("%s: %s", row->key, err.text));
        return false;
    }
    return true;
}

// Allocates an array for the children of a list or mapping of names, up to the limit.
static char *new_array(const struct schema_row *row, const struct yaml_node *node, char *object,
                       struct scenario_problems *problems, size_t *ret_count)
{
    size_t count = node->child_count;
    if (count > row->limit) {
        count = row->limit;
        yaml_key_problem(node->children[count], problems,
                         text_format("%s: more than %zu", row->key, row->limit));
    }
    char *items = memory_new(count, row->size);
    memcpy(object + row->offset, &items, sizeof items);
    memcpy(object + row->count_offset, &count, sizeof count);
    *ret_count = count;
    return items;
}

static void read_list(const struct schema_row *row, struct yaml_node *node, char *object,
                      struct scenario_problems *problems)
{
    if (node->kind != YAML_SEQUENCE) {
        yaml_problem(
            node, problems,
            text_format("%s: expected a list, as in [a, b], not %s", row->key, describe(node)));
        return;
    }
    if (node->child_count == 0) {
        yaml_problem(node, problems,
                     text_format("%s: expected at least one in the list", row->key));
        return;
    }
    size_t count = 0;
    char *items = new_array(row, node, object, problems, &count);
    for (size_t i = 0; i < count; i++) {
        struct yaml_node *child = node->children[i];
        char *item = items + i * row->size;
        if (child->wrong || !read_text(row, child, item, problems)) {
            continue;
        }
        for (size_t k = 0; k < i; k++) {
            if (!node->children[k]->wrong && memcmp(items + k * row->size, item, row->size) == 0) {
                yaml_problem(child, problems,
                             text_format("%s: %.60s is listed twice", row->key, child->text));
                break;
            }
        }
    }
}

// A sequence of mappings.
static void read_rows(const struct schema_row *row, struct yaml_node *node, char *object,
                      struct scenario_problems *problems)
{
    if (node->kind != YAML_SEQUENCE || node->child_count == 0) {
        yaml_problem(node, problems,
                     text_format("%s: expected a list of mappings, as in [{ %s: … }], not %s",
                                 row->key, row->rows->key,
                                 node->kind == YAML_SEQUENCE ? "an empty list" : describe(node)));
        return;
    }
    size_t count = 0;
    char *items = new_array(row, node, object, problems, &count);
    for (size_t i = 0; i < count; i++) {
        struct yaml_node *child = node->children[i];
        if (child->wrong) {
            continue;
        }
        if (child->kind != YAML_MAPPING) {
            yaml_problem(
                child, problems,
                text_format("%s: expected a mapping of keys, not %s", row->key, describe(child)));
            continue;
        }
        schema_read(row->rows, child, items + i * row->size, problems);
    }
}

static void read_pairs(const struct schema_row *row, struct yaml_node *node, char *object,
                       struct scenario_problems *problems)
{
    if (node->kind != YAML_MAPPING || node->child_count == 0) {
        yaml_problem(node, problems,
                     text_format("%s: expected a mapping, as in { name: value }, not %s", row->key,
                                 node->kind == YAML_MAPPING ? "an empty one" : describe(node)));
        return;
    }
    size_t count = 0;
    char *items = new_array(row, node, object, problems, &count);
    for (size_t i = 0; i < count; i++) {
        char **pair = (char **)(void *)(items + i * row->size);
        pair[0] = text_copy(node->children[i]->key);
        if (!node->children[i]->wrong) {
            read_text(row, node->children[i], &pair[1], problems);
        }
    }
}

static void read_named(const struct schema_row *row, struct yaml_node *node, char *object,
                       struct scenario_problems *problems)
{
    const struct schema_row name_row = {
        .key = row->key, .type = &type_name, .limit = row->name_max};
    if (node->kind != YAML_MAPPING && !node->is_null) {
        yaml_problem(
            node, problems,
            text_format("%s: expected a mapping of names, not %s", row->key, describe(node)));
        return;
    }
    if (node->child_count == 0) {
        yaml_problem(node, problems, text_format("%s: expected at least one", row->key));
        return;
    }
    size_t count = 0;
    char *items = new_array(row, node, object, problems, &count);
    for (size_t i = 0; i < count; i++) {
        struct yaml_node *child = node->children[i];
        char *item = items + i * row->size;
        _cleanup_error_ struct error err = ERROR_INIT;
        if (child->wrong) {
            continue;
        }
        if (type_name.parse(&name_row, child->key, item, &err) < 0) {
            yaml_key_problem(child, problems, text_format("%s: %s", row->key, err.text));
        }
        schema_read(row->rows, child, item, problems);
    }
}

// Applies a row's fallback, which is always valid (a unit test reads a file without keys).
static void fall_back(const struct schema_row *row, char *object,
                      struct scenario_problems *problems)
{
    if (row->kind == SCHEMA_GROUP) {
        schema_read(row->rows, NULL, object + row->offset, problems);
    }
    if (row->fallback == NULL) {
        return;
    }
    if (row->kind == SCHEMA_VALUE) {
        row->type->parse(row, row->fallback, object + row->offset, NULL);
        return;
    }
    _cleanup_free_ char *copy = text_copy(row->fallback);
    char *items = memory_new(row->limit, row->size);
    char *rest = copy;
    size_t count = 0;
    for (char *word = NULL; count < row->limit && (word = strsep(&rest, ",")) != NULL; count++) {
        word += strspn(word, " ");
        row->type->parse(row, word, items + count * row->size, NULL);
    }
    memcpy(object + row->offset, &items, sizeof items);
    memcpy(object + row->count_offset, &count, sizeof count);
}

static void read_row(const struct schema_row *row, struct yaml_node *node, char *object,
                     struct scenario_problems *problems)
{
    switch (row->kind) {
    case SCHEMA_VALUE:
        read_text(row, node, object + row->offset, problems);
        break;
    case SCHEMA_LIST:
        read_list(row, node, object, problems);
        break;
    case SCHEMA_ROWS:
        read_rows(row, node, object, problems);
        break;
    case SCHEMA_GROUP:
        schema_read(row->rows, node, object + row->offset, problems);
        break;
    case SCHEMA_PAIRS:
        read_pairs(row, node, object, problems);
        break;
    case SCHEMA_NAMED:
        read_named(row, node, object, problems);
        break;
    }
}

void schema_read(const struct schema_row *rows, struct yaml_node *node, void *object,
                 struct scenario_problems *problems)
{
    if (node != NULL && node->kind != YAML_MAPPING && !node->is_null) {
        yaml_problem(node, problems,
                     text_format("%s: expected a mapping of keys, not %s",
                                 node->key == NULL ? "file" : node->key, describe(node)));
        node = NULL;
    }
    for (size_t i = 0; node != NULL && i < node->child_count; i++) {
        const struct yaml_node *child = node->children[i];
        if (!child->wrong && find_row(rows, child->key) == NULL) {
            report_unknown(rows, child, problems);
        }
    }
    for (; rows->key != NULL; rows++) {
        struct yaml_node *child = yaml_child(node, rows->key);
        if (child == NULL && rows->required && node != NULL) {
            yaml_key_problem(node, problems,
                             text_format("missing key \"%s\": %s", rows->key, rows->help));
        }
        if (child == NULL) {
            fall_back(rows, object, problems);
        } else if (!child->wrong) {
            read_row(rows, child, object, problems);
        }
    }
}
