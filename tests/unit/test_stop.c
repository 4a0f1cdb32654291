// SPDX-License-Identifier: GPL-3.0-or-later
// tests of base/stop — a request to stop ends every wait, also one that begins after the signal.
// Each case runs in a process of its own, because a request stands until the process ends.
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/stop.h"
#include "base/thread.h"
#include "linux/child.h"
#include "own_folder.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#define SOON_NS (60U * NS_PER_S)   // never reached, but for a machine that stands still
#define LATE_NS (100U * NS_PER_MS) // for a signal that comes while something waits

#define LIBRARY_SIGNALS (3ULL << 31) // 32 and 33, which the C library reserves (signal(7))

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            printf("# %s:%d: %s\n", __FILE__, __LINE__, #condition);                               \
            fflush(stdout);                                                                        \
            return 1;                                                                              \
        }                                                                                          \
    } while (0)

static void runs_well(int (*body)(void))
{
    pid_t child = fork();
    if (child == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        alarm(120);
        stop_install();
        _exit(body());
    }
    int status = -1;
    assert_true(child > 0 && waitpid(child, &status, 0) == child);
    assert_int_equal(status, 0);
}

static void *send_late(void *data)
{
    clock_sleep(LATE_NS);
    (void)kill(getpid(), *(const int *)data);
    return NULL;
}

static int signal_late(void)
{
    static const int number = SIGTERM;
    pthread_t thread;
    return thread_start(&thread, send_late, (void *)&number);
}

// ---- waits

static int before(void)
{
    struct error err = ERROR_INIT;
    EXPECT(!stop_requested());
    (void)kill(getpid(), SIGINT);
    EXPECT(stop_wait(-1, 0, clock_monotonic_ns() + SOON_NS, &err) == -EINTR);
    EXPECT(err.exit_status == EXIT_INTERRUPTED);
    EXPECT(stop_requested());
    EXPECT(stop_sleep(SOON_NS, &err) == -EINTR); // for ever
    error_clear(&err);
    return 0;
}

static void signal_before_a_wait_ends_it(void **state)
{
    (void)state;
    runs_well(before);
}

static int meanwhile(void)
{
    int ends[2];
    EXPECT(pipe(ends) == 0 && signal_late() == 0);
    EXPECT(stop_wait(ends[0], POLLIN, STOP_NO_DEADLINE, NULL) == -EINTR);
    return 0;
}

static void signal_during_a_wait_ends_it(void **state)
{
    (void)state;
    runs_well(meanwhile);
}

static void on_alarm(int number)
{
    (void)number;
}

static int others(void)
{
    int ends[2];
    struct sigaction action = {.sa_handler = on_alarm};
    EXPECT(pipe(ends) == 0 && sigaction(SIGUSR1, &action, NULL) == 0);
    (void)kill(getpid(), SIGUSR1);
    uint64_t until_ns = clock_monotonic_ns() + LATE_NS;
    EXPECT(stop_wait(ends[0], POLLIN, until_ns, NULL) == 0);
    EXPECT(clock_monotonic_ns() >= until_ns);
    EXPECT(write(ends[1], "x", 1) == 1);
    EXPECT(stop_wait(ends[0], POLLIN, STOP_NO_DEADLINE, NULL) == POLLIN);
    return 0;
}

static void other_signals_do_not_end_a_wait(void **state)
{
    (void)state;
    runs_well(others);
}

static int hangup(void)
{
    (void)kill(getpid(), SIGHUP);
    EXPECT(stop_requested());
    return 0;
}

static void hangup_is_a_request(void **state)
{
    (void)state;
    runs_well(hangup);
}

static void hangup_that_is_ignored_stays_ignored(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        (void)signal(SIGHUP, SIG_IGN);
        stop_install();
        (void)kill(getpid(), SIGHUP);
        _exit(stop_requested() ? 1 : 0);
    }
    int status = -1;
    assert_true(waitpid(child, &status, 0) == child);
    assert_int_equal(status, 0);
}

static int own_flag(void)
{
    struct stop_flag flag;
    stop_flag_init(&flag);
    stop_use(&flag);
    EXPECT(!stop_requested() && stop_sleep(NS_PER_MS, NULL) == 0);
    stop_flag_raise(&flag);
    EXPECT(stop_wait(-1, 0, clock_monotonic_ns() + SOON_NS, NULL) == -EINTR);
    stop_use(NULL);
    EXPECT(!stop_requested() && stop_sleep(NS_PER_MS, NULL) == 0);
    stop_flag_clear(&flag);
    return 0;
}

static void flag_of_a_thread_ends_its_waits(void **state)
{
    (void)state;
    runs_well(own_flag);
}

// ---- locks

static int lock_twice(int ends[2])
{
    char path[] = "/tmp/vrbench-lock-XXXXXX";
    ends[0] = mkstemp(path);
    ends[1] = open(path, O_RDWR | O_CLOEXEC);
    (void)unlink(path);
    return ends[0] < 0 || ends[1] < 0 ? -1 : flock(ends[0], LOCK_EX);
}

static int locked(void)
{
    int ends[2];
    EXPECT(lock_twice(ends) == 0 && signal_late() == 0);
    EXPECT(stop_lock(ends[1], LOCK_SH, NULL) == -EINTR);
    return 0;
}

static void signal_ends_the_wait_for_a_lock(void **state)
{
    (void)state;
    runs_well(locked);
}

static void *unlock_late(void *data)
{
    clock_sleep(LATE_NS);
    (void)flock(*(const int *)data, LOCK_UN);
    return NULL;
}

static int unlocked(void)
{
    int ends[2];
    pthread_t thread;
    EXPECT(lock_twice(ends) == 0);
    EXPECT(thread_start(&thread, unlock_late, &ends[0]) == 0);
    EXPECT(stop_lock(ends[1], LOCK_EX, NULL) == 0);
    EXPECT(flock(ends[0], LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK);
    close(ends[1]);
    EXPECT(flock(ends[0], LOCK_EX) == 0); // nothing holds it any more
    return 0;
}

static void lock_is_taken_once_it_is_free(void **state)
{
    (void)state;
    runs_well(unlocked);
}

// ---- files

static int full(void)
{
    int ends[2];
    static char bytes[1U << 20];
    EXPECT(pipe(ends) == 0 && signal_late() == 0);
    EXPECT(stop_write(ends[1], bytes, sizeof bytes, NULL) == -EINTR);
    return 0;
}

static void signal_ends_writing_to_a_full_pipe(void **state)
{
    (void)state;
    runs_well(full);
}

static int last_words(void)
{
    int ends[2];
    EXPECT(pipe(ends) == 0);
    (void)kill(getpid(), SIGTERM);
    EXPECT(stop_write(ends[1], "so far", 6, NULL) == 0);
    return 0;
}

static void what_is_printed_after_a_stop_is_written(void **state)
{
    (void)state;
    runs_well(last_words);
}

static int gone(void)
{
    int ends[2];
    EXPECT(pipe(ends) == 0 && close(ends[0]) == 0);
    EXPECT(stop_write(ends[1], "x", 1, NULL) == -EPIPE);
    return 0;
}

static void reader_that_has_gone_is_an_error(void **state)
{
    (void)state;
    runs_well(gone);
}

static int too_large(void)
{
    const struct rlimit limit = {1, 1};
    FILE *file = tmpfile();
    EXPECT(file != NULL && setrlimit(RLIMIT_FSIZE, &limit) == 0);
    EXPECT(write(fileno(file), "ab", 2) == 1 && write(fileno(file), "c", 1) < 0 && errno == EFBIG);
    return 0;
}

static void file_size_limit_is_an_error(void **state)
{
    (void)state;
    runs_well(too_large);
}

static int fifo(void)
{
    char *text = NULL;
    struct error err = ERROR_INIT;
    _cleanup_free_ char *path = path_of("fifo");
    EXPECT(mkfifo(path, 0600) == 0);
    EXPECT(file_read_plain(path, 4096, &text, NULL, &err) < 0 && err.exit_status == EXIT_INPUT);
    EXPECT(signal_late() == 0);
    EXPECT(file_read(path, 4096, &text, NULL, &err) == -EINTR);
    error_clear(&err);
    return 0;
}

static void signal_ends_reading_a_pipe_without_a_writer(void **state)
{
    (void)state;
    runs_well(fifo);
}

static void *write_late(void *data)
{
    int fd = open(data, O_WRONLY | O_CLOEXEC);
    for (int i = 0; i < 3; i++) {
        clock_sleep(LATE_NS / 4);
        (void)!write(fd, "abc", 3);
    }
    close(fd);
    return NULL;
}

static int read_fifo(void)
{
    char *text = NULL;
    size_t length = 0;
    pthread_t thread;
    _cleanup_free_ char *path = path_of("fifo");
    EXPECT(mkfifo(path, 0600) == 0);
    EXPECT(thread_start(&thread, write_late, path) == 0);
    EXPECT(file_read(path, 4096, &text, &length, NULL) == 0);
    EXPECT(length == 9 && strcmp(text, "abcabcabc") == 0);
    free(text);
    return 0;
}

static void pipe_is_read_to_its_end(void **state)
{
    (void)state;
    runs_well(read_fifo);
}

// ---- children

static int signals_of(const struct child *child, const char *field, unsigned long long *ret)
{
    const char *line = strstr(child->out.text, field);
    EXPECT(line != NULL);
    *ret = strtoull(line + strlen(field), NULL, 16);
    return 0;
}

static int programs(void)
{
    const char *const argv[] = {"grep", "Sig", "/proc/self/status", NULL};
    _cleanup_child_ struct child child = CHILD_INIT;
    char *path = NULL;
    unsigned long long blocked = 1;
    unsigned long long ignored = 1;
    EXPECT(child_find("grep", &path) == 0);
    const struct child_spec spec = {.path = path, .argv = argv};
    EXPECT(child_run(&spec, SOON_NS, &child, NULL) == 0);
    EXPECT(signals_of(&child, "SigBlk:", &blocked) == 0 && blocked == 0);
    EXPECT(signals_of(&child, "SigIgn:", &ignored) == 0 && (ignored & ~LIBRARY_SIGNALS) == 0);
    free(path);
    return 0;
}

static void programs_are_started_with_no_signal_blocked(void **state)
{
    (void)state;
    runs_well(programs);
}

// As libxl does it, which knows nothing of the mask.
static int forked(void)
{
    pid_t child = fork();
    if (child == 0) {
        (void)kill(getpid(), SIGTERM);
        _exit(0);
    }
    int status = 0;
    EXPECT(waitpid(child, &status, 0) == child);
    EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    return 0;
}

static void children_of_libraries_can_be_ended(void **state)
{
    (void)state;
    runs_well(forked);
}

static int closed(void)
{
    close_range(3, ~0U, 0);
    stop_install();
    EXPECT(!stop_requested() && stop_sleep(NS_PER_MS, NULL) == 0);
    (void)kill(getpid(), SIGTERM);
    EXPECT(stop_requested());
    return 0;
}

static void child_that_has_closed_all_files_installs_it_again(void **state)
{
    (void)state;
    runs_well(closed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signal_before_a_wait_ends_it),
        cmocka_unit_test(signal_during_a_wait_ends_it),
        cmocka_unit_test(other_signals_do_not_end_a_wait),
        cmocka_unit_test(hangup_is_a_request),
        cmocka_unit_test(hangup_that_is_ignored_stays_ignored),
        cmocka_unit_test(flag_of_a_thread_ends_its_waits),
        cmocka_unit_test(signal_ends_the_wait_for_a_lock),
        cmocka_unit_test(lock_is_taken_once_it_is_free),
        cmocka_unit_test(signal_ends_writing_to_a_full_pipe),
        cmocka_unit_test(what_is_printed_after_a_stop_is_written),
        cmocka_unit_test(reader_that_has_gone_is_an_error),
        cmocka_unit_test(file_size_limit_is_an_error),
        IN_FOLDER(signal_ends_reading_a_pipe_without_a_writer),
        IN_FOLDER(pipe_is_read_to_its_end),
        cmocka_unit_test(programs_are_started_with_no_signal_blocked),
        cmocka_unit_test(children_of_libraries_can_be_ended),
        cmocka_unit_test(child_that_has_closed_all_files_installs_it_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
