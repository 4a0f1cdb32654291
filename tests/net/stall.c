// SPDX-License-Identifier: GPL-3.0-or-later
// stall CPU BUSY_MS IDLE_MS SECONDS — holds a CPU for BUSY_MS with the highest real-time priority,
// leaves it alone for IDLE_MS, and so on for SECONDS.
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "stall CPU BUSY_MS IDLE_MS SECONDS\n");
        return 2;
    }
    cpu_set_t here;
    CPU_ZERO(&here);
    CPU_SET((unsigned)atoi(argv[1]), &here);
    const struct sched_param highest = {.sched_priority = sched_get_priority_max(SCHED_FIFO)};
    if (sched_setaffinity(0, sizeof here, &here) < 0 ||
        sched_setscheduler(0, SCHED_FIFO, &highest) < 0) {
        perror("stall");
        return 1;
    }
    double busy_s = atof(argv[2]) / 1e3;
    double end_s = now_s() + atof(argv[4]);
    long idle_ns = atol(argv[3]) * 1000000L;
    while (now_s() < end_s) {
        double until_s = now_s() + busy_s;
        while (now_s() < until_s) {
            // holds the CPU
        }
        nanosleep(
            &(struct timespec){.tv_sec = idle_ns / 1000000000L, .tv_nsec = idle_ns % 1000000000L},
            NULL);
    }
    return 0;
}
