// SPDX-License-Identifier: GPL-3.0-or-later
// cli/top_screen_none — top_screen.h in a build without ncurses: `vrbench top` prints text only.
#include "cli/top_screen.h"

int top_screen_run(struct top_source *source, struct top_view *view, struct error *err)
{
    (void)source;
    (void)view;
    return fail_lacking(err,
                        "the whole screen requires ncurses, which this vrbench was built without: "
                        "use vrbench top -b, or install libncurses-dev and build it again");
}
