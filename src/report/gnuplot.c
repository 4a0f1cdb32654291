// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/gnuplot — see gnuplot.h. gnuplot runs without the user's start-up file.
 */
#include "report/gnuplot.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/stop.h"
#include "base/text.h"
#include "linux/child.h"
#include "linux/cpu.h"

#define SCRIPTS_AT_ONCE 6 // per process: a second or two of work
#define DRAWINGS_MAX    8 // parallel processes
#define WITHIN_NS       (600U * NS_PER_S)
#define WORDS_MAX       2000 // characters of gnuplot's output in an error message

// One gnuplot process and its scripts.
struct drawing {
    struct child child;
    char *arguments[SCRIPTS_AT_ONCE + 3]; // program, option, scripts, NULL
    size_t count;
};

static void drawing_clear(struct drawing *drawing)
{
    child_end(&drawing->child);
    for (size_t i = 0; i < drawing->count; i++) {
        free(drawing->arguments[i]);
    }
    *drawing = (struct drawing){.child = CHILD_INIT};
}

static int drawing_start(const char *path, const char *folder, char *const *names, size_t count,
                         struct drawing *ret, struct error *err)
{
    ret->arguments[ret->count++] = text_copy("gnuplot");
    ret->arguments[ret->count++] = text_copy("--default-settings"); // not the user's
    for (size_t i = 0; i < count; i++) {
        ret->arguments[ret->count++] = text_format("%s.gp", names[i]);
    }
    const struct child_spec spec = {
        .path = path, .argv = (const char *const *)ret->arguments, .folder = folder};
    return child_start(&spec, &ret->child, err);
}

static int drawing_check(const char *folder, const struct drawing *drawing, struct error *err)
{
    const struct child *child = &drawing->child;
    if (!WIFEXITED(child->status) || WEXITSTATUS(child->status) != 0) {
        return fail(err, 0, "gnuplot failed in %s: %.*s%.*s", folder, WORDS_MAX, child->out.text,
                    WORDS_MAX, child->err.text);
    }
    return 0;
}

// Waits for one process to end, and frees its slot.
static int await_drawing(const char *folder, struct drawing *drawings, size_t count,
                         uint64_t until_ns, struct error *err)
{
    struct child *children[DRAWINGS_MAX];
    struct drawing *running[DRAWINGS_MAX];
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        if (drawings[i].count > 0) {
            running[found] = &drawings[i];
            children[found++] = &drawings[i].child;
        }
    }
    for (;;) {
        for (size_t i = 0; i < found; i++) {
            if (children[i]->ended) {
                int rc = drawing_check(folder, running[i], err);
                drawing_clear(running[i]);
                return rc;
            }
        }
        if (stop_requested()) {
            return fail_interrupted(err);
        }
        int rc = child_wait(children, found, until_ns, err);
        if (rc == 0) {
            return fail(err, ETIMEDOUT, "gnuplot in %s", folder);
        }
        if (rc < 0 && rc != -EINTR) {
            return rc;
        }
    }
}

// Draws all figures with one gnuplot per CPU.
static int draw_all(const char *path, const char *folder, char *const *names, size_t count,
                    struct error *err)
{
    struct drawing drawings[DRAWINGS_MAX];
    struct cpu_list usable = {.count = 1};
    (void)cpu_list_usable(&usable, NULL);
    size_t places = usable.count > DRAWINGS_MAX ? DRAWINGS_MAX : usable.count;
    for (size_t i = 0; i < places; i++) {
        drawings[i] = (struct drawing){.child = CHILD_INIT};
    }
    uint64_t until_ns = clock_monotonic_ns() + WITHIN_NS;
    size_t begun = 0;
    int rc = 0;
    for (size_t running = 0; rc == 0 && (begun < count || running > 0);) {
        for (size_t i = 0; rc == 0 && begun < count && i < places; i++) {
            size_t left = count - begun;
            size_t some = left < SCRIPTS_AT_ONCE ? left : SCRIPTS_AT_ONCE;
            if (drawings[i].count == 0) {
                rc = drawing_start(path, folder, names + begun, some, &drawings[i], err);
                begun += some;
                running++;
            }
        }
        if (rc == 0) {
            rc = await_drawing(folder, drawings, places, until_ns, err);
            running--;
        }
    }
    for (size_t i = 0; i < places; i++) {
        drawing_clear(&drawings[i]);
    }
    return rc;
}

int gnuplot_run(const char *folder, char *const *names, size_t count, struct error *err)
{
    _cleanup_free_ char *path = NULL;
    if (child_find("gnuplot", &path) < 0) {
        return fail_lacking(err, "figures require gnuplot, which is not installed; install the "
                                 "package gnuplot-nox (sudo scripts/deps run)");
    }
    return draw_all(path, folder, names, count, err);
}
