// SPDX-License-Identifier: GPL-3.0-or-later
// owner/client — see client.h. Called by the commands.
#include "owner/client.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/text.h"
#include "base/thread.h"
#include "linux/process.h"
#include "linux/rights.h"
#include "owner/paths.h"
#include "owner/view.h"
#include "owner/wire.h"
#include "result/json_text.h"
#include "sampler/sample_json.h"
#include "testbed/record.h"

#define ATTEMPTS         5U
#define REASON_MAX       4095U // bytes of a message of an owner that could not start
#define CALLS_AT_ONCE    8U
#define START_PAUSE_NS   (50U * NS_PER_MS)
#define CANCEL_WITHIN_NS (60U * NS_PER_S) // limit for a cancelled request to end
#define LOOK_MS          200              // interval of checks for the deadline of an answer
#define VIEW_WITHIN_NS   (2U * NS_PER_S)  // limit for a run to answer

// ---- starting an owner

static _Noreturn void owner_exec(int ready)
{
    char descriptor[16];
    (void)setsid();
    (void)!chdir("/");
    int null = open("/dev/null", O_RDWR);
    (void)file_make_dirs(RECORD_ROOT, NULL);
    int log = open(OWNER_LOG, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
        dup2(log >= 0 ? log : null, STDOUT_FILENO) < 0 ||
        dup2(log >= 0 ? log : null, STDERR_FILENO) < 0) {
        _exit(EXIT_FAILED);
    }
    // Keeps only the descriptor on which the caller waits.
    if (dup2(ready, 3) < 0 || close_range(4, ~0U, 0) < 0) {
        _exit(EXIT_FAILED);
    }
    snprintf(descriptor, sizeof descriptor, "%d", 3);
    char *argv[] = {(char *)"vrbench", (char *)"owner", (char *)"--ready", descriptor, NULL};
    execv("/proc/self/exe", argv);
    _exit(EXIT_FAILED);
}

// Waits until a new owner accepts requests or has ended. Fails with the reason that it reports.
static int await_ready(int reading, struct error *err)
{
    char why[REASON_MAX + 1];
    size_t length = 0;
    ssize_t got = 0;
    do {
        length += (size_t)got;
        got = stop_read(reading, why + length, REASON_MAX - length, err);
    } while (got > 0);
    why[length] = '\0';
    return got < 0      ? (int)got
           : length > 0 ? fail(err, 0, "starting the testbed owner: %s", why)
                        : 0;
}

// Starts the owner's process and waits until it accepts requests or has ended.
static int owner_start(struct error *err)
{
    int ends[2];
    int rc = process_check_view(err); // an owner that does not see them would take routers for dead
    if (rc < 0) {
        return rc;
    }
    if (pipe2(ends, O_CLOEXEC) < 0) {
        return fail(err, errno, "making a pipe");
    }
    _cleanup_close_ int reading = ends[0];
    fflush(NULL);
    // Forks twice, so that no process must wait for the owner.
    pid_t child = fork();
    if (child == 0) {
        _exit(fork() == 0 ? (owner_exec(ends[1]), 0) : 0);
    }
    int saved = errno;
    close(ends[1]);
    if (child < 0) {
        return fail(err, saved, "starting the testbed owner");
    }
    (void)waitpid(child, NULL, 0);
    return await_ready(reading, err);
}

// ---- connections

// A process without root's rights can neither start an owner nor read records.
static bool only_looks(void)
{
    return geteuid() != 0;
}

static int fail_unreachable(int rc, struct error *err)
{
    return rc == -EACCES
               ? fail_lacking(err, OWNER_SOCKET " admits root only: the group " RIGHTS_LOOK_GROUP
                                                " is newer than the testbeds; the next vrbench up "
                                                "admits it")
               : fail(err, -rc, "%s", OWNER_SOCKET);
}

// Returns a descriptor, or negative; without `start`, -ENOENT if no owner runs.
static int owner_connect(bool start, struct error *err)
{
    int fd = -ENOENT;
    for (unsigned attempt = 0; attempt < ATTEMPTS; attempt++) {
        fd = file_connect(OWNER_SOCKET, 0);
        if (fd >= 0 || !start) {
            return fd;
        }
        int rc = owner_start(err);
        if (rc == 0 && attempt > 0) {
            rc = stop_sleep(attempt * START_PAUSE_NS, err); // another owner is starting
        }
        if (rc < 0) {
            return rc;
        }
    }
    return fail(err, -fd, "the testbed owner does not answer (%s)", OWNER_SOCKET);
}

static void answer_say(const json_t *message)
{
    const char *text = json_string_value(json_object_get(message, "say"));
    const char *topic = json_string_value(json_object_get(message, "topic"));
    if (text != NULL) {
        log_line((enum log_level)json_integer_value(json_object_get(message, "level")),
                 topic == NULL ? "owner" : topic, "%s", text);
    }
}

#define WAIT_BEGUN UINT64_MAX // until the owner has begun the request, or answered before

// Waits for an answer until CLOCK_MONOTONIC reads `until_ns` (0: no limit), or as WAIT_BEGUN says.
// -EPIPE if the other end has closed the connection.
static int answer_await(struct wire *wire, uint64_t until_ns, bool *ret_begun, json_t **ret,
                        struct error *err)
{
    const bool until_begun = until_ns == WAIT_BEGUN;
    bool cancelled = false;
    until_ns = until_begun ? 0 : until_ns;
    for (;;) {
        json_t *message = NULL;
        int rc = wire_take(wire, &message);
        if (rc == 1 && json_object_get(message, "failed") != NULL) {
            *ret = message;
            return 0;
        }
        if (rc == 1) {
            *ret_begun = *ret_begun || json_is_true(json_object_get(message, "begun"));
            if (until_begun && *ret_begun) {
                *ret = message;
                return 0;
            }
            answer_say(message);
            json_decref(message);
            continue;
        }
        if (rc < 0) {
            return fail(err, 0,
                        "the testbed owner's answer is invalid: it may run another version");
        }
        if (stop_requested() && !cancelled) {
            json_t *cancel = json_pack("{s:s}", "do", "cancel");
            wire_put(wire, cancel);
            json_decref(cancel);
            cancelled = true;
            until_ns = clock_monotonic_ns() + CANCEL_WITHIN_NS;
        }
        if (cancelled && clock_monotonic_ns() > until_ns) {
            return fail_interrupted(err);
        }
        if (wire_send(wire) < 0 || (until_ns != 0 && clock_monotonic_ns() > until_ns)) {
            return -EPIPE;
        }
        struct pollfd there = {.fd = wire->fd,
                               .events = (short)(POLLIN | (wire_has_output(wire) ? POLLOUT : 0))};
        // A stop was forwarded to the owner before, or ends the wait.
        int ready = cancelled
                        ? poll(&there, 1, LOOK_MS)
                        : stop_poll(&there, 1, until_ns == 0 ? STOP_NO_DEADLINE : until_ns, NULL);
        if (ready > 0 && (there.revents & ~POLLOUT) != 0 && wire_receive(wire) < 0) {
            return -EPIPE;
        }
    }
}

// `ret_begun` reports whether the owner had begun the request.
static int ask(int fd, const json_t *request, uint64_t until_ns, bool *ret_begun, json_t **ret,
               struct error *err)
{
    struct wire wire = {.fd = fd};
    *ret_begun = false;
    wire_put(&wire, request);
    int rc = answer_await(&wire, until_ns, ret_begun, ret, err);
    wire_clear(&wire);
    return rc;
}

// ---- requests

uint64_t owner_caller_uid(void)
{
    const char *sudo = getenv("SUDO_UID");
    return sudo == NULL ? getuid() : strtoull(sudo, NULL, 10);
}

json_t *owner_request(const char *what)
{
    json_t *request = json_object();
    json_object_set_new(request, "do", json_string(what));
    json_object_set_new(request, "uid", json_integer((json_int_t)owner_caller_uid()));
    return request;
}

int owner_call(json_t *request, json_t **ret_answer, struct error *err)
{
    json_t *answer = NULL;
    bool begun = false;
    int rc = -EPIPE;
    // If the owner is ending with its last testbed, the request goes to a new owner.
    for (unsigned attempt = 0; rc == -EPIPE && attempt < ATTEMPTS; attempt++) {
        int fd = owner_connect(true, err);
        rc = fd < 0 ? fd : ask(fd, request, 0, &begun, &answer, err);
        if (rc == -EPIPE && (begun || attempt + 1 == ATTEMPTS)) {
            rc = fail(err, 0,
                      "the testbed owner died during this request; the next command starts an "
                      "owner that takes over the testbeds");
        }
    }
    json_decref(request);
    if (rc < 0) {
        return rc;
    }
    rc = wire_failure(answer, err);
    if (rc < 0 || ret_answer == NULL) {
        json_decref(answer);
    } else {
        *ret_answer = answer;
    }
    return rc;
}

// Waits until the owner has begun a request. -EPIPE if it has ended before.
static int await_begin(struct wire *wire, json_t **ret, struct error *err)
{
    json_t *message = NULL;
    bool begun = false;
    int rc = answer_await(wire, WAIT_BEGUN, &begun, &message, err);
    if (rc < 0 || begun) {
        *ret = message;
        return rc;
    }
    rc = wire_failure(message, err);
    json_decref(message);
    return rc < 0 ? rc : fail(err, EPROTO, "the testbed owner did not begin this request");
}

int owner_begin(json_t *request, struct wire *ret_wire, json_t **ret_begun, struct error *err)
{
    struct wire wire = WIRE_INIT;
    int rc = -EPIPE;
    for (unsigned attempt = 0; rc == -EPIPE && attempt < ATTEMPTS; attempt++) {
        wire_clear(&wire);
        int fd = owner_connect(true, err);
        wire = (struct wire){.fd = fd};
        wire_put(&wire, request);
        rc = fd < 0 ? fd : await_begin(&wire, ret_begun, err);
    }
    json_decref(request);
    if (rc < 0) {
        wire_clear(&wire);
        return rc != -EPIPE ? rc : fail(err, EPIPE, "the testbed owner ended during this request");
    }
    *ret_wire = wire;
    return 0;
}

void owner_end(struct wire *wire)
{
    json_t *answer = NULL;
    bool begun = true;
    if (wire->fd < 0) {
        return;
    }
    json_t *cancel = json_pack("{s:s}", "do", "cancel");
    wire_put(wire, cancel);
    json_decref(cancel);
    if (answer_await(wire, clock_monotonic_ns() + CANCEL_WITHIN_NS, &begun, &answer, NULL) == 0) {
        json_decref(answer);
    }
    wire_clear(wire);
}

struct calls {
    json_t **requests;
    struct error *errors;
    int *results;
};

static void call_one(void *context, size_t i)
{
    struct calls *calls = context;
    calls->results[i] = owner_call(calls->requests[i], NULL, &calls->errors[i]);
}

int owner_call_all(json_t **requests, size_t count, bool *ret_done, struct error *err)
{
    struct calls calls = {.requests = requests,
                          .errors = memory_new_array(struct error, count),
                          .results = memory_new_array(int, count)};
    int rc = 0;
    thread_each(count, CALLS_AT_ONCE, call_one, &calls);
    for (size_t i = 0; i < count; i++) {
        ret_done[i] = calls.results[i] == 0;
        if (calls.results[i] < 0 && rc == 0) {
            rc = calls.results[i];
            error_move(err, &calls.errors[i]);
        } else if (calls.results[i] < 0) {
            log_warning("owner", "%s", calls.errors[i].text);
        }
        error_clear(&calls.errors[i]);
    }
    free(calls.errors);
    free(calls.results);
    return rc;
}

static bool testbed_stands(const char *id)
{
    struct record *record = NULL;
    if (record_open(id, &record, NULL) < 0) {
        return false;
    }
    bool stands = json_is_true(json_object_get(record->content, "kept"));
    record_forget(record);
    return stands;
}

int owner_down_all(unsigned *ret_count, struct error *err)
{
    char **ids = NULL;
    size_t count = 0;
    size_t standing = 0;
    *ret_count = 0;
    int rc = record_list(&ids, &count, err);
    if (rc < 0) {
        return rc;
    }
    json_t **requests = memory_new_array(json_t *, count);
    bool *done = memory_new_array(bool, count);
    for (size_t i = 0; i < count; i++) {
        if (testbed_stands(ids[i])) {
            requests[standing] = owner_request("down");
            json_object_set_new(requests[standing++], "name", json_string(ids[i]));
        }
    }
    rc = owner_call_all(requests, standing, done, err);
    for (size_t i = 0; i < standing; i++) {
        *ret_count += done[i];
    }
    free(done);
    free(requests);
    record_free_ids(ids, count);
    return rc;
}

// ---- readings

static bool testbeds_stand(void)
{
    char **ids = NULL;
    size_t count = 0;
    bool stand = false;
    if (record_list(&ids, &count, NULL) < 0) {
        return false;
    }
    for (size_t i = 0; i < count && !stand; i++) {
        stand = testbed_stands(ids[i]);
    }
    record_free_ids(ids, count);
    return stand;
}

static bool sample_answer(const json_t *answer, struct sample *sample)
{
    sample_from_json(json_object_get(answer, "sample"), sample);
    return json_is_true(json_object_get(answer, "found"));
}

// Adds the testbeds of runs, which each run's own socket serves. A run that just ended has none.
static bool sample_runs(const json_t *request, struct sample *sample)
{
    bool found = false;
    _cleanup_closedir_ DIR *root = opendir(RECORD_ROOT);
    for (struct dirent *entry = NULL; root != NULL && (entry = readdir(root)) != NULL;) {
        if (!text_starts(entry->d_name, VIEW_PREFIX)) {
            continue;
        }
        _cleanup_free_ char *path = text_format(RECORD_ROOT "/%s", entry->d_name);
        json_t *answer = NULL;
        bool begun = false;
        int fd = file_connect(path, 0);
        if (fd >= 0 &&
            ask(fd, request, clock_monotonic_ns() + VIEW_WITHIN_NS, &begun, &answer, NULL) == 0) {
            found |= sample_answer(answer, sample);
            json_decref(answer);
        }
    }
    return found;
}

int owner_sample(const char *testbed, bool networks, struct sample *ret, struct error *err)
{
    struct sample sample = {.began_ns = clock_monotonic_ns()};
    json_t *request = owner_request("sample");
    json_t *answer = NULL;
    bool found = testbed == NULL;
    bool begun = false;
    int rc = 0;
    json_object_set_new(request, "networks", json_boolean(networks));
    json_set_text(request, "testbed", testbed);
    int fd = owner_connect(false, err);
    if (fd >= 0) {
        rc = ask(fd, request, 0, &begun, &answer, err);
    } else if (only_looks() && fd != -ENOENT) {
        json_decref(request);
        return fail_unreachable(fd, err);
    }
    if ((fd < 0 || rc == -EPIPE) && testbeds_stand()) {
        fd = owner_connect(true, err);
        rc = fd < 0 ? fd : ask(fd, request, 0, &begun, &answer, err);
    }
    if (rc == -EPIPE) {
        rc = 0; // the owner's last testbed was removed meanwhile
    }
    if (rc == 0 && answer != NULL) {
        found |= sample_answer(answer, &sample);
        json_decref(answer);
    }
    if (rc == 0) {
        found |= sample_runs(request, &sample);
    }
    json_decref(request);
    if (rc == 0 && !found) {
        rc = fail_input(err, "no testbed \"%s\"; vrbench list shows the testbeds", testbed);
    }
    if (rc < 0) {
        sample_clear(&sample);
        return rc;
    }
    *ret = sample;
    return 0;
}

int owner_inspect(json_t **ret, struct error *err)
{
    json_t *answer = NULL;
    json_t *request = owner_request("inspect");
    bool begun = false;
    int fd = owner_connect(false, err);
    int rc = fd < 0 ? fd : ask(fd, request, 0, &begun, &answer, err);
    json_decref(request);
    if (rc == -ENOENT || rc == -EPIPE) { // no owner: no testbed stands
        *ret = json_object();
        return 0;
    }
    if (fd < 0) {
        return fail_unreachable(fd, err);
    }
    rc = rc < 0 ? rc : wire_failure(answer, err);
    if (rc < 0) {
        json_decref(answer);
        return rc;
    }
    *ret = answer;
    return 0;
}

// ---- sessions

struct owner_session {
    struct wire wire;
};

int owner_session_open(struct owner_session **ret, struct error *err)
{
    int fd = owner_connect(true, err);
    if (fd < 0) {
        return fd;
    }
    struct owner_session *session = memory_new(1, sizeof *session);
    session->wire = (struct wire){.fd = fd};
    *ret = session;
    return 0;
}

void owner_session_close(struct owner_session *session)
{
    if (session != NULL) {
        wire_clear(&session->wire);
        free(session);
    }
}

int owner_session_call(struct owner_session *session, json_t *request, json_t **ret_answer,
                       struct error *err)
{
    json_t *answer = NULL;
    bool begun = false;
    wire_put(&session->wire, request);
    json_decref(request);
    int rc = answer_await(&session->wire, 0, &begun, &answer, err);
    if (rc == -EPIPE) {
        return fail(err, EPIPE, "the testbed owner has ended");
    }
    rc = rc < 0 ? rc : wire_failure(answer, err);
    if (rc < 0 || ret_answer == NULL) {
        json_decref(answer);
    } else {
        *ret_answer = answer;
    }
    return rc;
}

int owner_session_sample(struct owner_session *session, const char *testbed, struct sample *ret,
                         struct error *err)
{
    json_t *request = owner_request("sample");
    json_t *answer = NULL;
    json_object_set_new(request, "rings", json_true());
    json_object_set_new(request, "testbed", json_string(testbed));
    int rc = owner_session_call(session, request, &answer, err);
    if (rc < 0) {
        return rc;
    }
    struct sample sample = {.began_ns = 0};
    const bool found = sample_answer(answer, &sample);
    json_decref(answer);
    if (!found) {
        sample_clear(&sample);
        return fail(err, ENOENT, "testbed %s was taken down", testbed);
    }
    *ret = sample;
    return 0;
}
