// SPDX-License-Identifier: GPL-3.0-or-later
// scenario/problem — see problem.h. Called by the YAML reader, the schema walker and the checks.
#include "scenario/problem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "base/utf8.h"

static char *make_printable(const char *text)
{
    size_t length = strlen(text);
    char *clean =
        memory_new_array(char, 4 * length + 1); // at worst every byte is written as "\xNN"
    char *put = clean;
    for (size_t i = 0; i < length;) {
        uint32_t point = 0;
        size_t bytes = utf8_decode(text + i, length - i, &point);
        if (bytes > 0 && utf8_is_printable(point)) {
            memcpy(put, text + i, bytes);
            put += bytes;
            i += bytes;
            continue;
        }
        size_t bad = bytes > 0 ? bytes : 1;
        for (size_t k = 0; k < bad; k++) {
            put += snprintf(put, 5, "\\x%02x", (unsigned)(unsigned char)text[i + k]);
        }
        i += bad;
    }
    return clean;
}

void problem_add(struct scenario_problems *problems, unsigned line, unsigned column, char *text)
{
    size_t count = problems->count;
    if ((count & (count - 1)) == 0) { // 0 or a power of two: the array is full
        problems->items = memory_resize(problems->items, count == 0 ? 1 : 2 * count,
                                        sizeof(struct scenario_problem));
    }
    problems->items[count] =
        (struct scenario_problem){.line = line, .column = column, .text = make_printable(text)};
    problems->count++;
    free(text);
}

void problems_take(struct scenario_problems *problems, struct scenario_problems *from,
                   const char *file)
{
    for (size_t i = 0; i < from->count; i++) {
        const struct scenario_problem *problem = &from->items[i];
        problem_add(problems, problem->line, problem->column, text_copy(problem->text));
        problems->items[problems->count - 1].file = make_printable(file);
    }
    scenario_problems_clear(from);
}

static int compare_problems(const void *a, const void *b)
{
    const struct scenario_problem *one = a;
    const struct scenario_problem *two = b;
    int files = strcmp(one->file == NULL ? "" : one->file, two->file == NULL ? "" : two->file);
    if (files != 0) {
        return files;
    }
    if (one->line != two->line) {
        return one->line < two->line ? -1 : 1;
    }
    if (one->column != two->column) {
        return one->column < two->column ? -1 : 1;
    }
    return strcmp(one->text, two->text);
}

void problems_sort(struct scenario_problems *problems)
{
    if (problems->count > 1) {
        qsort(problems->items, problems->count, sizeof problems->items[0], compare_problems);
    }
}

void scenario_problems_clear(struct scenario_problems *problems)
{
    for (size_t i = 0; i < problems->count; i++) {
        free(problems->items[i].text);
        free(problems->items[i].file);
    }
    free(problems->items);
    *problems = (struct scenario_problems){NULL, 0};
}

char *problems_join(const struct scenario_problems *problems, const char *path)
{
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    if (stream == NULL) {
        return text_format("%s: %zu problems", path, problems->count);
    }
    for (size_t i = 0; i < problems->count; i++) {
        const struct scenario_problem *problem = &problems->items[i];
        fprintf(stream, "%s%s:", i == 0 ? "" : "\n", problem->file == NULL ? path : problem->file);
        if (problem->line > 0) {
            fprintf(stream, "%u:%u:", problem->line, problem->column);
        }
        fprintf(stream, " %s", problem->text);
    }
    fclose(stream);
    return text;
}

int problems_fail(struct scenario_problems *problems, const char *path, struct error *err)
{
    int rc = 0;
    if (problems->count > 0) {
        _cleanup_free_ char *joined = problems_join(problems, path);
        rc = fail_located(err, joined);
    }
    scenario_problems_clear(problems);
    return rc;
}
