// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Bad input files, NAME.yaml of a directory, and the problems that a reader must find in them,
 * NAME.expected, for test_scenario_problems.c and test_contracts.c. UPDATE_GOLDEN=1 rewrites these.
 * Included after <cmocka.h>.
 */
#ifndef VRBENCH_TESTS_BAD_FILES_H
#define VRBENCH_TESTS_BAD_FILES_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "scenario/problem.h"

// The problems, at least one, as in a .expected file; frees them.
static inline char *join_problems(struct scenario_problems *problems)
{
    assert_true(problems->count > 0);
    char *joined = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&joined, &size);
    assert_non_null(stream);
    for (size_t i = 0; i < problems->count; i++) {
        fprintf(stream, "%u:%u: %s\n", problems->items[i].line, problems->items[i].column,
                problems->items[i].text);
    }
    fclose(stream);
    scenario_problems_clear(problems);
    return joined;
}

// The joined problems of a text; NULL if it has none.
typedef char *problems_finder(const char *text, size_t length);

static inline void check_bad_file(const char *folder, const char *name, problems_finder *find)
{
    _cleanup_error_ struct error err = ERROR_INIT;
    _cleanup_free_ char *input_path = text_format("%s/%s.yaml", folder, name);
    _cleanup_free_ char *golden_path = text_format("%s/%s.expected", folder, name);
    _cleanup_free_ char *input = NULL;
    _cleanup_free_ char *golden = NULL;
    size_t length = 0;
    if (file_read(input_path, 1 << 20, &input, &length, &err) < 0) {
        fail_msg("%s", err.text);
    }
    _cleanup_free_ char *problems = find(input, length);
    if (problems == NULL) {
        fail_msg("%s has no problem", input_path);
        return;
    }
    if (getenv("UPDATE_GOLDEN") != NULL) {
        file_replace(golden_path, problems, strlen(problems), NULL);
    }
    if (file_read(golden_path, 1 << 20, &golden, NULL, &err) < 0) {
        fail_msg("%s", err.text);
    }
    if (!text_equal(problems, golden)) {
        fail_msg("%s\nexpected:\n%s\nfound:\n%s", input_path, golden, problems);
    }
}

// Checks all files of a directory, of which there are at least so many.
static inline void check_bad_files(const char *folder, int least, problems_finder *find)
{
    _cleanup_closedir_ DIR *dir = opendir(folder);
    assert_non_null(dir);
    int count = 0;
    struct dirent *entry = NULL;
    while ((entry = readdir(dir)) != NULL) {
        char *dot = strrchr(entry->d_name, '.');
        if (dot != NULL && text_equal(dot, ".yaml")) {
            *dot = '\0';
            check_bad_file(folder, entry->d_name, find);
            count++;
        }
    }
    assert_true(count >= least);
}

#endif
