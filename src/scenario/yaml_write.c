// SPDX-License-Identifier: GPL-3.0-or-later
// scenario/yaml_write — copies a tree, and writes it as text in block style, in which every scalar
// may stand as it was written. Called by change.c.
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "scenario/yaml.h"

#define INDENT 2

struct yaml_node *yaml_copy(const struct yaml_node *node)
{
    struct yaml_node *copy = memory_new(1, sizeof *copy);
    *copy = *node;
    copy->key = node->key == NULL ? NULL : text_copy(node->key);
    copy->text = node->text == NULL ? NULL : text_copy(node->text);
    copy->children = NULL;
    copy->child_count = 0;
    for (size_t i = 0; i < node->child_count; i++) {
        yaml_add(copy, yaml_copy(node->children[i]));
    }
    return copy;
}

// A key is quoted if it contains more than letters, digits, "_", "." and "-".
static void write_key(const char *key, FILE *out)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
    bool simple = strchr(plain, key[0]) != NULL && key[strspn(key, plain)] == '\0';
    if (!simple && key[0] != '-' && strspn(key, ".-") == 0) {
        const char *rest = key;
        while (*rest != '\0' && (strchr(plain, *rest) != NULL || strchr(".-", *rest) != NULL)) {
            rest++;
        }
        simple = *rest == '\0';
    }
    const char *quote = simple ? "" : strchr(key, '\'') == NULL ? "'" : "\"";
    fprintf(out, "%s%s%s:", quote, key, quote);
}

static void write_children(const struct yaml_node *node, int indent, FILE *out);

// Writes the value behind "key:" or "-", and ends the line.
static void write_value(const struct yaml_node *node, int indent, FILE *out)
{
    const char quote[2] = {node->quote, '\0'};
    if (node->kind == YAML_SCALAR) {
        bool absent = node->text == NULL || (node->quote == '\0' && node->text[0] == '\0');
        fprintf(out, "%s%s%s%s\n", absent ? "" : " ", quote, absent ? "" : node->text, quote);
    } else if (node->child_count == 0) {
        fprintf(out, " %s\n", node->kind == YAML_MAPPING ? "{}" : "[]");
    } else {
        fputc('\n', out);
        write_children(node, indent, out);
    }
}

static void write_children(const struct yaml_node *node, int indent, FILE *out)
{
    for (size_t i = 0; i < node->child_count; i++) {
        const struct yaml_node *child = node->children[i];
        fprintf(out, "%*s", indent, "");
        if (node->kind == YAML_MAPPING) {
            write_key(child->key, out);
        } else {
            fputc('-', out);
        }
        write_value(child, indent + INDENT, out);
    }
}

char *yaml_write(const struct yaml_node *root)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL) {
        return text_copy("");
    }
    if (root->kind == YAML_SCALAR || root->child_count == 0) {
        write_value(root, 0, out);
    } else {
        write_children(root, 0, out);
    }
    fclose(out);
    return text;
}
