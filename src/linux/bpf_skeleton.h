// SPDX-License-Identifier: GPL-3.0-or-later
// linux/bpf_skeleton — what every user of a BPF skeleton (bpf/) needs.
#ifndef VRBENCH_LINUX_BPF_SKELETON_H
#define VRBENCH_LINUX_BPF_SKELETON_H

#include <bpf/libbpf.h>

static inline int bpf_skeleton_print_nothing(enum libbpf_print_level level, const char *format,
                                             va_list arguments)
{
    (void)level, (void)format, (void)arguments;
    return 0;
}

// libbpf prints no messages of its own: errors are reported by the callers.
static inline void bpf_skeletons_are_silent(void)
{
    libbpf_set_print(bpf_skeleton_print_nothing);
}

#endif
