// SPDX-License-Identifier: GPL-3.0-or-later
// owner/view — see view.h. Called by run/.
#include "owner/view.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/stop.h"
#include "base/text.h"
#include "base/thread.h"
#include "owner/look.h"
#include "owner/paths.h"
#include "owner/strays.h"
#include "owner/wire.h"
#include "sampler/sample_json.h"
#include "sampler/sampler.h"
#include "testbed/record.h"

#define ANSWER_WITHIN_NS (2U * NS_PER_S)
#define BACKLOG          16

struct view {
    pthread_t thread;
    struct stop_flag stop;
    int listener;
    char *path, *prefix; // of the socket; of the ids of this process
};

// ---- the run's testbeds

// Adds one testbed to an answer. Keeps nothing open, since the run may remove the testbed any time.
static bool view_read(const char *id, const json_t *request, struct sample_text *text)
{
    struct record *record = NULL;
    struct testbed *testbed = NULL;
    const char *name = json_string_value(json_object_get(request, "testbed"));
    if (record_open(id, &record, NULL) < 0) {
        return false;
    }
    if (testbed_attach(record, &testbed, NULL) < 0) {
        record_forget(record);
        return false;
    }
    bool wanted = name == NULL || text_equal(name, id) || text_equal(name, testbed_name(testbed));
    if (wanted) {
        struct sampler *sampler = sampler_new();
        sampler_update(sampler, testbed, SAMPLER_ALL);
        if (sampler_needs_survey(sampler)) {
            struct sample survey;
            sampler_survey(testbed, SURVEY_ALL, &survey);
            sampler_take_survey(sampler, SURVEY_ALL, &survey);
            sample_clear(&survey);
        }
        sampler_visit(sampler,
                      json_is_true(json_object_get(request, "networks")) ? SAMPLER_NETWORKS
                                                                         : SAMPLER_CPU,
                      sample_text_add, text);
        sampler_free(sampler);
    }
    testbed_free(testbed);
    return wanted;
}

static void view_answer(const struct view *view, const json_t *request, struct wire *wire)
{
    uint64_t began_ns = clock_monotonic_ns();
    struct sample_text text;
    bool found = false;
    char **ids = NULL;
    size_t count = 0;
    sample_text_begin(&text);
    if (record_list(&ids, &count, NULL) == 0) {
        for (size_t i = 0; i < count; i++) {
            found |= text_starts(ids[i], view->prefix) && view_read(ids[i], request, &text);
        }
    }
    record_free_ids(ids, count);
    sample_text_end(&text, began_ns, NULL, found);
    wire_put_line(wire, text.bytes, text.length);
    free(text.bytes);
}

// Waits until the client can send or receive. False after a stop or the deadline.
static bool view_await(const struct view *view, const struct wire *wire, uint64_t until_ns)
{
    struct pollfd waits[] = {
        {.fd = wire->fd, .events = (short)(wire_has_output(wire) ? POLLOUT : POLLIN)},
        {.fd = view->stop.fd, .events = POLLIN},
    };
    uint64_t now_ns = clock_monotonic_ns();
    return now_ns < until_ns && poll(waits, 2, (int)((until_ns - now_ns) / NS_PER_MS) + 1) > 0 &&
           waits[1].revents == 0;
}

static void view_serve(const struct view *view, int fd)
{
    struct wire wire = {.fd = fd, .in_max = WIRE_LOOK_MAX};
    uint64_t until_ns = clock_monotonic_ns() + ANSWER_WITHIN_NS;
    json_t *request = NULL;
    int rc = 0;
    while ((rc = wire_take(&wire, &request)) == 0) {
        if (!view_await(view, &wire, until_ns) || wire_receive(&wire) < 0) {
            break;
        }
    }
    if (rc == 1) {
        view_answer(view, request, &wire);
        json_decref(request);
        while (wire_send(&wire) == 0 && wire_has_output(&wire) &&
               view_await(view, &wire, until_ns)) {
        }
    }
    wire_clear(&wire);
}

static void *view_thread(void *context)
{
    struct view *view = context;
    stop_use(&view->stop);
    for (;;) {
        struct pollfd waits[] = {{.fd = view->listener, .events = POLLIN},
                                 {.fd = view->stop.fd, .events = POLLIN}};
        if (poll(waits, 2, -1) < 0 && errno != EINTR) {
            return NULL;
        }
        if (waits[1].revents != 0) {
            return NULL;
        }
        int fd = accept4(view->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            view_serve(view, fd);
        }
    }
}

// ---- its life

static int view_listen(struct view *view, struct error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", view->path);
    int rc = file_make_dirs(RECORD_ROOT, err);
    if (rc < 0) {
        return rc;
    }
    view->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (view->listener < 0) {
        return fail(err, errno, "making a socket");
    }
    (void)unlink(view->path); // of a dead process with the same PID
    if (bind(view->listener, (const struct sockaddr *)&address, sizeof address) < 0) {
        return fail(err, errno, "%s", view->path);
    }
    rc = look_share_socket(view->path, err); // before anyone can connect
    if (rc == 0 && listen(view->listener, BACKLOG) < 0) {
        return fail(err, errno, "%s", view->path);
    }
    return rc;
}

static void view_free(struct view *view)
{
    if (view->listener >= 0) {
        (void)unlink(view->path);
        close(view->listener);
    }
    stop_flag_clear(&view->stop);
    free(view->path);
    free(view->prefix);
    free(view);
    (void)rmdir(RECORD_ROOT); // fails, as intended, while records exist
}

int view_start(struct view **ret, struct error *err)
{
    struct view *view = memory_new(1, sizeof *view);
    strays_remove();
    view->listener = -1;
    view->path = text_format(RECORD_ROOT "/" VIEW_PREFIX "%d", (int)getpid());
    view->prefix = text_format("%d-", (int)getpid());
    stop_flag_init(&view->stop);
    int rc = view_listen(view, err);
    if (rc == 0) {
        int why = thread_start(&view->thread, view_thread, view);
        rc = why == 0 ? 0 : fail(err, why, "starting a thread");
    }
    if (rc < 0) {
        view_free(view);
        return rc;
    }
    *ret = view;
    return 0;
}

void view_stop(struct view *view)
{
    if (view == NULL) {
        return;
    }
    stop_flag_raise(&view->stop);
    (void)pthread_join(view->thread, NULL);
    view_free(view);
}
