// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cli/capture_point — a place of a testbed where tcpdump(8) captures packets. Called by
 * cmd_capture.c and capture_around.c.
 */
#ifndef VRBENCH_CLI_CAPTURE_POINT_H
#define VRBENCH_CLI_CAPTURE_POINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "linux/child.h"
#include "testbed/testbed.h"

struct capture_point {
    const char *called; // as the user wrote it
    char *node, *interface, *file;
    struct testbed *testbed;
    const struct netns *ns;
    struct child child; // tcpdump
};

// What tcpdump is asked for; 0 and NULL = its defaults.
struct capture_request {
    uint64_t count, snap, buffer_kib;
    const char *filter; // of pcap-filter(7)
};

// Finds [TESTBED/]NODE:INTERFACE. No such node or interface is bad input.
int capture_point_open(const char *called, struct capture_point *ret, struct error *err);
void capture_point_close(struct capture_point *point);
// The file of a point: FILE if it is the only one, else NAME-NODE-IF.EXT. With `testbed`
// NAME-TESTBED-NODE-IF.EXT.
char *capture_point_file(const char *file, const struct capture_point *point, size_t count,
                         bool testbed);

// The path of tcpdump, which the caller frees. Exit status 3 if it is missing.
int capture_program(char **ret_path, struct error *err);
// Starts tcpdump with its output in `file` ("-" = standard output).
int capture_point_start(const char *program, const struct capture_request *request,
                        const char *file, struct capture_point *point, struct error *err);
// Waits until tcpdump captures.
int capture_point_await(struct capture_point *point, struct error *err);
// Says on standard error that so many points are captured at; `endless`: until a stop.
void capture_announce(size_t count, bool endless);
// Has tcpdump write what it has, and end.
void capture_point_stop(const struct capture_point *point);
// Asks tcpdump how many packets it has dropped so far.
void capture_point_ask_dropped(const struct capture_point *point);
// Reads the answer, without a wait. False if there is none yet.
bool capture_point_take_dropped(struct capture_point *point, uint64_t *ret_dropped);
// Waits for the end of tcpdump, and reads how many packets it captured and missed.
int capture_point_counts(struct capture_point *point, uint64_t *ret_captured, uint64_t *ret_dropped,
                         struct error *err);

#endif
