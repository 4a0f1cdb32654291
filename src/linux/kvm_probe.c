// SPDX-License-Identifier: GPL-3.0-or-later
// linux/kvm_probe — see kvm_probe.h. The interface: Documentation/virt/kvm/api.rst of the kernel;
// long mode and its page tables: AMD64 Architecture Programmer's Manual, volume 2, chapters 5
// and 14.
#include "linux/kvm_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/stop.h"

#ifdef __x86_64__
#include <linux/kvm.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define WITHIN_NS (500U * NS_PER_MS)

#define MEMORY     0x8000U
#define LEVEL_4    0x1000U // page tables with one entry each; the last maps a 2 MiB page at 0
#define LEVEL_3    0x2000U
#define LEVEL_2    0x3000U
#define CODE       0x4000U
#define PRESENT_RW 0x3U
#define LARGE      0x80U

#define CR0_PE_MP_ET_PG 0x80000013U
#define CR4_PAE         0x20U
#define EFER_LME_LMA    0x500U

static int set_up_cpu(int cpu)
{
    struct kvm_sregs system;
    if (ioctl(cpu, KVM_GET_SREGS, &system) < 0) {
        return -1;
    }
    const struct kvm_segment code = {
        .limit = 0xffffffff, .selector = 8, .type = 11, .present = 1, .s = 1, .l = 1, .g = 1};
    struct kvm_segment data = code;
    data.selector = 16;
    data.type = 3;
    data.l = 0;
    data.db = 1;
    system.cs = code;
    system.ds = system.es = system.fs = system.gs = system.ss = data;
    system.cr0 = CR0_PE_MP_ET_PG;
    system.cr3 = LEVEL_4;
    system.cr4 = CR4_PAE;
    system.efer = EFER_LME_LMA;
    const struct kvm_regs regs = {.rip = CODE, .rsp = MEMORY, .rflags = 2};
    return ioctl(cpu, KVM_SET_SREGS, &system) < 0 || ioctl(cpu, KVM_SET_REGS, &regs) < 0 ? -1 : 0;
}

// Runs in a separate process. Returns 0, the errno of the failure, or 255 for an unexpected exit.
static int run_machine(void)
{
    // mov ecx, 2000000; again: dec ecx; jnz again; hlt
    static const uint8_t code[] = {0xb9, 0x80, 0x84, 0x1e, 0x00, 0xff, 0xc9, 0x75, 0xfc, 0xf4};
    int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    int machine = kvm < 0 ? -1 : ioctl(kvm, KVM_CREATE_VM, 0);
    if (machine < 0) {
        return errno;
    }
    uint8_t *memory =
        mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return errno;
    }
    const uint64_t entries[] = {LEVEL_3 | PRESENT_RW, LEVEL_2 | PRESENT_RW, LARGE | PRESENT_RW};
    memcpy(memory + LEVEL_4, &entries[0], sizeof entries[0]);
    memcpy(memory + LEVEL_3, &entries[1], sizeof entries[1]);
    memcpy(memory + LEVEL_2, &entries[2], sizeof entries[2]);
    memcpy(memory + CODE, code, sizeof code);
    struct kvm_userspace_memory_region region = {.memory_size = MEMORY,
                                                 .userspace_addr = (uintptr_t)memory};
    int cpu = ioctl(machine, KVM_SET_USER_MEMORY_REGION, &region) < 0
                  ? -1
                  : ioctl(machine, KVM_CREATE_VCPU, 0);
    int size = cpu < 0 ? -1 : ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    if (size < 0) {
        return errno;
    }
    const struct kvm_run *run =
        mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, cpu, 0);
    if (run == MAP_FAILED || set_up_cpu(cpu) < 0 || ioctl(cpu, KVM_RUN, 0) < 0) {
        return errno;
    }
    return run->exit_reason == KVM_EXIT_HLT ? 0 : 255;
}

bool kvm_works(char *why, size_t room)
{
    int ends[2];
    if (access("/dev/kvm", R_OK | W_OK) < 0) {
        snprintf(why, room, errno == ENOENT ? "there is no /dev/kvm" : "/dev/kvm: %s",
                 strerror(errno));
        return false;
    }
    if (pipe2(ends, O_CLOEXEC) < 0) {
        snprintf(why, room, "%s", strerror(errno));
        return false;
    }
    pid_t child = fork();
    if (child == 0) {
        stop_install(); // the parent ends this process; a signal from the terminal must not
        unsigned char result = (unsigned char)run_machine();
        (void)!write(ends[1], &result, 1);
        _exit(0);
    }
    close(ends[1]);
    _cleanup_close_ int answer = ends[0];
    unsigned char result = 255;
    bool heard = child > 0 && stop_wait(answer, POLLIN, clock_monotonic_ns() + WITHIN_NS, NULL) > 0;
    bool reported = heard && read(answer, &result, 1) == 1;
    if (child > 0) {
        (void)kill(child, SIGKILL);
        (void)waitpid(child, NULL, 0);
    }
    if (!heard) {
        snprintf(why, room, "the kernel emulates the instructions of /dev/kvm's guests");
    } else if (result != 0) {
        snprintf(why, room, "/dev/kvm: %s",
                 reported && result != 255 ? strerror(result) : "it cannot run 64-bit code");
    }
    return heard && reported && result == 0;
}

#else

bool kvm_works(char *why, size_t room)
{
    snprintf(why, room, "not tested on this CPU architecture");
    return false;
}

#endif
