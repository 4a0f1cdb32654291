// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/gnuplot — see gnuplot.h. gnuplot is started by an argument list, never through a shell,
 * without the user's own start-up file; its standard output and error are read to the end.
 */
#include "report/gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/stop.h"
#include "base/text.h"

#define SCRIPTS_AT_ONCE 12 // in one process: between two an interruption is heeded
#define WORDS_MAX       2000

static int start(const char *folder, char *const *arguments, int said, pid_t *ret_pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, said, 1);
    posix_spawn_file_actions_adddup2(&actions, said, 2);
    posix_spawn_file_actions_addchdir_np(&actions, folder);
    int rc = posix_spawnp(ret_pid, arguments[0], &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    return rc;
}

// All that comes from a pipe until its other end is closed; of it the first WORDS_MAX bytes.
static void read_words(int fd, char ret[WORDS_MAX + 1])
{
    size_t length = 0;
    char rest[512];
    for (;;) {
        bool room = length < WORDS_MAX;
        ssize_t got =
            room ? read(fd, ret + length, WORDS_MAX - length) : read(fd, rest, sizeof rest);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            break;
        }
        length += room ? (size_t)got : 0;
    }
    ret[length] = '\0';
}

static int run_some(const char *folder, char *const *arguments, struct error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) {
        return fail(err, errno, "a pipe for gnuplot");
    }
    _cleanup_close_ int words_end = ends[0];
    pid_t pid;
    int rc = start(folder, arguments, ends[1], &pid);
    close(ends[1]);
    if (rc == ENOENT) {
        return fail_lacking(err, "figures need gnuplot, which is not here; the package gnuplot-nox "
                                 "brings it (sudo scripts/deps run)");
    }
    if (rc != 0) {
        return fail(err, rc, "starting gnuplot");
    }
    char words[WORDS_MAX + 1];
    read_words(words_end, words);
    int status;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return fail(err, errno, "waiting for gnuplot");
        }
    }
    if (stop_requested()) {
        return fail_interrupted(err);
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        return fail(err, 0, "gnuplot failed in %s: %s", folder, words);
    }
    return 0;
}

int gnuplot_run(const char *folder, char *const *names, size_t count, struct error *err)
{
    for (size_t first = 0; first < count; first += SCRIPTS_AT_ONCE) {
        size_t some = count - first < SCRIPTS_AT_ONCE ? count - first : SCRIPTS_AT_ONCE;
        _cleanup_free_ char **arguments = memory_new_array(char *, some + 3);
        char program[] = "gnuplot";
        char no_startup_file[] = "--default-settings";
        arguments[0] = program;
        arguments[1] = no_startup_file;
        for (size_t i = 0; i < some; i++) {
            arguments[2 + i] = text_format("%s.gp", names[first + i]);
        }
        int rc = run_some(folder, arguments, err);
        for (size_t i = 0; i < some; i++) {
            free(arguments[2 + i]);
        }
        if (rc < 0) {
            return rc;
        }
    }
    return 0;
}
