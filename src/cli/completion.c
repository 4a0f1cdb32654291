// SPDX-License-Identifier: GPL-3.0-or-later
// cli/completion — see completion.h. Called by cmd_completion.c.
#include "cli/completion.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/command.h"

struct completing {
    const char *typed;  // the beginning of the word
    const char *before; // what precedes a candidate in the same word: "--topology="
    completion_names names;
    completion_add add;
    void *context;
};

static void offer(const struct completing *completing, const char *word, const char *what)
{
    if (text_starts(word, completing->typed)) {
        _cleanup_free_ char *whole = text_format("%s%s", completing->before, word);
        completing->add(whole, what, completing->context);
    }
}

static void offer_name(const char *word, const char *what, void *context)
{
    offer(context, word, what);
}

// Offers each of the words that blanks or "|" separate.
static void offer_words(const struct completing *completing, const char *words)
{
    for (const char *at = words; *(at += strspn(at, " |")) != '\0'; at += strcspn(at, " |")) {
        _cleanup_free_ char *word = text_copy_bytes(at, strcspn(at, " |"));
        offer(completing, word, "");
    }
}

static void offer_kind(const struct completing *completing, const char *kind)
{
    static const char *const files[] = {"DIR", "FILE", "RUN", "SCENARIO", "CONTRACTS", "TEXT"};
    static const char *const named[] = {"ROUTER", "TESTBED", "NETWORK", "SCENARIO"};
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        if (text_equal(kind, named[i])) {
            completing->names(kind, offer_name, (void *)completing);
        }
    }
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (text_equal(kind, files[i])) {
            completing->add(COMPLETION_FILE, "", completing->context);
        }
    }
}

// Offers what the placeholders of a text such as "[TESTBED|SCENARIO…]" or "build|list" stand for,
// up to "--" or an option.
static void offer_placeholders(const struct completing *completing, const char *text)
{
    static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const char *end = strstr(text, "--");
    size_t length = end == NULL ? strlen(text) : (size_t)(end - text);
    _cleanup_free_ char *part = text_copy_bytes(text, length);
    if (islower((unsigned char)part[0])) {
        offer_words(completing, part);
        return;
    }
    const char *last = "";
    for (char *at = part; *(at += strcspn(at, upper)) != '\0';) {
        size_t word = strspn(at, upper);
        bool ends = at[word] == '\0';
        at[word] = '\0';
        if (!text_equal(at, last)) {
            offer_kind(completing, at);
        }
        last = at;
        at += word + (ends ? 0 : 1);
    }
}

static void offer_value(const struct completing *completing, const struct option_row *row)
{
    if (row->words != NULL) {
        offer_words(completing, row->words);
    } else if (row->argument != NULL) {
        offer_placeholders(completing, row->argument);
    }
}

static void offer_options(const struct completing *completing, const struct option_row *rows)
{
    for (const struct option_row *row = rows; row->name != NULL; row++) {
        _cleanup_free_ char *word = text_format("--%s", row->name);
        offer(completing, word, row->help);
    }
    offer(completing, "--help", "print this help");
}

static void offer_commands(const struct completing *completing, bool all)
{
    for (size_t i = 0; i < command_count; i++) {
        const struct command *command = command_table[i];
        offer(completing, command->name, command->summary);
        if (command->alias != NULL && *completing->typed != '\0') {
            offer(completing, command->alias, command->summary);
        }
    }
    if (all) {
        offer(completing, "help", "Show a command's options and examples");
        if (completing->typed[0] == '-') {
            offer(completing, "--help", "Show the commands");
            offer(completing, "--version", "Show the version");
        }
    }
}

// The row of a word such as "--output", "--output=x" or "-o"; NULL if the word is no option.
static const struct option_row *row_of(const struct option_row *rows, const char *word)
{
    size_t length = strcspn(word, "=");
    for (const struct option_row *row = rows; row->name != NULL; row++) {
        bool named = text_starts(word, "--") && strlen(row->name) + 2 == length &&
                     strncmp(word + 2, row->name, length - 2) == 0;
        bool lettered =
            word[0] == '-' && row->letter != '\0' && word[1] == row->letter && word[2] == '\0';
        if (named || lettered) {
            return row;
        }
    }
    return NULL;
}

static void complete_command(struct completing *completing, const struct command *command,
                             const char *const *words, size_t count)
{
    const struct option_row *pending = NULL; // its value follows
    size_t operands = 0;
    for (size_t i = 1; i + 1 < count; i++) {
        if (text_equal(words[i], "--")) {
            completing->add(COMPLETION_FILE, "", completing->context);
            return;
        }
        const struct option_row *row = pending != NULL ? NULL : row_of(command->options, words[i]);
        operands += pending == NULL && words[i][0] != '-';
        pending =
            row != NULL && option_takes_value(row) && strchr(words[i], '=') == NULL ? row : NULL;
    }
    const char *equals = strchr(completing->typed, '=');
    const struct option_row *row = row_of(command->options, completing->typed);
    if (pending != NULL) {
        offer_value(completing, pending);
    } else if (row != NULL && equals != NULL && option_takes_value(row)) {
        _cleanup_free_ char *before =
            text_copy_bytes(completing->typed, (size_t)(equals - completing->typed) + 1);
        completing->before = before;
        completing->typed = equals + 1;
        offer_value(completing, row);
    } else if (completing->typed[0] == '-') {
        offer_options(completing, command->options);
    } else if (operands == 0 || strstr(command->operands, "…") != NULL) {
        offer_placeholders(completing, command->operands);
    }
}

void completion_find(const char *const *words, size_t count, completion_names names,
                     completion_add add, void *context)
{
    if (count == 0) {
        return;
    }
    struct completing completing = {words[count - 1], "", names, add, context};
    const struct command *command = command_find(words[0]);
    if (count == 1) {
        offer_commands(&completing, true);
    } else if (text_equal(words[0], "help")) {
        offer_commands(&completing, false);
    } else if (command != NULL) {
        complete_command(&completing, command, words, count);
    }
}
