// SPDX-License-Identifier: GPL-3.0-or-later
// bench/live_frames — see live_frames.h.
#include "live_frames.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "live_frames.skel.h"
#include "native_xdp.h"

#define CALL      32768U // frames of a system call, for each unit of a part's weight
#define FRAME_MAX 4096U

static int send_frames(const struct live_frames *live, const struct bpf_program *program,
                       uint64_t *ret_sent, uint64_t *ret_ns, struct error *err)
{
    static uint8_t frame[FRAME_MAX] = {2, 0x76, 0, 0, 0, 2, 2, 0x76, 0, 0, 0, 1, 8, 0, 0x45};
    if (live->version == 6) {
        frame[12] = 0x86;
        frame[13] = 0xdd;
        frame[14] = 0x60;
    }
    _cleanup_visit_ struct netns_visit visit = NETNS_VISIT_INIT;
    int rc = netns_visit(live->source, &visit, err);
    if (rc < 0) {
        return rc;
    }
    uint64_t start = clock_monotonic_ns();
    uint64_t now = start;
    uint64_t sent = 0;
    for (size_t turn = 0; now < start + live->duration_ns; now = clock_monotonic_ns()) {
        const struct live_part *part = &live->parts[turn++ % live->part_count];
        struct xdp_md context = {.data_end = part->length};
        DECLARE_LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame,
                            .data_size_in = part->length, .ctx_in = &context,
                            .ctx_size_in = sizeof context, .repeat = (int)(CALL * part->weight),
                            .flags = BPF_F_TEST_XDP_LIVE_FRAMES);
        rc = bpf_prog_test_run_opts(bpf_program__fd(program), &options);
        if (rc < 0) {
            return fail(err, -rc, "sending live frames");
        }
        sent += (uint64_t)CALL * part->weight;
    }
    *ret_sent = sent;
    *ret_ns = now - start;
    return 0;
}

int live_frames_run(const struct live_frames *live, uint64_t *ret_sent, uint64_t *ret_received,
                    uint64_t *ret_ns, struct error *err)
{
    int source = -1;
    int sink = -1;
    // As the engine's sink does, so that both have the same chance.
    struct sched_param priority = {.sched_priority = 1};
    (void)sched_setscheduler(live->napi->threads[0], SCHED_FIFO, &priority);
    struct live_frames_bpf *skeleton = live_frames_bpf__open_and_load();
    if (skeleton == NULL) {
        return fail_lacking(err, "loading the program of live frames: %s", strerror(errno));
    }
    skeleton->bss->interface = (uint32_t)live->source_index;
    const struct bpf_program *send =
        live->timed ? skeleton->progs.send_timed : skeleton->progs.send_plain;
    const struct bpf_program *drop =
        live->timed ? skeleton->progs.drop_timed : skeleton->progs.drop_plain;
    int rc;
    if ((rc = native_xdp_attach(live->sink, live->sink_index, drop, &sink, err)) == 0 &&
        (rc = native_xdp_attach(live->source, live->source_index, send, &source, err)) == 0) {
        rc = send_frames(live, send, ret_sent, ret_ns, err);
    }
    clock_sleep(20 * NS_PER_MS); // what is still in the ring arrives
    *ret_received = skeleton->bss->received;
    cleanup_close(&source);
    cleanup_close(&sink);
    live_frames_bpf__destroy(skeleton);
    return rc;
}
