// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * scenario/yaml — see yaml.h. Called by read.c for the tree; by schema and checks to walk it.
 *
 * libfyaml parses event by event, because its document tree would stop at the first duplicate key
 * and follow aliases. Its diagnostics are collected silently and converted to problems.
 */
#include "scenario/yaml.h"

#include <errno.h>
#include <libfyaml.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "base/utf8.h"
#include "scenario/problem.h"
#include "scenario/yaml_scan.h"

struct reader {
    struct fy_parser *parser;
    struct fy_diag *diag;
    const char *text; // the whole file
    size_t length;
    struct scenario_problems *problems;
    size_t node_count;
    unsigned depth;
    unsigned line, column; // end of the last event with a position
    bool gave_up;          // a limit was exceeded, and reported
};

static void cleanup_reader(struct reader *reader)
{
    fy_parser_destroy(reader->parser);
    fy_diag_destroy(reader->diag);
}

void yaml_free(struct yaml_node *node)
{
    if (node == NULL) {
        return;
    }
    for (size_t i = 0; i < node->child_count; i++) {
        yaml_free(node->children[i]);
    }
    free(node->children);
    free(node->key);
    free(node->text);
    free(node);
}

struct yaml_node *yaml_child(const struct yaml_node *node, const char *key)
{
    for (size_t i = 0; node != NULL && i < node->child_count; i++) {
        if (text_equal(node->children[i]->key, key)) {
            return node->children[i];
        }
    }
    return NULL;
}

struct yaml_node *yaml_path(const struct yaml_node *node, const char *path)
{
    _cleanup_free_ char *first = text_copy(path);
    char *dot = strchr(first, '.');
    if (dot == NULL) {
        return yaml_child(node, first);
    }
    *dot = '\0';
    return yaml_path(yaml_child(node, first), dot + 1);
}

struct yaml_node *yaml_sound(const struct yaml_node *node, const char *path)
{
    struct yaml_node *found = yaml_path(node, path);
    return found == NULL || found->wrong ? NULL : found;
}

void yaml_problem(struct yaml_node *node, struct scenario_problems *problems, char *text)
{
    node->wrong = true;
    problem_add(problems, node->line, node->column, text);
}

void yaml_key_problem(const struct yaml_node *node, struct scenario_problems *problems, char *text)
{
    bool keyed = node->key != NULL;
    problem_add(problems, keyed ? node->key_line : node->line,
                keyed ? node->key_column : node->column, text);
}

static void silence(struct fy_diag *diag, void *user, const char *text, size_t length)
{
    (void)diag;
    (void)user;
    (void)text;
    (void)length;
}

static struct fy_event *next_event(struct reader *reader)
{
    struct fy_event *event = fy_parser_parse(reader->parser);
    const struct fy_mark *end = event == NULL ? NULL : fy_event_end_mark(event);
    if (end != NULL) {
        reader->line = (unsigned)end->line + 1;
        reader->column = (unsigned)end->column + 1;
    }
    return event;
}

static struct yaml_node *new_node(struct reader *reader, struct fy_event *event)
{
    struct yaml_node *node = memory_new(1, sizeof *node);
    const struct fy_mark *start = fy_event_start_mark(event);
    node->line = start == NULL ? reader->line : (unsigned)start->line + 1;
    node->column = start == NULL ? reader->column : (unsigned)start->column + 1;
    if (event->type == FYET_SCALAR && node->column > 1) {
        enum fy_node_style style = fy_event_get_node_style(event);
        if (style == FYNS_SINGLE_QUOTED || style == FYNS_DOUBLE_QUOTED) {
            node->column--; // the mark is behind the opening quote
        }
    }
    return node;
}

static void refuse_decoration(struct reader *reader, struct fy_token *token, const char *what)
{
    if (token == NULL) {
        return;
    }
    const struct fy_mark *start = fy_token_start_mark(token);
    problem_add(reader->problems, start == NULL ? reader->line : (unsigned)start->line + 1,
                start == NULL ? reader->column : (unsigned)start->column + 1,
                text_format("%s are not supported; write the value itself", what));
}

// Copies a scalar's text straight from the file. libfyaml 0.7 leaks, and returns wrong bytes, for
// text that it must assemble from several pieces (its issue 233). No scenario value needs such
// text, so only text without escapes on one line is accepted.
static void fill_scalar(struct reader *reader, struct yaml_node *node, struct fy_token *token)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    const struct fy_mark *start = token == NULL ? NULL : fy_token_start_mark(token);
    const struct fy_mark *end = token == NULL ? NULL : fy_token_end_mark(token);
    enum fy_scalar_style style = token == NULL ? FYSS_PLAIN : fy_scalar_token_get_style(token);
    size_t length = 0;
    if (start != NULL && end != NULL && start->input_pos < end->input_pos &&
        end->input_pos <= reader->length) {
        length = end->input_pos - start->input_pos;
    }
    node->text = memory_new_array(char, length + 1);
    node->quote = style == FYSS_SINGLE_QUOTED ? '\'' : style == FYSS_DOUBLE_QUOTED ? '"' : '\0';
    if (length > 0) {
        memcpy(node->text, reader->text + start->input_pos, length);
    }
    bool escaped = (style == FYSS_SINGLE_QUOTED && strchr(node->text, '\'') != NULL) ||
                   (style == FYSS_DOUBLE_QUOTED && strchr(node->text, '\\') != NULL);
    if (style == FYSS_LITERAL || style == FYSS_FOLDED || strpbrk(node->text, "\r\n") != NULL) {
        yaml_problem(node, reader->problems, text_format("expected text on one line"));
    } else if (escaped) {
        yaml_problem(node, reader->problems,
                     text_format("expected text without escapes (%s)",
                                 style == FYSS_SINGLE_QUOTED ? "''" : "\\"));
    }
    for (size_t i = 0; style == FYSS_PLAIN && i < sizeof nulls / sizeof nulls[0]; i++) {
        node->is_null = node->is_null || text_equal(node->text, nulls[i]);
    }
}

void yaml_add(struct yaml_node *node, struct yaml_node *child)
{
    size_t count = node->child_count;
    if ((count & (count - 1)) == 0) {
        node->children =
            memory_resize(node->children, count == 0 ? 1 : 2 * count, sizeof(struct yaml_node *));
    }
    node->children[node->child_count++] = child;
}

// Moves the text of `key` to the key of `value`. The position of an absent value is that of its
// key: libfyaml has none before 0.8, and that of the colon from then on.
static void name_value(struct reader *reader, const struct yaml_node *mapping,
                       struct yaml_node *key, struct yaml_node *value)
{
    value->key_line = key->line;
    value->key_column = key->column;
    if (value->kind == YAML_SCALAR && value->text != NULL && value->text[0] == '\0' &&
        value->quote == '\0') {
        value->line = key->line;
        value->column = key->column;
    }
    value->wrong = value->wrong || key->wrong;
    value->key = key->text == NULL ? text_copy("") : steal_pointer(&key->text);
    if (key->wrong) {
        return;
    }
    const struct yaml_node *first = yaml_child(mapping, value->key);
    if (key->kind != YAML_SCALAR || value->key[0] == '\0') {
        yaml_key_problem(value, reader->problems, text_format("a key must be plain text"));
        value->wrong = true;
    } else if (text_equal(value->key, "<<")) {
        yaml_key_problem(value, reader->problems,
                         text_format("merge keys are not supported; write the keys out"));
        value->wrong = true;
    } else if (first != NULL) {
        yaml_key_problem(value, reader->problems,
                         text_format("duplicate key \"%.60s\", first given on line %u", value->key,
                                     first->key_line));
    }
}

static struct yaml_node *read_node(struct reader *reader, struct fy_event *event);

// Reads up to the end of the mapping or sequence; false if it has no end.
static bool read_children(struct reader *reader, struct yaml_node *node, enum fy_event_type end)
{
    for (;;) {
        _cleanup_yaml_ struct yaml_node *key = NULL;
        struct fy_event *event = next_event(reader);
        if (event != NULL && event->type == end) {
            fy_parser_event_free(reader->parser, event);
            return true;
        }
        if (node->kind == YAML_MAPPING) {
            key = read_node(reader, event);
            if (key == NULL) {
                return false;
            }
            event = next_event(reader);
        }
        struct yaml_node *child = read_node(reader, event);
        if (child == NULL) {
            return false;
        }
        if (key != NULL) {
            name_value(reader, node, key, child);
        }
        yaml_add(node, child);
    }
}

// Reads the node that starts with `event`, and frees the event; NULL if the node has no end.
static struct yaml_node *read_node(struct reader *reader, struct fy_event *event)
{
    if (event == NULL) {
        return NULL;
    }
    _cleanup_yaml_ struct yaml_node *node = new_node(reader, event);
    enum fy_event_type type = event->type;
    enum fy_event_type end = FYET_NONE;
    refuse_decoration(reader, fy_event_get_anchor_token(event), "anchors (&)");
    refuse_decoration(reader, fy_event_get_tag_token(event), "tags (!)");
    if (type == FYET_SCALAR) {
        fill_scalar(reader, node, event->scalar.value);
    } else if (type == FYET_ALIAS) {
        yaml_problem(node, reader->problems,
                     text_format("aliases (*) are not supported; write the value itself"));
    } else if (type == FYET_MAPPING_START) {
        node->kind = YAML_MAPPING;
        end = FYET_MAPPING_END;
    } else if (type == FYET_SEQUENCE_START) {
        node->kind = YAML_SEQUENCE;
        end = FYET_SEQUENCE_END;
    }
    fy_parser_event_free(reader->parser, event);
    if (++reader->node_count > YAML_NODES_MAX) {
        problem_add(reader->problems, node->line, node->column,
                    text_format("more than %d keys and values in one file", YAML_NODES_MAX));
        reader->gave_up = true;
        return NULL;
    }
    if (end == FYET_NONE) {
        return steal_pointer(&node);
    }
    if (reader->depth == YAML_DEPTH_MAX) {
        problem_add(reader->problems, node->line, node->column,
                    text_format("nested deeper than %d levels", YAML_DEPTH_MAX));
        reader->gave_up = true;
        return NULL;
    }
    reader->depth++;
    bool whole = read_children(reader, node, end);
    reader->depth--;
    return whole ? steal_pointer(&node) : NULL;
}

static struct yaml_node *read_stream(struct reader *reader)
{
    _cleanup_yaml_ struct yaml_node *root = NULL;
    unsigned documents = 0;
    for (;;) {
        struct fy_event *event = next_event(reader);
        if (event == NULL) {
            return reader->gave_up ? NULL : steal_pointer(&root);
        }
        enum fy_event_type type = event->type;
        if (type == FYET_DOCUMENT_START) {
            const struct fy_mark *start = fy_event_start_mark(event);
            if (++documents == 2) {
                problem_add(reader->problems,
                            start == NULL ? reader->line : (unsigned)start->line + 1,
                            start == NULL ? reader->column : (unsigned)start->column + 1,
                            text_format("a second document starts; expected one in a file"));
            }
        }
        bool is_node = type == FYET_MAPPING_START || type == FYET_SEQUENCE_START ||
                       type == FYET_SCALAR || type == FYET_ALIAS;
        if (is_node && root == NULL) {
            root = read_node(reader, event);
            if (root == NULL) {
                return NULL;
            }
            continue;
        }
        fy_parser_event_free(reader->parser, event);
        if (documents == 2) {
            return steal_pointer(&root);
        }
    }
}

// Converts libfyaml's diagnostics to problems. Returns whether there were any.
static bool report_syntax(struct reader *reader)
{
    if (reader->gave_up) {
        return true;
    }
    bool failed = fy_parser_get_stream_error(reader->parser);
    size_t before = reader->problems->count;
    void *position = NULL;
    struct fy_diag_error *error = NULL;
    while ((error = fy_diag_errors_iterate(reader->diag, &position)) != NULL) {
        problem_add(reader->problems, error->line > 0 ? (unsigned)error->line : reader->line,
                    error->column > 0 ? (unsigned)error->column : reader->column,
                    text_format("not YAML: %s", error->msg));
    }
    if (failed && reader->problems->count == before) {
        problem_add(reader->problems, reader->line, reader->column,
                    text_format("not YAML 1.2 from here on"));
    }
    return reader->problems->count > before;
}

int yaml_read(const char *text, size_t length, struct yaml_node **ret,
              struct scenario_problems *problems)
{
    if (length > YAML_FILE_MAX) {
        problem_add(problems, 0, 0,
                    text_format("larger than %d bytes, the limit of a scenario", YAML_FILE_MAX));
        return -EINVAL;
    }
    if (!yaml_scan(text, length, problems)) {
        return -EINVAL;
    }
    __attribute__((cleanup(cleanup_reader))) struct reader reader = {
        .text = text, .length = length, .problems = problems, .line = 1, .column = 1};
    struct fy_diag_cfg diag_config;
    fy_diag_cfg_default(&diag_config);
    diag_config.fp = NULL;
    diag_config.output_fn = silence;
    reader.diag = fy_diag_create(&diag_config);
    struct fy_parse_cfg config = {
        .flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE,
        .diag = reader.diag,
    };
    reader.parser = reader.diag == NULL ? NULL : fy_parser_create(&config);
    if (reader.parser == NULL || fy_parser_set_string(reader.parser, text, length) < 0) {
        problem_add(problems, 0, 0, text_format("could not set up libfyaml to read the file"));
        return -EINVAL;
    }
    fy_diag_set_collect_errors(reader.diag, true);
    _cleanup_yaml_ struct yaml_node *root = read_stream(&reader);
    if (report_syntax(&reader)) {
        return -EINVAL;
    }
    if (root == NULL || root->is_null) {
        problem_add(problems, 0, 0, text_format("empty: expected keys and values"));
        return -EINVAL;
    }
    *ret = steal_pointer(&root);
    return 0;
}

int yaml_read_file(const char *path, char **ret, size_t *ret_length, struct error *err)
{
    int rc = file_read(path, YAML_FILE_MAX, ret, ret_length, err);
    if (rc < 0 && err != NULL && rc != -EINTR) {
        err->exit_status = EXIT_INPUT;
    }
    return rc;
}

char *yaml_read_named(struct yaml_node *node, const char *path, size_t max, size_t *ret_length,
                      struct scenario_problems *problems)
{
    _cleanup_error_ struct error err = ERROR_INIT;
    _cleanup_free_ char *text = NULL;
    if (file_read(path, max, &text, ret_length, &err) < 0) {
        yaml_problem(node, problems, text_format("%s: %s", node->key, err.text));
    } else if (!utf8_is_text(text, *ret_length)) {
        yaml_problem(node, problems, text_format("%s: %s is not UTF-8 text", node->key, path));
    } else {
        return steal_pointer(&text);
    }
    return NULL;
}
