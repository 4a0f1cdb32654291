// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * result/store — see store.h. Owns an open run folder: the descriptor of points.jsonl, whose
 * flock(2) excludes a second run, and the length of the file up to the last complete point.
 *
 * A point is one line, appended by one write and synced before the next trial starts. If that fails
 * half-way (disk full), the file is truncated to its former length. If the machine crashes
 * half-way, the next store_open() cuts the incomplete line off. Called by cli/ and run/.
 */
#include "result/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "base/thread.h"
#include "result/json_text.h"
#include "result/redact.h"

#define POINTS_NAME "points.jsonl"
#define ASIDE_NAME  "points.aside.jsonl"
#define RUN_NAME    "run.json"
#define POINTS_MAX  ((size_t)1 << 30) // bytes; about 300,000 points
#define RUN_MAX     ((size_t)64 << 20)

#define LINES_AT_ONCE   512U
#define LINES_AT_A_TIME 64U // by one thread
#define PARSERS         4U  // threads

struct store {
    char *folder;
    char *points_path;
    int fd;       // points.jsonl, append only, locked
    off_t length; // length of the complete lines
    size_t count; // number of complete lines
};

static void json_cleanup(json_t **json)
{
    json_decref(*json);
}
#define _cleanup_json_ __attribute__((cleanup(json_cleanup)))

static void points_cleanup(struct point_list *list)
{
    point_list_clear(list);
}
#define _cleanup_points_ __attribute__((cleanup(points_cleanup)))

static void store_cleanup(struct store **store)
{
    store_close(*store);
}
#define _cleanup_store_ __attribute__((cleanup(store_cleanup)))

// Syncs a folder, so that new names in it survive a crash.
static int sync_folder(const char *folder, struct error *err)
{
    _cleanup_close_ int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0) {
        return fail(err, errno, "syncing %s", folder);
    }
    return 0;
}

static int read_line(const char *text, size_t length, struct point *ret, bool *ret_not_json,
                     struct error *err)
{
    json_error_t where;
    _cleanup_json_ json_t *json = json_loadb(text, length, JSON_REJECT_DUPLICATES, &where);
    *ret_not_json = json == NULL;
    if (json == NULL) {
        return fail_input(err, "not JSON: %s (column %d)", where.text, where.column);
    }
    return point_from_json(json, ret, err);
}

static void stream_cleanup(FILE **stream)
{
    if (*stream != NULL) {
        fclose(*stream);
    }
}
#define _cleanup_stream_ __attribute__((cleanup(stream_cleanup)))

// Opens a regular file for reading.
static int open_points(const char *path, FILE **ret, struct error *err)
{
    struct stat st;
    _cleanup_close_ int fd = file_open_plain(path, O_RDONLY, 0, err);
    if (fd < 0) {
        return fd;
    }
    if (fstat(fd, &st) < 0 || S_ISDIR(st.st_mode)) {
        return fail(err, EISDIR, "%s", path);
    }
    if ((uint64_t)st.st_size > POINTS_MAX) {
        return fail(err, EFBIG, "%s: larger than %zu bytes", path, POINTS_MAX);
    }
    *ret = fdopen(fd, "r");
    if (*ret == NULL) {
        return fail(err, errno, "%s", path);
    }
    (void)steal_fd(&fd);
    return 0;
}

static bool at_end(FILE *stream)
{
    int next = getc(stream);
    if (next != EOF) {
        ungetc(next, stream);
    }
    return next == EOF;
}

// Lines of points.jsonl, and what they contain. Parsing takes most of the time of reading.
struct batch {
    size_t count;
    bool torn,
        ended; // the last line of the file lacks its newline and is not here; nothing follows
    struct batch_line {
        char *text;
        size_t length, room;
        struct point point;
        int rc; // of read_line(), with `why`
        bool not_json;
        struct error why;
    } lines[LINES_AT_ONCE];
};

static void batch_free(struct batch **batch)
{
    for (size_t i = 0; i < LINES_AT_ONCE; i++) {
        free((*batch)->lines[i].text);
        error_clear(&(*batch)->lines[i].why);
    }
    free(*batch);
}
#define _cleanup_batch_ __attribute__((cleanup(batch_free)))

static int batch_read(FILE *stream, struct batch *batch, const char *path, struct error *err)
{
    batch->count = 0;
    while (batch->count < LINES_AT_ONCE && !batch->torn) {
        struct batch_line *line = &batch->lines[batch->count];
        ssize_t length = getline(&line->text, &line->room, stream);
        if (length < 0 && ferror(stream)) {
            return fail(err, errno, "%s", path);
        }
        if (length <= 0) {
            break;
        }
        batch->torn = line->text[length - 1] != '\n';
        line->length = (size_t)length;
        batch->count += !batch->torn;
    }
    batch->ended = batch->torn || at_end(stream);
    return 0;
}

static void parse_lines(void *context, size_t part)
{
    struct batch *batch = context;
    size_t end = (part + 1) * LINES_AT_A_TIME;
    for (size_t i = part * LINES_AT_A_TIME; i < batch->count && i < end; i++) {
        struct batch_line *line = &batch->lines[i];
        error_clear(&line->why);
        line->rc =
            read_line(line->text, line->length - 1, &line->point, &line->not_json, &line->why);
    }
}

// Moves the points of a batch to the list, until a line is none. Returns how many lines were
// points.
static size_t batch_take(struct batch *batch, struct point_list *list, size_t *length)
{
    size_t taken = 0;
    while (taken < batch->count && batch->lines[taken].rc == 0) {
        point_list_add(list, &batch->lines[taken].point);
        *length += batch->lines[taken++].length;
    }
    for (size_t i = taken; i < batch->count; i++) {
        if (batch->lines[i].rc == 0) {
            point_clear(&batch->lines[i].point);
        }
    }
    return taken;
}

/*
 * Reads the complete lines of points.jsonl in batches, because the file may be larger than memory
 * allows for its points; several threads parse a batch. A crash may leave a last line without
 * newline, or with one but not JSON: that line is not a point, and *ret_whole is the length of the
 * text before it. Any other unreadable line is an error.
 */
static int read_points(const char *path, struct point_list *ret, size_t *ret_whole, bool *ret_torn,
                       struct error *err)
{
    _cleanup_stream_ FILE *stream = NULL;
    int rc = open_points(path, &stream, err);
    if (rc < 0) {
        return rc;
    }
    _cleanup_points_ struct point_list list = {NULL, 0};
    _cleanup_batch_ struct batch *batch = memory_new(1, sizeof *batch);
    size_t at = 0;
    size_t before = 0; // lines of earlier batches
    do {
        rc = batch_read(stream, batch, path, err);
        if (rc < 0) {
            return rc;
        }
        size_t parts = (batch->count + LINES_AT_A_TIME - 1) / LINES_AT_A_TIME;
        thread_each(parts, PARSERS, parse_lines, batch);
        size_t taken = batch_take(batch, &list, &at);
        if (taken < batch->count) {
            const struct batch_line *line = &batch->lines[taken];
            bool last = taken + 1 == batch->count && batch->ended && !batch->torn;
            if (!line->not_json || !last) {
                return fail_input(err, "%s:%zu: %s", path, before + taken + 1, line->why.text);
            }
            batch->torn = true;
        }
        before += batch->count;
    } while (!batch->ended);
    *ret = list;
    list = (struct point_list){NULL, 0};
    *ret_whole = at;
    *ret_torn = batch->torn;
    return 0;
}

static int read_run(const char *path, json_t **ret, struct error *err)
{
    _cleanup_free_ char *text = NULL;
    size_t length;
    int rc = file_read_plain(path, RUN_MAX, &text, &length, err);
    if (rc < 0) {
        return rc;
    }
    json_error_t where;
    json_t *run = json_loadb(text, length, JSON_REJECT_DUPLICATES, &where);
    if (run == NULL) {
        return fail_input(err, "%s:%d:%d: %s", path, where.line, where.column, where.text);
    }
    *ret = run;
    return 0;
}

// A new run may use an empty folder, or one with other files, but not one with a run.
static int refuse_used(const char *folder, bool run, bool points, bool resume, struct error *err)
{
    if (resume && points && !run) {
        return fail_input(err, "%s contains points but no " RUN_NAME, folder);
    }
    if (!resume && (run || points)) {
        return fail_input(
            err,
            "%s already contains a run; continue it with vrbench run --resume, or name "
            "another folder",
            folder);
    }
    return 0;
}

int store_check(const char *folder, bool resume, json_t **ret_run, struct error *err)
{
    _cleanup_free_ char *run_path = text_format("%s/" RUN_NAME, folder);
    _cleanup_free_ char *points_path = text_format("%s/" POINTS_NAME, folder);
    struct stat st;
    bool has_run = access(run_path, F_OK) == 0;
    bool has_points = stat(points_path, &st) == 0 && st.st_size > 0;
    int rc = refuse_used(folder, has_run, has_points, resume, err);
    json_t *run = NULL;
    if (rc == 0 && has_run) {
        rc = read_run(run_path, &run, err);
    }
    if (rc < 0) {
        return rc;
    }
    *ret_run = run;
    return 0;
}

static int lock(const struct store *store, struct error *err)
{
    if (flock(store->fd, LOCK_EX | LOCK_NB) == 0) {
        return 0;
    }
    if (errno == EWOULDBLOCK) {
        return fail_input(err, "%s is being written by another run", store->folder);
    }
    return fail(err, errno, "locking %s", store->points_path);
}

// Reads the points of an earlier run and cuts off an incomplete last line.
static int take_up(struct store *store, struct point_list *ret, struct error *err)
{
    _cleanup_points_ struct point_list list = {NULL, 0};
    size_t whole = 0;
    bool torn = false;
    int rc = read_points(store->points_path, &list, &whole, &torn, err);
    if (rc < 0) {
        return rc;
    }
    if (torn) {
        if (ftruncate(store->fd, (off_t)whole) < 0 || fdatasync(store->fd) < 0) {
            return fail(err, errno, "cutting the incomplete last line off %s", store->points_path);
        }
        log_note("store", "%s: the last line was incomplete and was cut off", store->points_path);
    }
    store->length = (off_t)whole;
    store->count = list.count;
    *ret = list;
    list = (struct point_list){NULL, 0};
    return 0;
}

int store_open(const char *folder, bool resume, struct store **ret, struct point_list *ret_points,
               json_t **ret_run, struct error *err)
{
    if (folder[0] == '\0') {
        return fail_input(err, "the folder for the results: the name is empty");
    }
    int rc = file_make_dirs(folder, err);
    if (rc < 0) {
        return rc;
    }
    _cleanup_store_ struct store *store = memory_new_array(struct store, 1);
    store->fd = -1;
    store->folder = text_copy(folder);
    store->points_path = text_format("%s/" POINTS_NAME, folder);
    _cleanup_free_ char *run_path = text_format("%s/" RUN_NAME, folder);

    // Checked twice: first so that a refused folder is not touched, then under the lock.
    struct stat st;
    bool has_run = access(run_path, F_OK) == 0;
    bool has_points = stat(store->points_path, &st) == 0 && st.st_size > 0;
    rc = refuse_used(folder, has_run, has_points, resume, err);
    if (rc < 0) {
        return rc;
    }
    store->fd = file_open_plain(store->points_path, O_RDWR | O_CREAT | O_APPEND, 0644, err);
    if (store->fd < 0) {
        return store->fd;
    }
    rc = lock(store, err);
    if (rc < 0) {
        return rc;
    }
    has_run = access(run_path, F_OK) == 0;
    has_points = fstat(store->fd, &st) == 0 && st.st_size > 0;
    rc = refuse_used(folder, has_run, has_points, resume, err);
    if (rc < 0) {
        return rc;
    }
    _cleanup_json_ json_t *run = NULL;
    if (has_run) {
        rc = read_run(run_path, &run, err);
        if (rc < 0) {
            return rc;
        }
    }
    _cleanup_points_ struct point_list list = {NULL, 0};
    rc = take_up(store, &list, err);
    if (rc < 0) {
        return rc;
    }
    rc = sync_folder(folder, err);
    if (rc < 0) {
        return rc;
    }
    *ret_points = list;
    list = (struct point_list){NULL, 0};
    *ret_run = steal_pointer(&run);
    *ret = steal_pointer(&store);
    return 0;
}

const char *store_folder(const struct store *store)
{
    return store->folder;
}

// Appends by one write; a second write only finds the reason why the first was short.
static int append(int fd, const char *line, size_t length)
{
    while (length > 0) {
        ssize_t put = write(fd, line, length);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return put < 0 ? -errno : -EIO;
        }
        line += put;
        length -= (size_t)put;
    }
    return fdatasync(fd) < 0 ? -errno : 0;
}

int store_append(struct store *store, const struct point *point, struct error *err)
{
    _cleanup_json_ json_t *json = point_to_json(point);
    // A point that cannot be read back is not written: it would make all later points unreadable.
    struct point again;
    _cleanup_error_ struct error why = ERROR_INIT;
    int rc = point_from_json(json, &again, &why);
    if (rc < 0) {
        return fail(err, 0, "a point that contradicts itself was not written to %s: %s",
                    store->points_path, why.text);
    }
    point_clear(&again);
    _cleanup_free_ char *text = json_to_text(json, 0);
    _cleanup_free_ char *line = text_format("%s\n", text);
    size_t length = strlen(line);
    rc = append(store->fd, line, length);
    if (rc < 0) {
        if (ftruncate(store->fd, store->length) < 0) {
            log_warning("store", "%s: the last line is incomplete; --resume cuts it off",
                        store->points_path);
        }
        return fail(err, -rc, "%s: writing point %zu (the %zu points before it are saved)",
                    store->points_path, store->count + 1, store->count);
    }
    store->length += (off_t)length;
    store->count++;
    return 0;
}

// Appends a point's line to a text.
static void text_add_point(char **text, size_t *length, const struct point *point)
{
    _cleanup_json_ json_t *json = point_to_json(point);
    _cleanup_free_ char *line = json_to_text(json, 0);
    size_t more = strlen(line);
    *text = memory_resize(*text, *length + more + 2, 1);
    memcpy(*text + *length, line, more);
    memcpy(*text + *length + more, "\n", 2);
    *length += more + 1;
}

// Replaces points.jsonl, and the descriptor and the lock of the store with it.
static int store_rewrite(struct store *store, const char *text, size_t length, size_t count,
                         struct error *err)
{
    int rc = file_replace(store->points_path, text, length, err);
    if (rc < 0) {
        return rc;
    }
    int fd = file_open_plain(store->points_path, O_RDWR | O_APPEND, 0, err);
    if (fd < 0) {
        return fd;
    }
    close(store->fd);
    store->fd = fd;
    store->length = (off_t)length;
    store->count = count;
    return lock(store, err);
}

int store_set_aside(struct store *store, struct point_list *points,
                    bool (*is_aside)(const struct point *), struct error *err)
{
    _cleanup_free_ char *kept = text_copy("");
    _cleanup_free_ char *aside = text_copy("");
    size_t kept_length = 0;
    size_t aside_length = 0;
    size_t count = 0;
    for (size_t i = 0; i < points->count; i++) {
        const struct point *point = &points->items[i];
        if (is_aside(point)) {
            text_add_point(&aside, &aside_length, point);
        } else {
            text_add_point(&kept, &kept_length, point);
            count++;
        }
    }
    if (aside_length == 0) {
        return 0;
    }
    _cleanup_free_ char *path = text_format("%s/" ASIDE_NAME, store->folder);
    _cleanup_close_ int fd = file_open_plain(path, O_WRONLY | O_CREAT | O_APPEND, 0644, err);
    if (fd < 0) {
        return fd;
    }
    int rc = append(fd, aside, aside_length);
    if (rc < 0) {
        return fail(err, -rc, "%s", path);
    }
    rc = store_rewrite(store, kept, kept_length, count, err);
    if (rc < 0) {
        return rc;
    }
    struct point_list rest = {NULL, 0};
    for (size_t i = 0; i < points->count; i++) {
        if (is_aside(&points->items[i])) {
            point_clear(&points->items[i]);
        } else {
            point_list_add(&rest, &points->items[i]);
        }
    }
    free(points->items);
    *points = rest;
    return 0;
}

int store_write_run(struct store *store, const json_t *run, struct error *err)
{
    _cleanup_free_ char *path = text_format("%s/" RUN_NAME, store->folder);
    _cleanup_json_ json_t *redacted = redact_json(run);
    _cleanup_free_ char *text = json_to_text(redacted, 2);
    _cleanup_free_ char *whole = text_format("%s\n", text);
    int rc = file_replace(path, whole, strlen(whole), err);
    return rc < 0 ? rc : sync_folder(store->folder, err);
}

void store_close(struct store *store)
{
    if (store == NULL) {
        return;
    }
    if (store->fd >= 0) {
        close(store->fd); // releases the lock
    }
    free(store->points_path);
    free(store->folder);
    free(store);
}

int store_read_run(const char *folder, json_t **ret, struct error *err)
{
    _cleanup_free_ char *path = text_format("%s/" RUN_NAME, folder);
    return read_run(path, ret, err);
}

int store_read_points(const char *folder, struct point_list *ret, struct error *err)
{
    _cleanup_free_ char *path = text_format("%s/" POINTS_NAME, folder);
    if (access(path, F_OK) < 0) {
        return errno == ENOENT || errno == ENOTDIR
                   ? fail_input(err, "%s is not the folder of a run: it has no " POINTS_NAME,
                                folder)
                   : fail(err, errno, "%s", path);
    }
    size_t whole;
    bool torn; // a run may be writing the line at this moment
    return read_points(path, ret, &whole, &torn, err);
}
