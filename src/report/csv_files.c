// SPDX-License-Identifier: GPL-3.0-or-later
// report/csv_files — see csv_files.h.
#include "report/csv_files.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "report/control_list.h"
#include "report/medians.h"
#include "report/points.h"
#include "report/summary.h"

typedef int list_points(const struct point_list *points, struct writer *writer, struct error *err);

static int write_list(const char *path, const struct column *columns, size_t count,
                      list_points *list, const struct point_list *points, struct error *err)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL) {
        return fail(err, errno, "%s", path);
    }
    struct writer *writer = writer_csv(out, columns, count);
    int rc = list(points, writer, err);
    writer_free(writer);
    if (fclose(out) != 0 && rc == 0) {
        rc = fail(err, errno, "%s", path);
    }
    if (rc == 0) {
        rc = file_replace(path, text, length, err);
    }
    free(text);
    return rc;
}

// A list without rows has no file.
static int write_list_if(bool any, const char *path, const struct column *columns, size_t count,
                         list_points *list, const struct point_list *points, struct error *err)
{
    if (any) {
        return write_list(path, columns, count, list, points, err);
    }
    return unlink(path) == 0 || errno == ENOENT ? 0 : fail(err, errno, "removing %s", path);
}

static bool has_control(const struct point_list *points)
{
    for (size_t i = 0; i < points->count; i++) {
        if (points->items[i].control_count > 0) {
            return true;
        }
    }
    return false;
}

int report_write_csv(const char *folder, const struct point_list *points, struct error *err)
{
    _cleanup_free_ char *all = text_format("%s/points.csv", folder);
    _cleanup_free_ char *summary = text_format("%s/summary.csv", folder);
    _cleanup_free_ char *medians = text_format("%s/medians.csv", folder);
    _cleanup_free_ char *control = text_format("%s/control.csv", folder);
    int rc = write_list(all, points_columns, points_column_count, points_list, points, err);
    rc = rc < 0 ? rc
                : write_list(summary, summary_columns, summary_column_count, summary_list, points,
                             err);
    rc = rc < 0 ? rc
                : write_list_if(medians_rows(points) > 0, medians, medians_columns,
                                medians_column_count, medians_list, points, err);
    return rc < 0 ? rc
                  : write_list_if(has_control(points), control, control_columns,
                                  control_column_count, control_list, points, err);
}
