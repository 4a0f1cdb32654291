// SPDX-License-Identifier: GPL-3.0-or-later
// tests/net/maxrss — maxrss FILE PROGRAM [ARGUMENT…]: runs it, and writes to the file the most
// memory that it or one of its children had (KiB) and the time that it took (ms).
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
    struct rusage usage;
    int status = 0;
    long begin = now_ms();
    FILE *out = argc < 3 ? NULL : fopen(argv[1], "we");
    pid_t child = out == NULL ? -1 : fork();
    if (child == 0) {
        execvp(argv[2], argv + 2);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &usage) < 0) {
        perror("maxrss");
        return 1;
    }
    fprintf(out, "%ld %ld\n", usage.ru_maxrss, now_ms() - begin);
    fclose(out);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
