// SPDX-License-Identifier: GPL-3.0-or-later
// owner/owner — see owner.h: the lock, the socket, the event loop, the clients.
#include "owner/owner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/stop.h"
#include "base/text.h"
#include "linux/memory.h"
#include "owner/look.h"
#include "owner/owned.h"
#include "owner/paths.h"
#include "owner/strays.h"

#define BACKLOG         64
#define ADOPT_WITHIN_US (UINT64_C(10) * 1000 * 1000) // longest wait of requests for adoption
#define FIRST_WITHIN_US (UINT64_C(10) * 1000 * 1000) // limit for the first client to connect
#define LOOKING_MOST    64U                          // clients that only look, at the same time
#define ACCEPT_AGAIN_US (UINT64_C(100) * 1000)       // pause if no descriptor is free

// ---- the lock

// Locks OWNER_LOCK. Retries if the locked file was unlinked meanwhile, since then it is not the
// lock of this RECORD_ROOT.
static int owner_lock(int *ret, struct error *err)
{
    for (;;) {
        int rc = file_make_dirs(RECORD_ROOT, err);
        if (rc < 0) {
            return rc;
        }
        _cleanup_close_ int lock =
            open(OWNER_LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (lock < 0 && errno == ENOENT) {
            continue; // the folder was removed with its last testbed
        }
        if (lock < 0) {
            return fail(err, errno, "%s", OWNER_LOCK);
        }
        if (flock(lock, LOCK_EX | LOCK_NB) < 0) {
            return errno == EWOULDBLOCK ? fail(err, EBUSY, "another process owns the testbeds")
                                        : fail(err, errno, "%s", OWNER_LOCK);
        }
        struct stat here;
        struct stat there;
        if (fstat(lock, &here) == 0 && stat(OWNER_LOCK, &there) == 0 &&
            here.st_ino == there.st_ino && here.st_dev == there.st_dev) {
            // The file contains the PID for users and tests; only the lock decides who is the
            // owner.
            if (ftruncate(lock, 0) < 0 || dprintf(lock, "%d\n", (int)getpid()) < 0) {
                return fail(err, errno, "%s", OWNER_LOCK);
            }
            *ret = steal_fd(&lock);
            return 0;
        }
    }
}

// ---- clients

static void client_free(struct client *client)
{
    struct client **at = &client->owner->clients;
    while (*at != NULL && *at != client) {
        at = &(*at)->next;
    }
    if (*at == client) {
        *at = client->next;
    }
    lease_lost(client);
    if (client->job != NULL) {
        // Only building ends early: stopping another job would leave half a router.
        client->job->client = NULL;
        if (client->job->builds || client->job->lends) {
            stop_flag_raise(&client->job->stop);
        }
    }
    if (client->reading != NULL) {
        reading_free(client->reading);
    }
    sd_event_source_disable_unref(client->readable);
    sd_event_source_disable_unref(client->writable);
    sd_event_source_disable_unref(client->more);
    json_decref(client->waiting);
    wire_clear(&client->wire);
    free(client);
}

// Has the next request of a client that only looks taken by a later event.
static void client_take_later(struct client *client)
{
    if (client->looks && client->wire.in_length > 0) {
        (void)sd_event_source_set_enabled(client->more, SD_EVENT_ONESHOT);
    }
}

static int client_flush(struct client *client)
{
    int rc = wire_send(&client->wire);
    if (rc == 0) {
        bool waits = wire_has_output(&client->wire);
        (void)sd_event_source_set_enabled(client->writable, waits ? SD_EVENT_ON : SD_EVENT_OFF);
        if (!waits) {
            client_take_later(client);
        }
    }
    return rc;
}

void client_send(struct client *client, json_t *message)
{
    if (client != NULL) {
        wire_put(&client->wire, message);
        (void)client_flush(client); // reading detects a client that has disconnected
    }
    json_decref(message);
}

void client_send_line(struct client *client, const char *line, size_t length)
{
    if (client != NULL) {
        wire_put_line(&client->wire, line, length);
        (void)client_flush(client);
    }
}

static int client_writable(sd_event_source *source, int fd, uint32_t events, void *context)
{
    (void)source;
    (void)fd;
    (void)events;
    if (client_flush(context) < 0) {
        struct owner *owner = ((struct client *)context)->owner;
        client_free(context);
        owner_look_for_end(owner);
    }
    return 0;
}

static bool owner_is_adopting(const struct owner *owner)
{
    if (owner->impatient) {
        return false;
    }
    for (size_t i = 0; i < owner->owned_count; i++) {
        if (owner->owned[i]->adopting) {
            return true;
        }
    }
    return false;
}

void clients_go_on(struct owner *owner)
{
    struct client *next = NULL;
    for (struct client *client = owner->clients; client != NULL; client = next) {
        next = client->next;
        if (client->waiting != NULL && !owner_is_adopting(owner)) {
            json_t *request = steal_pointer(&client->waiting);
            request_take(client, request);
            json_decref(request);
        }
    }
}

// Cancels a client's request: stops a running build, ends a loan, drops a waiting job, and lets any
// other
// running job end, since stopping it would leave half a router.
static void client_cancel(struct client *client)
{
    struct job *job = client->job;
    if (job != NULL && job->builds) {
        stop_flag_raise(&job->stop);
        return;
    }
    if (job != NULL && job->lends && job->begun) {
        lend_end(job);
        return;
    }
    if ((job == NULL && client->waiting == NULL) || (job != NULL && !work_forget(job))) {
        return;
    }
    struct error err = ERROR_INIT;
    client->job = NULL;
    json_decref(client->waiting);
    client->waiting = NULL;
    client_send(client, wire_answer(fail_interrupted(&err), &err));
    error_clear(&err);
}

static void client_take(struct client *client, json_t *request)
{
    const char *what = json_string_value(json_object_get(request, "do"));
    struct error refused = ERROR_INIT;
    int rc = client->looks ? look_refuse(client->wire.fd, what, &refused) : 0;
    if (rc < 0) { // requests are executed as root
        client_send(client, wire_answer(rc, &refused));
        error_clear(&refused);
        return;
    }
    lease_heard(client);
    if (what != NULL && strcmp(what, "cancel") == 0) {
        client_cancel(client);
    } else if (client->job != NULL || client->reading != NULL || client->waiting != NULL) {
        struct error err = ERROR_INIT;
        client_send(client, wire_answer(fail_input(&err, "one request at a time"), &err));
        error_clear(&err);
    } else if (what != NULL && strcmp(what, "sample") == 0) {
        reading_take(client, request);
    } else if (what != NULL && strcmp(what, "inspect") == 0) {
        json_t *answer = wire_answer(0, NULL);
        json_t *records = look_records();
        json_object_update(answer, records);
        json_decref(records);
        client_send(client, answer);
    } else if (owner_is_adopting(client->owner)) {
        client->waiting = json_incref(request);
    } else {
        request_take(client, request);
    }
}

// Takes the requests that have arrived. Of a client that only looks it takes one, and none before
// the last answer is sent, so that such a client neither occupies the loop nor fills the memory.
// Negative for an invalid request.
static int client_take_some(struct client *client)
{
    json_t *request = NULL;
    int taken = 0;
    while ((!client->looks || !wire_has_output(&client->wire)) &&
           (taken = wire_take(&client->wire, &request)) > 0) {
        client_take(client, request);
        json_decref(request);
        if (client->looks) {
            client_take_later(client);
            break;
        }
    }
    return taken;
}

static int client_more(sd_event_source *source, void *context)
{
    (void)source;
    struct client *client = context;
    struct owner *owner = client->owner;
    if (client_take_some(client) < 0) {
        client_free(client);
        owner_look_for_end(owner);
    }
    return 0;
}

static int client_readable(sd_event_source *source, int fd, uint32_t events, void *context)
{
    (void)source;
    (void)fd;
    (void)events;
    struct client *client = context;
    struct owner *owner = client->owner;
    int rc = wire_receive(&client->wire);
    if (rc < 0 || (rc > 0 && client_take_some(client) < 0)) {
        client_free(client);
        owner_look_for_end(owner);
    }
    return 0;
}

static int client_watch(struct client *client)
{
    sd_event *loop = client->owner->loop;
    int fd = client->wire.fd;
    int rc = sd_event_add_io(loop, &client->readable, fd, EPOLLIN, client_readable, client);
    if (rc >= 0) {
        rc = sd_event_add_io(loop, &client->writable, fcntl(fd, F_DUPFD_CLOEXEC, 3), EPOLLOUT,
                             client_writable, client);
    }
    if (rc >= 0) {
        (void)sd_event_source_set_io_fd_own(client->writable, 1);
        rc = sd_event_source_set_enabled(client->writable, SD_EVENT_OFF);
    }
    if (rc >= 0 && client->looks) {
        rc = sd_event_add_defer(loop, &client->more, client_more, client);
        rc = rc < 0 ? rc : sd_event_source_set_enabled(client->more, SD_EVENT_OFF);
    }
    return rc;
}

// Whether a connection is refused: other users can't use up the owner's descriptors.
static bool owner_has_too_many(const struct owner *owner)
{
    size_t looking = 0;
    for (const struct client *client = owner->clients; client != NULL; client = client->next) {
        looking += client->looks;
    }
    return looking >= LOOKING_MOST;
}

static int owner_accepts_again(sd_event_source *source, uint64_t now_us, void *context)
{
    (void)source;
    (void)now_us;
    struct owner *owner = context;
    (void)sd_event_source_set_enabled(owner->accepting, SD_EVENT_ON);
    return 0;
}

// The listener stays readable if no descriptor is free for a connection.
static void owner_pause_accepting(struct owner *owner)
{
    owner->accept_again = sd_event_source_disable_unref(owner->accept_again);
    if (sd_event_add_time_relative(owner->loop, &owner->accept_again, CLOCK_MONOTONIC,
                                   ACCEPT_AGAIN_US, 0, owner_accepts_again, owner) >= 0) {
        (void)sd_event_source_set_enabled(owner->accepting, SD_EVENT_OFF);
    }
}

static int owner_accept(sd_event_source *source, int listener, uint32_t events, void *context)
{
    (void)source;
    (void)events;
    struct owner *owner = context;
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
            owner_pause_accepting(owner);
        }
        owner_look_for_end(owner);
        return 0;
    }
    const bool looks = !look_peer_is_own(fd);
    if (looks && owner_has_too_many(owner)) {
        close(fd);
        owner_look_for_end(owner);
        return 0;
    }
    struct client *client = memory_new(1, sizeof *client);
    *client = (struct client){.owner = owner,
                              .wire = {.fd = fd, .in_max = looks ? WIRE_LOOK_MAX : 0},
                              .looks = looks,
                              .next = owner->clients};
    owner->clients = client;
    if (client_watch(client) < 0) {
        client_free(client);
        owner_look_for_end(owner);
    }
    return 0;
}

// ---- the socket

static int owner_listen(struct owner *owner, struct error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = OWNER_SOCKET};
    owner->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (owner->listener < 0) {
        return fail(err, errno, "making a socket");
    }
    // A killed owner left the socket: this process holds the lock, so no living owner uses it.
    (void)unlink(OWNER_SOCKET);
    if (bind(owner->listener, (const struct sockaddr *)&address, sizeof address) < 0) {
        return fail(err, errno, "%s", OWNER_SOCKET);
    }
    int rc = look_share_socket(OWNER_SOCKET, err); // before anyone can connect
    if (rc < 0) {
        return rc;
    }
    if (listen(owner->listener, BACKLOG) < 0) {
        return fail(err, errno, "%s", OWNER_SOCKET);
    }
    rc = sd_event_add_io(owner->loop, &owner->accepting, owner->listener, EPOLLIN, owner_accept,
                         owner);
    return rc < 0 ? fail(err, -rc, "watching %s", OWNER_SOCKET) : 0;
}

// A user who only looks does not keep an owner.
static bool owner_has_callers(const struct owner *owner)
{
    struct pollfd waiting = {.fd = owner->listener, .events = POLLIN};
    for (const struct client *client = owner->clients; client != NULL; client = client->next) {
        if (!client->looks) {
            return true;
        }
    }
    return poll(&waiting, 1, 0) > 0;
}

void owner_look_for_end(struct owner *owner)
{
    // A reading by another client does not end an owner that was started for a request still to
    // arrive.
    bool idle =
        owner->owned_count == 0 && owner->ordered && !owner->lingers && !owner_has_callers(owner);
    if (owner->threads == 0 && (idle || owner->ending)) {
        (void)sd_event_exit(owner->loop, 0);
    }
}

static int owner_stop(sd_event_source *source, int fd, uint32_t events, void *context)
{
    (void)source; // runs once, since the descriptor stays readable
    (void)fd;
    (void)events;
    struct owner *owner = context;
    owner->ending = true;
    for (size_t i = 0; i < owner->owned_count; i++) {
        struct job *running = owner->owned[i]->running;
        if (running != NULL && (running->builds || running->lends)) {
            running->owner_ends = true;
            stop_flag_raise(&running->stop);
        }
    }
    owner_look_for_end(owner);
    return 0;
}

// ---- its life

// While a platform does not answer, its testbeds are not taken over; other testbeds are served.
static int owner_impatient(sd_event_source *source, uint64_t now_us, void *context)
{
    (void)source;
    (void)now_us;
    struct owner *owner = context;
    owner->impatient = true;
    clients_go_on(owner);
    return 0;
}

// The process that started this owner has not connected.
static int owner_unused(sd_event_source *source, uint64_t now_us, void *context)
{
    (void)source;
    (void)now_us;
    struct owner *owner = context;
    owner->ordered = true;
    owner_look_for_end(owner);
    return 0;
}

static int owner_open(struct owner *owner, struct error *err)
{
    int rc = sd_event_new(&owner->loop);
    if (rc < 0) {
        return fail(err, -rc, "making an event loop");
    }
    rc = sd_event_add_io(owner->loop, &owner->stopping, stop_fd(), EPOLLIN, owner_stop, owner);
    rc = rc < 0 ? rc : sd_event_source_set_enabled(owner->stopping, SD_EVENT_ONESHOT);
    if (rc < 0) {
        return fail(err, -rc, "watching for signals");
    }
    rc = work_open(owner, err);
    if (rc == 0) {
        rc = adopt_all(owner, err);
    }
    return rc == 0 ? owner_listen(owner, err) : rc;
}

// Leaves the testbeds as they are; the next owner finds the state of running jobs in their records.
static void owner_close(struct owner *owner)
{
    struct client *next = NULL;
    for (struct client *client = owner->clients; client != NULL; client = next) {
        next = client->next;
        client_free(client);
    }
    owner->accepting = sd_event_source_disable_unref(owner->accepting);
    owner->accept_again = sd_event_source_disable_unref(owner->accept_again);
    owner->stopping = sd_event_source_disable_unref(owner->stopping);
    if (owner->listener >= 0) {
        (void)unlink(OWNER_SOCKET);
        close(owner->listener);
    }
    while (owner->owned_count > 0) {
        owned_remove(owner->owned[owner->owned_count - 1]);
    }
    free(owner->owned);
    work_close(owner);
    memory_charge_clean_up(); // of an owner that was killed while it made a router
    (void)sd_event_unref(owner->loop);
    if (owner->lock >= 0) {
        (void)unlink(OWNER_LOG);
        (void)unlink(OWNER_LOCK);
        close(owner->lock);
        strays_remove_sockets();  // of killed runs
        (void)rmdir(RECORD_ROOT); // fails, as intended, while records exist
    }
}

// Reports to the process that started this owner that it accepts requests, or why it does not. If
// another owner was faster, that process asks the other one.
static void report_ready(int ready, int rc, const struct error *err)
{
    if (rc < 0 && rc != -EBUSY && err->text != NULL) {
        (void)!write(ready, err->text, strlen(err->text));
    }
    close(ready);
}

int owner_run(int ready, bool linger, struct error *err)
{
    struct owner owner = {.lock = -1, .listener = -1, .results = -1, .lingers = linger};
    int rc = owner_lock(&owner.lock, err);
    if (rc == 0) {
        (void)prctl(PR_SET_NAME, "vrbench-owner");
        rc = owner_open(&owner, err);
    }
    if (ready >= 0) {
        report_ready(ready, rc, err);
    }
    if (rc == 0) {
        (void)sd_event_add_time_relative(owner.loop, NULL, CLOCK_MONOTONIC, FIRST_WITHIN_US, 0,
                                         owner_unused, &owner);
        (void)sd_event_add_time_relative(owner.loop, NULL, CLOCK_MONOTONIC, ADOPT_WITHIN_US, 0,
                                         owner_impatient, &owner);
        rc = sd_event_loop(owner.loop);
        rc = rc < 0 ? fail(err, -rc, "the event loop") : 0;
    }
    owner_close(&owner);
    return rc;
}
