// SPDX-License-Identifier: GPL-3.0-or-later
// report/spreadsheet_none — spreadsheet.h in a build without libxlsxwriter, libzip or libxml2: no
// report.xlsx is written.
#include "report/spreadsheet.h"

#include "base/log.h"

int report_write_xlsx(const char *folder, const struct point_list *points, struct error *err)
{
    (void)points;
    (void)err;
    log_note("report", "%s/report.xlsx is not written: vrbench was built without the spreadsheet",
             folder);
    return 0;
}
