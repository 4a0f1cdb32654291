// SPDX-License-Identifier: GPL-3.0-or-later OR GPL-2.0-only
// bpf/keep — keeps the compiler from reasoning about a value, where the verifier cannot follow: it
// would leave out a check that the verifier requires, or compute a pointer again, of which the
// verifier does not know that it was compared with the frame's end.
#ifndef VRBENCH_BPF_KEEP_H
#define VRBENCH_BPF_KEEP_H

#define KEEP(value) __asm__ volatile("" : "+r"(value))

#endif
