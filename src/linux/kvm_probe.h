// SPDX-License-Identifier: GPL-3.0-or-later
// linux/kvm_probe — whether the kernel's virtual machines (/dev/kvm) run on the CPU here.
#ifndef VRBENCH_LINUX_KVM_PROBE_H
#define VRBENCH_LINUX_KVM_PROBE_H

#include <stdbool.h>
#include <stddef.h>

// Tries it out: runs a few million instructions of 64-bit code in a virtual machine, which takes
// milliseconds on a CPU. A device that is there proves nothing: where only guests of a kind of
// their own are meant to run, each instruction is emulated by the kernel, a thousand times slower,
// and no ordinary kernel boots. If false, `why` says what was found. Takes at most half a second.
bool kvm_works(char *why, size_t room);

#endif
