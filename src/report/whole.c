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

static int write_run(const char *folder, enum figure_style style, size_t *figures,
                     struct error *lacking, struct error *err)
{
    struct point_list points = {NULL, 0};
    int rc = store_read_points(folder, &points, err);
    if (rc == 0) {
        rc = write_points(folder, &points, style, figures, lacking, err);
        point_list_clear(&points);
    }
    return rc;
}

int report_write_whole(const char *folder, enum figure_style style, size_t *ret_runs,
                       size_t *ret_figures, struct error *err)
{
    char **folders = NULL;
    size_t runs = 0;
    size_t figures = 0;
    _cleanup_error_ struct error lacking = ERROR_INIT;
    int rc = reproduction_run_folders(folder, &folders, &runs, err);
    if (rc < 0) {
        return rc;
    }
    for (size_t i = 0; rc == 0 && i < runs; i++) {
        rc = write_run(folders[i], style, &figures, &lacking, err);
    }
    folders_free(folders, runs);
    if (rc == 0) {
        rc = report_write_reproduction(folder, err);
    }
    if (rc < 0) {
        return rc;
    }
    if (lacking.text != NULL) {
        error_move(err, &lacking);
        error_context(err, "wrote %s/report.html and figure scripts, but no figures", folder);
        return -ENOTSUP;
    }
    *ret_runs = runs;
    *ret_figures = figures;
    return 0;
}
