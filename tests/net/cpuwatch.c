// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * tests/net/cpuwatch — says what groups of tasks use of a CPU: a witness that owes nothing to
 * vrbench. Prints a line a window, with a percentage for each group, from the first field of
 * /proc/TID/schedstat of every task listed in the group's file; or for a whole process, with all
 * the threads that it has and had, from its CPU clock.
 *
 *     cpuwatch BUSY_MS WINDOWS SECONDS FILE|PROCESS...
 *
 * Begins once the tasks of the first group have used BUSY_MS of CPU time; gives up after a minute.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#define GROUPS_MAX 8
#define TASKS_MAX  64
#define GIVE_UP_S  60.0
#define APART_S    0.001 // between the first and the last read: more is done again
#define ATTEMPTS   20

struct group {
    clockid_t process; // 0 = the tasks are meant
    long tasks[TASKS_MAX];
    size_t count;
};

struct reading {
    double at_s;
    double used_s[GROUPS_MAX];
};

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void rest(double seconds)
{
    struct timespec pause = {.tv_sec = (time_t)seconds};
    pause.tv_nsec = (long)((seconds - (double)pause.tv_sec) * 1e9);
    nanosleep(&pause, NULL);
}

static int read_group(const char *path, struct group *group)
{
    char *end = NULL;
    long process = strtol(path, &end, 10);
    if (*end == '\0' && process > 0) {
        if (clock_getcpuclockid((pid_t)process, &group->process) != 0) {
            fprintf(stderr, "cpuwatch: process %ld is gone\n", process);
            return -1;
        }
        return 0;
    }
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        perror(path);
        return -1;
    }
    while (group->count < TASKS_MAX && fscanf(file, "%ld", &group->tasks[group->count]) == 1) {
        group->count++;
    }
    fclose(file);
    return group->count > 0 ? 0 : -1;
}

static double used_s(long task)
{
    char path[64];
    double ns = 0.0;
    snprintf(path, sizeof path, "/proc/%ld/schedstat", task);
    FILE *file = fopen(path, "r");
    if (file == NULL || fscanf(file, "%lf", &ns) != 1) {
        fprintf(stderr, "cpuwatch: task %ld is gone\n", task);
        exit(1);
    }
    fclose(file);
    return ns / 1e9;
}

static double process_used_s(clockid_t process)
{
    struct timespec used;
    if (clock_gettime(process, &used) < 0) {
        fprintf(stderr, "cpuwatch: the process is gone\n");
        exit(1);
    }
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

static struct reading take(const struct group *groups, size_t count)
{
    struct reading reading = {0};
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        double start = now_s();
        for (size_t i = 0; i < count; i++) {
            reading.used_s[i] = groups[i].process != 0 ? process_used_s(groups[i].process) : 0.0;
            for (size_t k = 0; k < groups[i].count; k++) {
                reading.used_s[i] += used_s(groups[i].tasks[k]);
            }
        }
        reading.at_s = now_s();
        if (reading.at_s - start < APART_S) {
            break;
        }
    }
    return reading;
}

int main(int argc, char **argv)
{
    static struct group groups[GROUPS_MAX];
    if (argc < 5 || argc > 4 + GROUPS_MAX) {
        fprintf(stderr, "usage: cpuwatch BUSY_MS WINDOWS SECONDS FILE|PROCESS...\n");
        return 2;
    }
    double busy_s = strtod(argv[1], NULL) / 1e3;
    long windows = strtol(argv[2], NULL, 10);
    double seconds = strtod(argv[3], NULL);
    size_t count = (size_t)argc - 4;
    (void)setpriority(PRIO_PROCESS, 0, -20);
    for (size_t i = 0; i < count; i++) {
        if (read_group(argv[4 + i], &groups[i]) < 0) {
            return 1;
        }
    }
    struct reading before = take(groups, count);
    struct reading after = before;
    while (after.used_s[0] - before.used_s[0] < busy_s) {
        if (after.at_s - before.at_s > GIVE_UP_S) {
            fprintf(stderr, "cpuwatch: nothing to see\n");
            return 1;
        }
        rest(0.01);
        after = take(groups, count);
    }
    for (; windows > 0; windows--) {
        before = take(groups, count);
        rest(seconds);
        after = take(groups, count);
        for (size_t i = 0; i < count; i++) {
            printf("%s%.2f", i == 0 ? "" : " ",
                   100.0 * (after.used_s[i] - before.used_s[i]) / (after.at_s - before.at_s));
        }
        printf("\n");
        fflush(stdout);
    }
    return 0;
}
