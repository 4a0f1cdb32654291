// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/session — runs a shell or command inside the namespaces of a node: on the caller's terminal
 * or pipes, for consoles, or with its output read, for what a router runs when it starts.
 */
#ifndef VRBENCH_LINUX_SESSION_H
#define VRBENCH_LINUX_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "linux/netns.h"

// Environment variables of the program: the node's name, and the testbed's ID, by which the removal
// of the testbed finds the program and its descendants.
#define SESSION_NODE    "VRBENCH_NODE"
#define SESSION_TESTBED "VRBENCH_TESTBED"

#define SESSION_OUTPUT_MAX 65536 // bytes of output that session_capture() returns

// Standard input and output of the program instead of the caller's, and its time limit.
struct session_streams {
    int input, output;
    uint64_t until_ns; // CLOCK_MONOTONIC
};

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
    const struct session_streams *streams; // NULL = the caller's terminal or pipes, and no limit
};

// Runs the program and waits for its end. Its /proc and /sys show the node's processes and
// interfaces. The rest of the file system is the machine's, unless the node has its own. ret_status
// gets the exit status (128 + signal if killed). -ETIMEDOUT if the time limit has ended it.
int session_run(const struct session *session, int *ret_status, struct error *err);

// The same without a terminal, with `input` as its standard input (NULL = none) and until
// CLOCK_MONOTONIC reads `until_ns`. `ret_output` gets the beginning of its standard output and
// error, which the caller frees.
int session_capture(const struct session *session, const char *input, uint64_t until_ns,
                    int *ret_status, char **ret_output, struct error *err);

#endif
