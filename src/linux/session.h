// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/session — a shell or a command run inside the namespaces of a node, in the caller's
 * terminal (or pipes). Used for consoles.
 */
#ifndef VRBENCH_LINUX_SESSION_H
#define VRBENCH_LINUX_SESSION_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "linux/netns.h"

// In the environment of what runs inside: the node's name, and the testbed's id, by which the end
// of the testbed finds it and what it has started.
#define SESSION_NODE    "VRBENCH_NODE"
#define SESSION_TESTBED "VRBENCH_TESTBED"

struct session {
    const struct netns *net;
    int first;      // descriptor of the node's first process (first.h), whose PID and UTS
                    // namespaces are entered as well; -1 = the node has none
    pid_t root_of;  // first process whose own root is entered as well; 0 = none
    bool own_views; // that root has its own /proc and /sys, the node an IPC namespace: a container
    const char *group;   // file that lists the processes of the control group which it is to be
                         // charged to (cgroup.procs); NULL = the caller's
    const char *node;    // its name, for the prompt
    const char *testbed; // id of its testbed; NULL = none that would have to end it
    char *const *argv;   // command, found by PATH; NULL = an interactive shell
};

// Runs it and waits for its end. /proc and /sys show the node's processes and interfaces; the rest
// of the file system is this machine's, unless it has its own. ret_status gets its exit status (128
// + signal if killed).
int session_run(const struct session *session, int *ret_status, struct error *err);

#endif
