// SPDX-License-Identifier: GPL-3.0-or-later
// tests of base/folder and base/file — what root writes goes where it was meant to, although others
// have planted links there, and belongs to the owner of the folder. As another user, those cases
// that need root are skipped.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/folder.h"
#include "base/private_folder.h"
#include "base/text.h"
#include "own_folder.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#define USER 12345U

static void put(const char *path, const char *text)
{
    assert_int_equal(file_replace_passing(path, text, strlen(text), NULL), 0);
}

static void holds(const char *path, const char *text)
{
    _cleanup_free_ char *got = NULL;
    assert_int_equal(file_read(path, 4096, &got, NULL, NULL), 0);
    assert_string_equal(got, text);
}

static void belongs_to(const char *path, uid_t user)
{
    struct stat st;
    assert_int_equal(lstat(path, &st), 0);
    assert_int_equal(st.st_uid, user);
}

static mode_t kind_of(const char *path)
{
    struct stat st;
    assert_int_equal(lstat(path, &st), 0);
    return st.st_mode & S_IFMT;
}

static void needs_root(void)
{
    if (geteuid() != 0) {
        skip();
    }
}

static void link_in_place_of_a_file_is_replaced(void **state)
{
    (void)state;
    _cleanup_free_ char *precious = path_of("precious");
    _cleanup_free_ char *link = path_of("run.json");
    put(precious, "mine");
    assert_int_equal(symlink("precious", link), 0);
    put(link, "new");
    holds(precious, "mine");
    holds(link, "new");
    assert_int_equal(kind_of(link), S_IFREG);
}

static void planted_passing_names_are_left_alone(void **state)
{
    (void)state;
    _cleanup_free_ char *precious = path_of("precious");
    _cleanup_free_ char *file = path_of("run.json");
    _cleanup_free_ char *beside = path_of("run.json.new");
    put(precious, "mine");
    assert_int_equal(symlink("precious", beside), 0);
    put(file, "new");
    holds(precious, "mine");
    assert_int_equal(file_replace_private(file, "newer", 5, NULL), 0);
    holds(precious, "mine");
    holds(file, "newer");
    struct stat st;
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void root_follows_no_folder_link_of_others(void **state)
{
    (void)state;
    needs_root();
    _cleanup_free_ char *there = path_of("there");
    _cleanup_free_ char *link = path_of("figures");
    _cleanup_free_ char *file = path_of("figures/a.svg");
    _cleanup_free_ char *below = path_of("figures/new");
    struct error err = ERROR_INIT;
    assert_int_equal(mkdir(there, 0755), 0);
    assert_int_equal(symlink("there", link), 0);
    put(file, "by a link of root"); // ours: followed
    assert_int_equal(lchown(link, USER, USER), 0);
    assert_int_equal(file_replace(file, "x", 1, &err), -ELOOP);
    assert_non_null(strstr(err.text, "symbolic link"));
    assert_true(file_make_dirs(below, NULL) < 0);
    assert_true(file_output(file, "x", 1, NULL) < 0);
    char number[16];
    (void)snprintf(number, sizeof number, "%u", USER);
    assert_int_equal(setenv("SUDO_UID", number, 1), 0); // the user who called sudo may
    put(file, "by a link of the caller");
    assert_int_equal(unsetenv("SUDO_UID"), 0);
    error_clear(&err);
}

static void what_root_makes_belongs_to_the_owner_of_the_folder(void **state)
{
    (void)state;
    needs_root();
    _cleanup_free_ char *home = path_of("home");
    _cleanup_free_ char *below = path_of("home/a/b");
    _cleanup_free_ char *above = path_of("home/a");
    _cleanup_free_ char *file = path_of("home/a/b/run.json");
    _cleanup_free_ char *own = path_of("root.json");
    assert_int_equal(mkdir(home, 0755), 0);
    assert_int_equal(chown(home, USER, USER), 0);
    assert_int_equal(file_make_dirs(below, NULL), 0);
    put(file, "x");
    put(own, "x");
    belongs_to(above, USER);
    belongs_to(below, USER);
    belongs_to(file, USER);
    belongs_to(own, 0);
}

static void new_folders_of_one_name_are_several(void **state)
{
    (void)state;
    _cleanup_free_ char *stem = path_of("run");
    _cleanup_free_ char *second = path_of("run-2");
    _cleanup_free_ char *first = NULL;
    _cleanup_free_ char *other = NULL;
    assert_int_equal(folder_make_new(stem, &first, NULL), 0);
    assert_int_equal(folder_make_new(stem, &other, NULL), 0);
    assert_string_equal(first, stem);
    assert_string_equal(other, second);
    assert_int_equal(kind_of(other), S_IFDIR);
}

static void output_follows_a_link_to_its_target(void **state)
{
    (void)state;
    _cleanup_free_ char *plain = path_of("plain");
    _cleanup_free_ char *link = path_of("link");
    _cleanup_free_ char *second = path_of("second");
    put(plain, "old");
    assert_int_equal(symlink("plain", link), 0);
    assert_int_equal(symlink(link, second), 0);
    assert_int_equal(file_output(second, "new", 3, NULL), 0);
    holds(plain, "new");
    assert_int_equal(kind_of(link), S_IFLNK);
    assert_int_equal(kind_of(second), S_IFLNK);
}

static void *read_fifo(void *path)
{
    char *text = NULL;
    return file_read(path, 4096, &text, NULL, NULL) == 0 ? text : NULL;
}

static void output_is_written_to_pipes_and_devices(void **state)
{
    (void)state;
    _cleanup_free_ char *fifo = path_of("fifo");
    pthread_t reader;
    void *got = NULL;
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(pthread_create(&reader, NULL, read_fifo, fifo), 0);
    assert_int_equal(file_output(fifo, "text", 4, NULL), 0);
    assert_int_equal(pthread_join(reader, &got), 0);
    assert_string_equal(got, "text");
    free(got);
    assert_int_equal(kind_of(fifo), S_IFIFO);
    assert_int_equal(file_output("/dev/null", "text", 4, NULL), 0);
    assert_int_equal(kind_of("/dev/null"), S_IFCHR);
    assert_true(file_output("/dev/full", "text", 4, NULL) == -ENOSPC);
}

static void output_to_a_pipe_that_nobody_reads_fails(void **state)
{
    (void)state;
    _cleanup_free_ char *fifo = path_of("fifo");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_true(file_output(fifo, "text", 4, NULL) < 0);
}

// Writes to an open file and closes it.
static void put_and_close(int fd)
{
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "text", 4), 4);
    close(fd);
}

static void new_file_replaces_a_link_to_a_file(void **state)
{
    (void)state;
    _cleanup_free_ char *file = path_of("file");
    _cleanup_free_ char *link = path_of("link");
    put(file, "old");
    assert_int_equal(symlink("file", link), 0);
    put_and_close(file_open_new(link, 0600, NULL));
    holds(link, "text");
    assert_int_equal(kind_of(link), S_IFREG);
    assert_int_equal(unlink(link), 0);
    assert_int_equal(symlink("nothing", link), 0);
    put_and_close(file_open_new(link, 0600, NULL));
    holds(link, "text");
    assert_int_equal(kind_of(link), S_IFREG);
    put_and_close(file_open_new(file, 0600, NULL));
    holds(file, "text");
}

// As /dev/stdout, whose output may go to a file, too.
static void new_file_replaces_no_link_of_the_system(void **state)
{
    (void)state;
    _cleanup_free_ char *file = path_of("file");
    _cleanup_free_ char *first = path_of("first");
    _cleanup_free_ char *second = path_of("second");
    _cleanup_free_ char *loop = path_of("loop");
    put(file, "old");
    _cleanup_close_ int fd = open(file, O_WRONLY | O_CLOEXEC);
    _cleanup_free_ char *magic = text_format("/proc/self/fd/%d", fd);
    assert_true(fd >= 0);
    assert_int_equal(symlink(magic, first), 0);
    assert_int_equal(symlink("first", second), 0);
    assert_int_equal(symlink("loop", loop), 0);
    const char *const links[] = {first, second, loop, magic};
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        assert_int_equal(file_open_new(links[i], 0600, NULL), -EINVAL);
        assert_int_equal(kind_of(links[i]), S_IFLNK);
    }
    put_and_close(steal_fd(&fd));
    holds(file, "text");
}

static void *read_fifo_late(void *path)
{
    const struct timespec moment = {.tv_nsec = 100000000};
    (void)nanosleep(&moment, NULL);
    return read_fifo(path);
}

static void new_file_may_be_a_pipe_that_is_read_later(void **state)
{
    (void)state;
    _cleanup_free_ char *fifo = path_of("fifo");
    struct error err = ERROR_INIT;
    pthread_t reader;
    void *got = NULL;
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(pthread_create(&reader, NULL, read_fifo_late, fifo), 0);
    put_and_close(file_open_new(fifo, 0600, NULL));
    assert_int_equal(pthread_join(reader, &got), 0);
    assert_string_equal(got, "text");
    free(got);
    assert_true(file_open_new(fifo, 0600, &err) < 0);
    assert_non_null(strstr(err.text, "no process reads from this pipe"));
    error_clear(&err);
}

static void only_regular_files_are_plain(void **state)
{
    (void)state;
    _cleanup_free_ char *plain = path_of("plain");
    _cleanup_free_ char *link = path_of("link");
    char *text = NULL;
    put(plain, "x");
    assert_int_equal(symlink("plain", link), 0);
    assert_int_equal(file_read_plain(link, 4096, &text, NULL, NULL), -EINVAL);
    assert_int_equal(file_read_plain("/dev/null", 4096, &text, NULL, NULL), -EINVAL);
    assert_int_equal(file_read_plain(plain, 4096, &text, NULL, NULL), 0);
    free(text);
}

static void private_folder_is_published_and_removed(void **state)
{
    (void)state;
    char *place = NULL;
    struct stat st;
    assert_int_equal(private_folder_make(&place, NULL), 0);
    assert_int_equal(stat(place, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    _cleanup_free_ char *made = text_format("%s/a.svg", place);
    _cleanup_free_ char *figures = path_of("figures");
    _cleanup_free_ char *file = path_of("figures/a.svg");
    _cleanup_free_ char *was = text_copy(place);
    put(made, "<svg/>");
    assert_int_equal(private_folder_publish(place, figures, NULL), 0);
    private_folder_discard(&place);
    assert_null(place);
    holds(file, "<svg/>");
    assert_int_equal(access(was, F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(link_in_place_of_a_file_is_replaced),
        IN_FOLDER(planted_passing_names_are_left_alone),
        IN_FOLDER(root_follows_no_folder_link_of_others),
        IN_FOLDER(what_root_makes_belongs_to_the_owner_of_the_folder),
        IN_FOLDER(new_folders_of_one_name_are_several),
        IN_FOLDER(output_follows_a_link_to_its_target),
        IN_FOLDER(output_is_written_to_pipes_and_devices),
        IN_FOLDER(output_to_a_pipe_that_nobody_reads_fails),
        IN_FOLDER(new_file_replaces_a_link_to_a_file),
        IN_FOLDER(new_file_replaces_no_link_of_the_system),
        IN_FOLDER(new_file_may_be_a_pipe_that_is_read_later),
        IN_FOLDER(only_regular_files_are_plain),
        IN_FOLDER(private_folder_is_published_and_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
