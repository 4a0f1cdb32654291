// SPDX-License-Identifier: GPL-3.0-or-later
// scenario/problem — the list of all problems of a file: filled within scenario/, shown by its
// callers.
#ifndef VRBENCH_SCENARIO_PROBLEM_H
#define VRBENCH_SCENARIO_PROBLEM_H

#include <stddef.h>

#include "base/error.h"

// One problem of a scenario file. line and column start at 1; both 0 = the file as a whole.
struct scenario_problem {
    unsigned line, column;
    char *text;
    char *file; // file named in the scenario that has the problem; NULL = the scenario's own file
};
struct scenario_problems {
    struct scenario_problem *items;
    size_t count;
};

void scenario_problems_clear(struct scenario_problems *problems);

// Adds a problem and takes ownership of `text`, made with text_format(). Bytes that would control a
// terminal are replaced by \xNN, so a problem is always one harmless line.
void problem_add(struct scenario_problems *problems, unsigned line, unsigned column, char *text);
// Moves the problems of `from` behind those of `problems` and sets their file to `file`.
void problems_take(struct scenario_problems *problems, struct scenario_problems *from,
                   const char *file);
// Sorts by file (the scenario's own first), line, column and text.
void problems_sort(struct scenario_problems *problems);
// All problems as one text, one a line, as "file:line:column: text"; `path` is the file of problems
// without a file of their own. The caller frees it.
char *problems_join(const struct scenario_problems *problems, const char *path);
// Fails with all problems, which are then freed, as the message; 0 if there are none.
int problems_fail(struct scenario_problems *problems, const char *path, struct error *err);

#endif
