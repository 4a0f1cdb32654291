// SPDX-License-Identifier: GPL-3.0-or-later
// report/page_none — page.h in a build without Chart.js: no report.html is written.
#include "report/page.h"

#include "base/log.h"

bool page_is_built(void)
{
    return false;
}

static int no_page(const char *folder)
{
    log_note("report", "%s/report.html is not written: vrbench was built without the page", folder);
    return 0;
}

int report_write_page(const char *folder, struct error *err)
{
    (void)err;
    return no_page(folder);
}

int report_write_run_page(const char *folder, const struct point_list *points, struct error *err)
{
    (void)points;
    (void)err;
    return no_page(folder);
}

int report_write_reproduction(const char *folder, struct error *err)
{
    (void)err;
    return no_page(folder);
}

int report_write_comparison(const char *folder, const json_t *comparison, char *const *figures,
                            size_t count, struct error *err)
{
    (void)comparison;
    (void)figures;
    (void)count;
    (void)err;
    return no_page(folder);
}
