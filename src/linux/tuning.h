// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/tuning — settings of this machine that figures depend on: two runs are comparable if they
 * are equal. Called by doctor/, for run.json.
 */
#ifndef VRBENCH_LINUX_TUNING_H
#define VRBENCH_LINUX_TUNING_H

// NULL = the kernel does not report it, as in most virtual machines.
struct tuning {
    char *governor;     // cpufreq's, "performance"; of several, "powersave, performance"
    char *turbo;        // "on" or "off"
    char *smt;          // "on", "off", "forceoff", "notsupported" or "notimplemented"
    char *mitigations;  // "itlb_multihit: Not affected; l1tf: …"
    char *microcode;    // revision, "0xf4"
    char *clock_source; // "tsc", "kvm-clock"
    char *command_line; // of the kernel
};

// Reads the files below `root`: "" for this machine, another folder in tests.
void tuning_read(const char *root, struct tuning *ret);
void tuning_clear(struct tuning *tuning); // NULL is fine

#endif
