// SPDX-License-Identifier: GPL-3.0-or-later
// linux/bpf_skeleton — what every user of a BPF skeleton (bpf/) needs.
#ifndef VRBENCH_LINUX_BPF_SKELETON_H
#define VRBENCH_LINUX_BPF_SKELETON_H

#include <stddef.h>

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

// Opens the skeleton of bpf/NAME.bpf.c, or opens and loads it. NULL with errno on failure. The
// caller closes it by NAME_bpf__destroy(), which accepts NULL. For clang's analyzer nothing is
// opened, as it finds a leak in bpftool's generated code.
#ifdef __clang_analyzer__
#define BPF_SKELETON_OPEN(name) ((struct name##_bpf *)NULL)
#define BPF_SKELETON_LOAD(name) ((struct name##_bpf *)NULL)
#else
#define BPF_SKELETON_OPEN(name) (bpf_skeletons_are_silent(), name##_bpf__open())
#define BPF_SKELETON_LOAD(name) (bpf_skeletons_are_silent(), name##_bpf__open_and_load())
#endif

// Defines the cleanup function close_skeleton() of a file that has one skeleton.
#define DEFINE_CLOSE_SKELETON(name)                                                                \
    static void close_skeleton(struct name##_bpf **skeleton)                                       \
    {                                                                                              \
        name##_bpf__destroy(*skeleton);                                                            \
    }

#endif
