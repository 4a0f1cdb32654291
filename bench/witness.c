// SPDX-License-Identifier: GPL-3.0-or-later
// bench/witness — see witness.h.
#include "witness.h"

#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "native_xdp.h"
#include "witness.skel.h"

struct witness {
    struct witness_bpf *skeleton;
    int link;
};

int witness_open(const struct netns *ns, const struct napi_interface *interface, unsigned ip_length,
                 bool recording, struct witness **ret, struct error *err)
{
    struct sched_param priority = {.sched_priority = 1};
    (void)sched_setscheduler(interface->threads[0], SCHED_FIFO, &priority);
    struct witness_bpf *skeleton = witness_bpf__open();
    if (skeleton == NULL) {
        return fail_lacking(err, "opening the witness's program: %s", strerror(errno));
    }
    skeleton->rodata->ip_length = ip_length;
    skeleton->rodata->recording = recording;
    int link = -1;
    int rc = witness_bpf__load(skeleton);
    rc = rc < 0
             ? fail_lacking(err, "loading the witness's program: %s", strerror(-rc))
             : native_xdp_attach(ns, interface->index, skeleton->progs.count_arrivals, &link, err);
    if (rc < 0) {
        witness_bpf__destroy(skeleton);
        return rc;
    }
    struct witness *witness = memory_new(1, sizeof *witness);
    *witness = (struct witness){.skeleton = skeleton, .link = link};
    *ret = witness;
    return 0;
}

uint64_t witness_received(const struct witness *witness)
{
    return witness->skeleton->bss->received;
}

static int compare_gaps(const void *a, const void *b)
{
    uint64_t one = *(const uint64_t *)a;
    uint64_t other = *(const uint64_t *)b;
    return (one > other) - (one < other);
}

void witness_print(const struct witness *witness, uint64_t window_ns, FILE *out)
{
    const uint64_t *arrivals = (const uint64_t *)witness->skeleton->bss->arrivals;
    uint64_t received = witness_received(witness);
    const size_t room =
        sizeof witness->skeleton->bss->arrivals / sizeof witness->skeleton->bss->arrivals[0];
    size_t kept = received < room ? (size_t)received : room;
    size_t count = 0; // of gaps within the window
    while (count + 1 < kept && arrivals[count + 1] - arrivals[0] <= window_ns) {
        count++;
    }
    fprintf(out, "\"received\": %" PRIu64, received);
    if (count == 0 || arrivals[count] == arrivals[0]) {
        return;
    }
    _cleanup_free_ uint64_t *gaps = memory_new_array(uint64_t, count);
    for (size_t i = 0; i < count; i++) {
        gaps[i] = arrivals[i + 1] - arrivals[i];
    }
    qsort(gaps, count, sizeof gaps[0], compare_gaps);
    fprintf(out,
            ", \"rx_pps\": %.3f, \"gap_p50_ns\": %" PRIu64 ", \"gap_p99_ns\": %" PRIu64
            ", \"gap_p999_ns\": %" PRIu64 ", \"gap_max_ns\": %" PRIu64,
            (double)count * (double)NS_PER_S / (double)(arrivals[count] - arrivals[0]),
            gaps[count / 2], gaps[count - 1 - count / 100], gaps[count - 1 - count / 1000],
            gaps[count - 1]);
}

void witness_close(struct witness *witness)
{
    if (witness == NULL) {
        return;
    }
    cleanup_close(&witness->link);
    witness_bpf__destroy(witness->skeleton);
    free(witness);
}
