// SPDX-License-Identifier: GPL-3.0-or-later
// report/whole — see whole.h. A separate thread writes the spreadsheet, which takes as long as all
// other files together.
#include "report/whole.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "base/thread.h"
#include "report/control_list.h"
#include "report/csv_files.h"
#include "report/figures.h"
#include "report/page.h"
#include "report/reproduction.h"
#include "report/spreadsheet.h"
#include "result/store.h"

struct sheet_work {
    const char *folder;
    const struct point_list *points;
    pthread_t thread;
    bool threaded;
    int rc;
    struct error err;
};

static void *sheet_run(void *argument)
{
    struct sheet_work *work = argument;
    work->rc = report_write_xlsx(work->folder, work->points, &work->err);
    return NULL;
}

// Does the work at once if no thread can be started.
static void sheet_start(struct sheet_work *work)
{
    work->threaded = thread_start(&work->thread, sheet_run, work) == 0;
    if (!work->threaded) {
        (void)sheet_run(work);
    }
}

static int sheet_end(struct sheet_work *work, struct error *err)
{
    if (work->threaded) {
        pthread_join(work->thread, NULL);
    }
    if (work->rc < 0) {
        error_move(err, &work->err);
    }
    return work->rc;
}

// `lacking` returns why figures could not be drawn.
static int write_points(const char *folder, const struct point_list *points,
                        enum figure_style style, size_t *figures, struct error *lacking,
                        struct error *err)
{
    struct sheet_work sheet = {.folder = folder, .points = points, .err = ERROR_INIT};
    bool any = points->count > 0;
    if (any) {
        sheet_start(&sheet);
    }
    int rc = report_write_csv(folder, points, err);
    if (rc == 0) {
        _cleanup_error_ struct error why = ERROR_INIT;
        rc = figures_write_run(folder, points, style, figures, &why);
        if (rc < 0 && why.exit_status == EXIT_LACKING) {
            error_clear(lacking);
            error_move(lacking, &why);
            rc = 0;
        } else if (rc < 0) {
            error_move(err, &why);
        }
    }
    _cleanup_error_ struct error ignored = ERROR_INIT;
    int sheet_rc = any ? sheet_end(&sheet, rc == 0 ? err : &ignored) : 0;
    rc = rc < 0 ? rc : sheet_rc;
    // What the thread freed is of no use to this one: the page would need as much again.
    (void)malloc_trim(0);
    // Last, since the page embeds the other files.
    return rc < 0 ? rc : report_write_run_page(folder, points, err);
}

// Prints what a controller did during a run, and keeps it in `ret`.
static int show_control(const char *folder, bool one, const struct point_list *points, FILE *tables,
                        struct report_written *ret, struct error *err)
{
    size_t i = 0;
    json_t *row = NULL;
    json_t *rows = control_to_json(points);
    const bool any = json_array_size(rows) > 0;
    json_array_foreach(rows, i, row)
    {
        json_object_set_new(row, "run", json_string(folder));
        json_array_append(ret->control, row);
    }
    json_decref(rows);
    if (!any || tables == NULL) {
        return 0;
    }
    if (!one) {
        fprintf(tables, "\n%s:\n", folder);
    }
    return control_list_print(points, tables, err);
}

static int write_run(const char *folder, bool one, enum figure_style style, FILE *tables,
                     struct report_written *ret, struct error *lacking, struct error *err)
{
    struct point_list points = {NULL, 0};
    int rc = store_read_points(folder, &points, err);
    if (rc == 0) {
        rc = write_points(folder, &points, style, &ret->figures, lacking, err);
        rc = rc < 0 ? rc : show_control(folder, one, &points, tables, ret, err);
        point_list_clear(&points);
    }
    return rc;
}

void report_written_clear(struct report_written *written)
{
    json_decref(written->control);
    *written = (struct report_written){.control = NULL};
}

int report_write_whole(const char *folder, enum figure_style style, FILE *tables,
                       struct report_written *ret, struct error *err)
{
    char **folders = NULL;
    _cleanup_error_ struct error lacking = ERROR_INIT;
    *ret = (struct report_written){.control = json_array()};
    int rc = reproduction_run_folders(folder, &folders, &ret->runs, err);
    if (rc < 0) {
        return rc;
    }
    for (size_t i = 0; rc == 0 && i < ret->runs; i++) {
        rc = write_run(folders[i], ret->runs == 1, style, tables, ret, &lacking, err);
    }
    folders_free(folders, ret->runs);
    if (rc == 0) {
        rc = report_write_reproduction(folder, err);
    }
    if (rc < 0) {
        return rc;
    }
    if (lacking.text != NULL) {
        error_move(err, &lacking);
        if (page_is_built()) {
            error_context(err, "wrote %s/report.html and figure scripts, but no figures", folder);
        } else {
            error_context(err, "wrote figure scripts, but no figures");
        }
        return -ENOTSUP;
    }
    return 0;
}
