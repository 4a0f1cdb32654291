// SPDX-License-Identifier: GPL-3.0-or-later
// traffic/engine — the table of engines. See engine.h.
#include "traffic/engine.h"

#include <string.h>

static const struct engine_ops *const engines[] = {&engine_packet, &engine_iperf, &engine_iperf3};

const struct engine_ops *engine_by_name(const char *name)
{
    for (size_t i = 0; i < sizeof engines / sizeof engines[0]; i++) {
        if (strcmp(engines[i]->name, name) == 0) {
            return engines[i];
        }
    }
    return NULL;
}
