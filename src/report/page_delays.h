// SPDX-License-Identifier: GPL-3.0-or-later
// report/page_delays — how the delays at a few loads of a sweep are distributed, for report.html.
// Called by page_data.c.
#ifndef VRBENCH_REPORT_PAGE_DELAYS_H
#define VRBENCH_REPORT_PAGE_DELAYS_H

#include <jansson.h>

#include "report/steps.h"

// At most three loads: the highest that was carried without loss, half of it, and the highest
// offered. Of each, all repeats together: [{"sent": packets/s, "networks": [{"below_us": [...],
// "packets": [...]}]}]. A network without delays is null. Empty if no step has any.
json_t *page_delays(const struct sweep *sweep);

#endif
