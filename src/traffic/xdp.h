// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * traffic/xdp — internal to the engine "xdp": its source and its sink, which run in the kernel as
 * the BPF programs bpf/xdp_source and bpf/xdp_sink. xdp.c has what both use.
 */
#ifndef VRBENCH_TRAFFIC_XDP_H
#define VRBENCH_TRAFFIC_XDP_H

#include "traffic/engine.h"

#if HAVE_BPF
extern const struct half_ops xdp_source_half, xdp_sink_half;

struct xdp_stream;
// Prepares a stream of the source's program: it writes frames of a template with the network and
// run of `stamp`, from sequence number 0.
void xdp_source_prepare(struct xdp_stream *stream, const struct frame_template *frame,
                        const struct frame_stamp *stamp);

// Gives a prepared stream lengths and flows, of frames with the addresses of the template.
void xdp_source_set_form(struct xdp_stream *stream, const struct frame_address *address,
                         const struct form *form);

// Tests whether this kernel can run the source's program, on `count` frames that it drops. Exit
// status 3 if not.
int xdp_source_try(struct error *err);

// Tests whether this kernel loads the sink's program. Exit status 3 if not.
int xdp_sink_try(struct error *err);
#endif

#endif
