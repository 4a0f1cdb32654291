// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/session — runs a shell or command inside the namespaces of a node, on the caller's terminal
 * or pipes. Used for consoles.
 */
#ifndef VRBENCH_LINUX_SESSION_H
#define VRBENCH_LINUX_SESSION_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "linux/netns.h"

// Environment variables of the program: the node's name, and the testbed's ID, by which the removal
// of the testbed finds the program and its descendants.
#define SESSION_NODE    "VRBENCH_NODE"
#define SESSION_TESTBED "VRBENCH_TESTBED"

struct session {
    const struct netns *net;
    int first;      // pidfd of the node's first process (first.h), whose PID and UTS namespaces are
                    // entered too; -1 = the node has none
    pid_t root_of;  // first process whose root directory is entered too; 0 = none
    bool own_views; // the root has its own /proc and /sys and the node an IPC namespace (a
                    // container)
    const char
        *group; // cgroup.procs of the control group that the program joins; NULL = the caller's
    const char *node;    // name of the node, for the prompt
    const char *testbed; // ID of the testbed whose removal ends the program; NULL = none
    char *const *argv;   // command, searched in PATH; NULL = an interactive shell
};

// Runs the program and waits for its end. Its /proc and /sys show the node's processes and
// interfaces. The rest of the file system is the machine's, unless the node has its own. ret_status
// gets the exit status (128 + signal if killed).
int session_run(const struct session *session, int *ret_status, struct error *err);

#endif
