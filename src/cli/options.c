// SPDX-License-Identifier: GPL-3.0-or-later
// cli/options — see options.h. Called by every command.
#include "cli/options.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/nearest.h"
#include "base/screen.h"
#include "base/text.h"
#include "base/units.h"

void text_list_add(struct text_list *list, const char *text)
{
    list->items = memory_resize(list->items, list->count + 1, sizeof *list->items);
    list->items[list->count++] = text;
}

void text_list_clear(struct text_list *list)
{
    free(list->items);
    *list = (struct text_list){0};
}

static const struct option_row *row_named(const struct option_row *rows, const char *name,
                                          size_t length)
{
    for (const struct option_row *row = rows; row->name != NULL; row++) {
        if (strlen(row->name) == length && strncmp(row->name, name, length) == 0) {
            return row;
        }
    }
    return NULL;
}

static const struct option_row *row_lettered(const struct option_row *rows, char letter)
{
    for (const struct option_row *row = rows; row->name != NULL; row++) {
        if (row->letter != '\0' && row->letter == letter) {
            return row;
        }
    }
    return NULL;
}

// Fails unless the value is one of the row's words.
static int check_words(const struct option_row *row, const char *value, struct error *err)
{
    if (row->words == NULL) {
        return 0;
    }
    _cleanup_free_ char *words = text_copy(row->words);
    _cleanup_free_ char *known = text_copy("");
    struct nearest nearest = {.word = value};
    char *rest = NULL;
    for (char *word = strtok_r(words, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest)) {
        if (text_equal(word, value)) {
            return 0;
        }
        nearest_consider(&nearest, word);
        text_append(&known, ", ", "%s", word);
    }
    _cleanup_free_ char *question = nearest_question(&nearest);
    return fail_input(err, "--%s: expected %s%s, not \"%.60s\"%s", row->name,
                      strchr(known, ',') == NULL ? "" : "one of ", known, value, question);
}

static int store(const struct option_row *row, const char *value, void *values, struct error *err)
{
    void *slot = (char *)values + row->offset;
    int rc = 0;
    switch (row->type) {
    case OPTION_FLAG:
        *(bool *)slot = true;
        break;
    case OPTION_COUNT:
        (*(unsigned *)slot)++;
        break;
    case OPTION_TEXT:
        if ((rc = check_words(row, value, err)) < 0) {
            return rc;
        }
        *(const char **)slot = value;
        break;
    case OPTION_TEXT_LIST:
        if ((rc = check_words(row, value, err)) < 0) {
            return rc;
        }
        text_list_add(slot, value);
        break;
    case OPTION_INTEGER:
        rc = parse_integer(value, row->min, row->max, slot, err);
        break;
    }
    if (rc < 0) {
        error_context(err, "--%s", row->name);
    }
    return rc;
}

bool option_takes_value(const struct option_row *row)
{
    return row->type != OPTION_FLAG && row->type != OPTION_COUNT;
}

static int fail_unknown(const struct option_row *rows, const char *name, size_t length,
                        struct error *err)
{
    _cleanup_free_ char *word = text_copy_bytes(name, length);
    struct nearest nearest = {.word = word};
    for (const struct option_row *row = rows; row->name != NULL; row++) {
        nearest_consider(&nearest, row->name);
    }
    if (nearest.best != NULL) {
        return fail_input(err, "unknown option --%s; did you mean --%s?", word, nearest.best);
    }
    return fail_input(err, "unknown option --%s; see --help", word);
}

static int parse_long(const struct option_row *rows, char **argv, int argc, int *at, void *values,
                      struct error *err)
{
    const char *name = argv[*at] + 2;
    size_t length = strcspn(name, "=");
    const struct option_row *row = row_named(rows, name, length);
    if (row == NULL) {
        return fail_unknown(rows, name, length, err);
    }
    const char *value = name[length] == '=' ? name + length + 1 : NULL;
    if (value != NULL && !option_takes_value(row)) {
        return fail_input(err, "option --%s takes no value", row->name);
    }
    if (value == NULL && option_takes_value(row)) {
        if (*at + 1 >= argc) {
            return fail_input(err, "option --%s needs %s", row->name, row->argument);
        }
        value = argv[++*at];
    }
    return store(row, value, values, err);
}

static int parse_short(const struct option_row *rows, char **argv, int argc, int *at, void *values,
                       struct error *err)
{
    for (const char *letter = argv[*at] + 1; *letter != '\0'; letter++) {
        const struct option_row *row = row_lettered(rows, *letter);
        if (row == NULL) {
            return fail_input(err, "unknown option -%c; see --help", *letter);
        }
        const char *value = NULL;
        if (option_takes_value(row)) {
            value = letter[1] != '\0' ? letter + 1 : NULL;
            if (value == NULL && *at + 1 >= argc) {
                return fail_input(err, "option -%c needs %s", *letter, row->argument);
            }
            value = value == NULL ? argv[++*at] : value;
        }
        int rc = store(row, value, values, err);
        if (rc < 0 || value != NULL) {
            return rc;
        }
    }
    return 0;
}

int options_parse(const struct option_row *rows, int argc, char **argv, void *values,
                  struct text_list *ret_operands, struct error *err)
{
    bool only_operands = false;
    int rc = 0;
    for (int i = 1; rc == 0 && i < argc; i++) {
        if (only_operands || argv[i][0] != '-' || argv[i][1] == '\0') {
            text_list_add(ret_operands, argv[i]);
        } else if (strcmp(argv[i], "--") == 0) {
            only_operands = true;
        } else if (argv[i][1] == '-') {
            rc = parse_long(rows, argv, argc, &i, values, err);
        } else {
            rc = parse_short(rows, argv, argc, &i, values, err);
        }
    }
    return rc;
}

void options_help_line(FILE *out, const char *head, size_t columns, const char *help)
{
    const size_t indent = columns + 3;
    size_t shown = text_columns(head);
    if (shown > columns) {
        fprintf(out, "  %s\n%*s", head, (int)indent, "");
    } else {
        fprintf(out, "  %s%*s ", head, (int)(columns - shown), "");
    }
    screen_put(out, screen_width(out), indent, indent, help);
}

void options_help(const struct option_row *rows, FILE *out)
{
    for (const struct option_row *row = rows; row->name != NULL; row++) {
        char letter[8] = "    ";
        if (row->letter != '\0') {
            snprintf(letter, sizeof letter, "-%c, ", row->letter);
        }
        _cleanup_free_ char *head =
            text_format("%s--%s%s%s", letter, row->name, row->argument == NULL ? "" : " ",
                        row->argument == NULL ? "" : row->argument);
        options_help_line(out, head, OPTIONS_HELP_COLUMNS, row->help);
    }
}
