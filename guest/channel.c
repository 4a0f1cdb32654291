// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * guest/channel — answers the host on the virtio-serial port "org.vrbench.0" or, on Xen, through
 * xenstore (xenstore.c).
 *
 * A request is a line; an answer is a line and the LENGTH bytes that it announces:
 *
 *     ID ready             answer: ID ok MILLISECONDS LENGTH
 *     ID counters          answer: ID ok 0 LENGTH
 *     ID exec WORD...      answer: ID ok STATUS LENGTH
 *     ID start             answer: ID ok 0 LENGTH
 *     ID leads ADDRESS     answer: ID ok 0 LENGTH
 *     ID words             answer: ID ok 0 LENGTH
 *     any of them          answer: ID error 0 LENGTH
 *
 * "ready" is answered once the router forwards, with the time since boot. "counters" returns the
 * texts of counters.c, "exec" the output of a command (%XX in a word is a byte). "start" starts the
 * services that the configuration holds back, and is answered once all of them are up or one has
 * ended. "leads" returns the interface by which packets to that address would leave, empty without
 * a route. "words" returns the last line that a service printed. An error has its reason as text.
 * ID is a number that the host chooses.
 *
 * The host begins with an empty line. It ends the session of an earlier, interrupted host: its
 * requests are dropped and its command is killed. (A closed port is no reliable sign, because the
 * kernel may report it after the next host's request.) The host's side is
 * src/machine/guest_channel.c. Called by init.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

#define LINE_MAX_BYTES   65536
#define OUTPUT_MAX       (1U << 20) // limit of a command's output
#define EXEC_WORDS       1024
#define SIGNALLED        128 // added to the signal's number, as in shells
#define KILLED_WITHIN_MS 1000

struct channel {
    const struct channel_state *state;
    struct port *port;
    char line[LINE_MAX_BYTES];
    size_t line_length;
    bool too_long; // the rest of this line is skipped
    char *out;
    size_t out_length, out_sent;
    bool awaits_ready, awaits_services;
    unsigned long ready_id, services_id;
    struct {
        pid_t pid; // 0 = none
        unsigned long id;
        bool wanted; // the host still waits for it
        int fd;
        char *text;
        size_t length;
    } command;
};

// ---- the port

static ssize_t serial_read(struct port *port, char *bytes, size_t room)
{
    return read(port->fd, bytes, room);
}

static ssize_t serial_write(struct port *port, const char *bytes, size_t length)
{
    return write(port->fd, bytes, length);
}

static bool serial_has_more(const struct port *port)
{
    (void)port;
    return false;
}

static struct port *open_serial(void)
{
    static struct port serial = {
        .read = serial_read, .write = serial_write, .has_more = serial_has_more};
    glob_t ports = {0};
    int fd = -1;
    if (glob("/sys/class/virtio-ports/*/name", GLOB_NOSORT, NULL, &ports) != 0) {
        return NULL;
    }
    for (size_t i = 0; i < ports.gl_pathc && fd < 0; i++) {
        char *name = read_all(ports.gl_pathv[i], NULL);
        if (name != NULL && strcmp(name, GUEST_PORT "\n") == 0) {
            char device[64];
            const char *folder = ports.gl_pathv[i] + strlen("/sys/class/virtio-ports/");
            snprintf(device, sizeof device, "/dev/%.*s", (int)strcspn(folder, "/"), folder);
            fd = open(device, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        }
        free(name);
    }
    globfree(&ports);
    serial.fd = fd;
    return fd < 0 ? NULL : &serial;
}

struct channel *channel_open(const struct channel_state *state)
{
    struct port *port = open_serial();
    port = port == NULL ? port_open_xenstore() : port;
    if (port == NULL) {
        return NULL;
    }
    struct channel *channel = calloc(1, sizeof *channel);
    if (channel == NULL) {
        abort();
    }
    channel->state = state;
    channel->port = port;
    channel->command.fd = -1;
    return channel;
}

int channel_fd(const struct channel *channel)
{
    return channel->port->fd;
}

// The host has disconnected: drops its requests and its command.
static void forget_host(struct channel *channel)
{
    channel->line_length = 0;
    channel->too_long = false;
    channel->out_length = channel->out_sent = 0;
    channel->awaits_ready = channel->awaits_services = false;
    if (channel->command.pid > 0 && channel->command.wanted) {
        channel->command.wanted = false;
        kill(-channel->command.pid, SIGKILL);
        kill(channel->command.pid, SIGKILL); // the child may not yet lead its process group
    }
}

static void flush_out(struct channel *channel)
{
    while (channel->out_sent < channel->out_length) {
        ssize_t put = channel->port->write(channel->port, channel->out + channel->out_sent,
                                           channel->out_length - channel->out_sent);
        if (put <= 0) {
            if (put < 0 && errno == EINTR) {
                continue;
            }
            return;
        }
        channel->out_sent += (size_t)put;
    }
    channel->out_length = channel->out_sent = 0;
}

// ---- answers

static void answer(struct channel *channel, unsigned long id, const char *word,
                   unsigned long number, const char *payload, size_t length)
{
    char head[64];
    size_t head_length =
        (size_t)snprintf(head, sizeof head, "%lu %s %lu %zu\n", id, word, number, length);
    char *out = realloc(channel->out, channel->out_length + head_length + length);
    if (out == NULL) {
        return;
    }
    memcpy(out + channel->out_length, head, head_length);
    if (length > 0) {
        memcpy(out + channel->out_length + head_length, payload, length);
    }
    channel->out = out;
    channel->out_length += head_length + length;
}

static void refuse(struct channel *channel, unsigned long id, const char *why)
{
    answer(channel, id, "error", 0, why, strlen(why));
}

static void answer_ready(struct channel *channel)
{
    const struct channel_state *state = channel->state;
    if (!channel->awaits_ready || (!state->ready && state->failure == NULL)) {
        return;
    }
    channel->awaits_ready = false;
    if (state->ready) {
        answer(channel, channel->ready_id, "ok", state->ready_ms, NULL, 0);
    } else {
        refuse(channel, channel->ready_id, state->failure);
    }
}

static void ask_ready(struct channel *channel, unsigned long id, char **words, size_t count)
{
    (void)words;
    (void)count;
    channel->awaits_ready = true;
    channel->ready_id = id;
    answer_ready(channel);
}

static void ask_counters(struct channel *channel, unsigned long id, char **words, size_t count)
{
    (void)words;
    (void)count;
    size_t length = 0;
    char *text = counters_text(&length);
    if (text == NULL) {
        refuse(channel, id, "no memory");
    } else {
        answer(channel, id, "ok", 0, text, length);
    }
    free(text);
}

// Waits for a killed command of an earlier host, which ends at once, before the next host's first
// request is handled.
static void await_killed(struct channel *channel)
{
    for (int waited_ms = 0;
         channel->command.pid > 0 && !channel->command.wanted && waited_ms < KILLED_WITHIN_MS;
         waited_ms++) {
        int status = 0;
        if (waitpid(channel->command.pid, &status, WNOHANG) == channel->command.pid) {
            channel_command_ended(channel, channel->command.pid, status);
        } else {
            poll(NULL, 0, 1);
        }
    }
}

static void ask_exec(struct channel *channel, unsigned long id, char **words, size_t count)
{
    await_killed(channel);
    if (channel->command.pid > 0) {
        refuse(channel, id, "another command is running");
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (percent_decode(words[i]) < 0) {
            refuse(channel, id, "a word cannot be decoded");
            return;
        }
    }
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) {
        refuse(channel, id, strerror(errno));
        return;
    }
    words[count] = NULL;
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    (void)fcntl(ends[1], F_SETFL, 0); // the end of the pipe that the command writes to blocks
    channel->command.pid = start_program(words, null, ends[1], ends[1], false);
    close(ends[1]);
    close(null);
    if (channel->command.pid < 0) {
        channel->command.pid = 0;
        close(ends[0]);
        refuse(channel, id, "no process");
        return;
    }
    channel->command.id = id;
    channel->command.wanted = true;
    channel->command.fd = ends[0];
    channel->command.length = 0;
}

// ---- services and routes

static bool answer_services(struct channel *channel)
{
    enum services_state state = services_state();
    if (!channel->awaits_services || state == SERVICES_STARTING) {
        return false;
    }
    channel->awaits_services = false;
    if (state == SERVICES_ENDED) {
        refuse(channel, channel->services_id, services_why());
    } else {
        answer(channel, channel->services_id, "ok", 0, NULL, 0);
    }
    return true;
}

bool channel_tell_services(struct channel *channel)
{
    bool reported = answer_services(channel);
    channel_step(channel);
    return reported;
}

static void ask_start(struct channel *channel, unsigned long id, char **words, size_t count)
{
    (void)words;
    (void)count;
    if (!channel->state->ready) {
        refuse(channel, id, "the router isn't ready");
        return;
    }
    channel->awaits_services = true;
    channel->services_id = id;
    bool known = services_state() != SERVICES_NONE;
    services_begin(channel->state->config);
    if (known ||
        services_state() == SERVICES_NONE) { // otherwise init.c reports the next change of state
        answer_services(channel);
    }
}

static void ask_leads(struct channel *channel, unsigned long id, char **words, size_t count)
{
    (void)count;
    struct guest_address address;
    char nic[GUEST_NIC_NAME] = "";
    if (parse_address(words[0], &address) < 0) {
        refuse(channel, id, "malformed address");
    } else if (route_leads_to(&address, nic) < 0) {
        refuse(channel, id, strerror(errno));
    } else {
        answer(channel, id, "ok", 0, nic, strlen(nic));
    }
}

static void ask_words(struct channel *channel, unsigned long id, char **words, size_t count)
{
    (void)words;
    (void)count;
    const char *text = services_words();
    answer(channel, id, "ok", 0, text, strlen(text));
}

static const struct request {
    const char *verb;
    size_t min, max; // number of words after it
    void (*ask)(struct channel *channel, unsigned long id, char **words, size_t count);
} requests[] = {
    {"ready", 0, 0, ask_ready}, {"counters", 0, 0, ask_counters}, {"exec", 1, EXEC_WORDS, ask_exec},
    {"start", 0, 0, ask_start}, {"leads", 1, 1, ask_leads},       {"words", 0, 0, ask_words},
};

static void take_line(struct channel *channel, char *line)
{
    static char *words[EXEC_WORDS + 3];
    size_t count = split_words(line, words, EXEC_WORDS + 2);
    unsigned long id = 0;
    if (count == 0) { // a new host
        forget_host(channel);
        return;
    }
    if (count < 2 || count > EXEC_WORDS + 2 || parse_whole(words[0], INT32_MAX, &id) < 0) {
        refuse(channel, 0, "malformed request");
        return;
    }
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        const struct request *request = &requests[i];
        if (strcmp(request->verb, words[1]) == 0 && count - 2 >= request->min &&
            count - 2 <= request->max) {
            request->ask(channel, id, words + 2, count - 2);
            return;
        }
    }
    refuse(channel, id, "unknown request");
}

static void take_bytes(struct channel *channel, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\n') {
            channel->line[channel->line_length] = '\0';
            if (channel->too_long) {
                refuse(channel, 0, "malformed request");
            } else {
                take_line(channel, channel->line);
            }
            channel->line_length = 0;
            channel->too_long = false;
        } else if (channel->line_length == sizeof channel->line - 1 || bytes[i] == '\0') {
            channel->too_long = true;
        } else {
            channel->line[channel->line_length++] = bytes[i];
        }
    }
}

static void read_in(struct channel *channel)
{
    static char bytes[16384];
    for (;;) {
        ssize_t got = channel->port->read(channel->port, bytes, sizeof bytes);
        if (got > 0) {
            take_bytes(channel, bytes, (size_t)got);
        } else if (got == 0) {
            // Not connected, or the kernel has not reported the connection yet although a request
            // was read: answers are kept.
            break;
        } else if (errno != EINTR) {
            break;
        }
    }
}

void channel_step(struct channel *channel)
{
    do {
        read_in(channel);
        answer_ready(channel);
        flush_out(channel);
    } while (channel->port->has_more(channel->port));
}

// ---- the command

int channel_command_fd(const struct channel *channel)
{
    return channel->command.fd;
}

void channel_command_output(struct channel *channel)
{
    static char bytes[16384];
    for (;;) {
        ssize_t got = read(channel->command.fd, bytes, sizeof bytes);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got == 0) { // the exit status is missing
            close(channel->command.fd);
            channel->command.fd = -1;
        }
        if (got <= 0) {
            return;
        }
        size_t length = channel->command.length + (size_t)got;
        char *text = length > OUTPUT_MAX ? NULL : realloc(channel->command.text, length);
        if (text == NULL) { // longer than the limit: reported when the command ends
            channel->command.length = OUTPUT_MAX + 1;
            kill(-channel->command.pid, SIGKILL);
            continue;
        }
        memcpy(text + channel->command.length, bytes, (size_t)got);
        channel->command.text = text;
        channel->command.length = length;
    }
}

void channel_command_ended(struct channel *channel, pid_t pid, int status)
{
    if (pid != channel->command.pid) {
        return;
    }
    if (channel->command.fd >= 0) {
        channel_command_output(channel);
    }
    if (channel->command.fd >= 0) { // a process that the command started still holds the pipe
        close(channel->command.fd);
        channel->command.fd = -1;
    }
    unsigned long number = WIFEXITED(status) ? (unsigned long)WEXITSTATUS(status)
                                             : SIGNALLED + (unsigned long)WTERMSIG(status);
    if (channel->command.wanted && channel->command.length > OUTPUT_MAX) {
        refuse(channel, channel->command.id, "the command's output is too long");
    } else if (channel->command.wanted) {
        answer(channel, channel->command.id, "ok", number, channel->command.text,
               channel->command.length);
    }
    free(channel->command.text);
    channel->command.text = NULL;
    channel->command.length = 0;
    channel->command.pid = 0;
    channel->command.wanted = false;
    channel_step(channel);
}
