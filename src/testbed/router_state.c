// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/router_state — names of states: see testbed.h. A separate file for programs that only
// show them.
#include "testbed/testbed.h"

static const char *const state_names[] = {"running", "crashed", "destroyed"};

const char *router_state_name(enum router_state state)
{
    return state_names[state];
}
