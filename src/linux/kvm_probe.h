// SPDX-License-Identifier: GPL-3.0-or-later
// linux/kvm_probe — whether /dev/kvm runs virtual machines on the CPU itself.
#ifndef VRBENCH_LINUX_KVM_PROBE_H
#define VRBENCH_LINUX_KVM_PROBE_H

#include <stdbool.h>
#include <stddef.h>

// Runs a few million instructions of 64-bit code in a virtual machine, which takes milliseconds on
// a CPU and at most half a second here. The device alone is no proof: on some hosts /dev/kvm serves
// special guests only, and the kernel emulates each instruction, a thousand times slower, so that
// no ordinary kernel boots. If false, `why` gets the reason.
bool kvm_works(char *why, size_t room);

#endif
