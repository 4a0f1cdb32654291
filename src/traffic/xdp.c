// SPDX-License-Identifier: GPL-3.0-or-later
// traffic/xdp — the engine "xdp". See xdp.h.
#include "version.h"

#include "traffic/xdp.h"

static int xdp_check(const struct engine_ops *engine, struct error *err)
{
    (void)engine;
#if HAVE_BPF
    int rc = xdp_source_try(err);
    return rc < 0 ? rc : xdp_sink_try(err);
#else
    return fail_lacking(err, "the traffic engine xdp needs BPF, which vrbench was built without");
#endif
}

const struct engine_ops engine_xdp = {
    .check = xdp_check,
#if HAVE_BPF
    .source = &xdp_source_half,
    .sink = &xdp_sink_half,
#endif
};
