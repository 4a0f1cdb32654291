// SPDX-License-Identifier: GPL-3.0-or-later
// machine/guest_channel — see guest_channel.h; the grammar is in guest/channel.c.
#include "machine/guest_channel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/stop.h"
#include "base/text.h"

#define RETRY_NS    (20 * NS_PER_MS)
#define WAIT_MAX_NS (100 * NS_PER_MS) // interval of checks for an interruption by the user

// Limits of a request by guest/channel.c, which answers a longer one without its number.
#define EXEC_WORDS 1024U
#define EXEC_BYTES (65535U - 21U) // without the number, at most 20 digits, and a blank

#define ENDED_WITHIN_NS NS_PER_S // a command whose answer is not wanted any more

struct guest_channel {
    int fd;
    uint64_t last_id;
    char *in; // received and not consumed yet
    size_t in_length, in_room;
};

// ---- connecting

int guest_adopt(int fd, struct guest_channel **ret, struct error *err)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
        return fail(err, errno, "a connection to a guest");
    }
    struct guest_channel *channel = memory_new(1, sizeof *channel);
    *channel = (struct guest_channel){.fd = fd};
    // Answers to an earlier host that may still arrive have other numbers.
    channel->last_id = clock_monotonic_ns() / NS_PER_MS % 1000000000U;
    *ret = channel;
    return 0;
}

int guest_connect(const char *socket_path, uint64_t until_ns, struct guest_channel **ret,
                  struct error *err)
{
    int fd;
    while ((fd = file_connect(socket_path, SOCK_NONBLOCK)) == -ENOENT || fd == -ECONNREFUSED ||
           fd == -EAGAIN) {
        uint64_t now = clock_monotonic_ns();
        if (now >= until_ns) {
            break;
        }
        int rc = stop_sleep_until(now + RETRY_NS < until_ns ? now + RETRY_NS : until_ns, err);
        if (rc < 0) {
            return rc;
        }
    }
    if (fd < 0) {
        return fail(err, -fd, "connecting to the guest by %s", socket_path);
    }
    int rc = guest_adopt(fd, ret, err);
    if (rc < 0) {
        close(fd);
    }
    return rc;
}

void guest_close(struct guest_channel *channel)
{
    if (channel == NULL) {
        return;
    }
    cleanup_close(&channel->fd);
    free(channel->in);
    free(channel);
}

// ---- bytes

static int await(const struct guest_channel *channel, short events, uint64_t until_ns,
                 struct error *err)
{
    int ready = stop_wait(channel->fd, events, until_ns, err);
    if (ready == 0) {
        return fail(err, ETIMEDOUT, "the guest does not answer");
    }
    return ready < 0 ? ready : 0;
}

static int send_all(const struct guest_channel *channel, const char *text, size_t length,
                    uint64_t until_ns, struct error *err)
{
    while (length > 0) {
        ssize_t put = send(channel->fd, text, length, MSG_NOSIGNAL);
        if (put < 0 && errno == ENOTSOCK) {
            put = write(channel->fd, text, length);
        }
        if (put >= 0) {
            text += put;
            length -= (size_t)put;
        } else if (errno == EAGAIN) {
            int rc = await(channel, POLLOUT, until_ns, err);
            if (rc < 0) {
                return rc;
            }
        } else if (errno != EINTR) {
            return fail(err, errno == EPIPE ? ECONNRESET : errno, "asking a guest");
        }
    }
    return 0;
}

// Receives until at least `length` bytes are available.
static int receive(struct guest_channel *channel, size_t length, uint64_t until_ns,
                   struct error *err)
{
    if (length > channel->in_room) {
        channel->in_room = length + 4096;
        channel->in = memory_resize(channel->in, channel->in_room, 1);
    }
    while (channel->in_length < length) {
        ssize_t got = read(channel->fd, channel->in + channel->in_length,
                           channel->in_room - channel->in_length);
        if (got > 0) {
            channel->in_length += (size_t)got;
        } else if (got == 0) {
            return fail(err, ECONNRESET, "the guest is gone");
        } else if (errno == EAGAIN) {
            int rc = await(channel, POLLIN, until_ns, err);
            if (rc < 0) {
                return rc;
            }
        } else if (errno != EINTR) {
            return fail(err, errno, "hearing a guest");
        }
    }
    return 0;
}

static void use_up(struct guest_channel *channel, size_t length)
{
    channel->in_length -= length;
    memmove(channel->in, channel->in + length, channel->in_length);
}

// ---- questions and answers

// Receives the next answer; its payload is then at the beginning of the buffer.
static int take_answer(struct guest_channel *channel, uint64_t until_ns, struct guest_answer *ret,
                       struct error *err)
{
    const char *end = NULL;
    size_t length = 1;
    int rc = 0;
    while (rc == 0 && end == NULL) {
        rc = receive(channel, length, until_ns, err);
        if (rc == 0) {
            end = memchr(channel->in, '\n', channel->in_length);
            length = channel->in_length + 1;
        }
        if (rc == 0 && end == NULL && channel->in_length > GUEST_ANSWER_HEAD_MAX) {
            rc = fail(err, 0, "the guest gave an answer that makes no sense");
        }
    }
    struct guest_answer answer = {0};
    if (rc == 0) {
        size_t head = (size_t)(end - channel->in);
        rc = guest_parse_answer(channel->in, head, &answer, err);
        use_up(channel, head + 1);
    }
    rc = rc == 0 ? receive(channel, answer.length, until_ns, err) : rc;
    if (rc == 0) {
        *ret = answer;
    }
    return rc;
}

// Sends "ID REQUEST" and waits for its answer; the caller frees the payload.
static int ask(struct guest_channel *channel, const char *request, uint64_t until_ns,
               struct guest_answer *ret, char **ret_payload, struct error *err)
{
    uint64_t id = ++channel->last_id;
    // The empty line ends the session of an earlier host.
    _cleanup_free_ char *line = text_format("\n%llu %s\n", (unsigned long long)id, request);
    int rc = send_all(channel, line, strlen(line), until_ns, err);
    struct guest_answer answer = {0};
    while (rc == 0) {
        rc = take_answer(channel, until_ns, &answer, err);
        if (rc == 0 && answer.id == id) {
            break;
        }
        if (rc == 0) {
            use_up(channel, answer.length);
        }
    }
    if (rc < 0) {
        return rc;
    }
    _cleanup_free_ char *payload = text_copy_bytes(channel->in, answer.length);
    use_up(channel, answer.length);
    if (!answer.ok) {
        return fail(err, 0, "the guest says: %s", payload);
    }
    *ret = answer;
    *ret_payload = steal_pointer(&payload);
    return 0;
}

int guest_await_ready(struct guest_channel *channel, uint64_t until_ns, uint64_t *ret_boot_ms,
                      struct error *err)
{
    struct guest_answer answer = {0};
    _cleanup_free_ char *payload = NULL;
    int rc = ask(channel, "ready", until_ns, &answer, &payload, err);
    if (rc == 0 && ret_boot_ms != NULL) {
        *ret_boot_ms = answer.number;
    }
    return rc;
}

int guest_counters(struct guest_channel *channel, const struct guest_link *links, size_t link_count,
                   uint64_t until_ns, struct namespace_counters *ret, struct error *err)
{
    struct guest_answer answer = {0};
    _cleanup_free_ char *payload = NULL;
    int rc = ask(channel, "counters", until_ns, &answer, &payload, err);
    return rc < 0 ? rc : guest_parse_counters(payload, answer.length, links, link_count, ret, err);
}

// "exec WORD..." as a new text; exit status 2 for a command that guests do not take.
static int exec_request(const char *const *argv, char **ret, struct error *err)
{
    _cleanup_free_ char *request = NULL;
    size_t length = 0;
    size_t count = 0;
    for (; argv[count] != NULL; count++) {
        if (argv[count][0] == '\0') {
            return fail_input(err,
                              "word %zu of the command is empty; a virtual machine takes no empty "
                              "word",
                              count + 1);
        }
    }
    if (count > EXEC_WORDS) {
        return fail_input(err,
                          "the command has %zu words; a virtual machine takes at most %u words",
                          count, EXEC_WORDS);
    }
    FILE *out = open_memstream(&request, &length);
    if (out == NULL) {
        return fail(err, errno, "asking a guest");
    }
    fputs("exec", out);
    for (; *argv != NULL; argv++) {
        fputc(' ', out);
        for (const char *at = *argv; *at != '\0'; at++) {
            unsigned char byte = (unsigned char)*at;
            fprintf(out, byte > ' ' && byte < 127 && byte != '%' ? "%c" : "%%%02x", byte);
        }
    }
    fclose(out);
    if (length > EXEC_BYTES) {
        return fail_input(err,
                          "the command takes %zu bytes, blanks and special characters three each; "
                          "a virtual machine takes at most %u bytes",
                          length, EXEC_BYTES);
    }
    *ret = steal_pointer(&request);
    return 0;
}

// A command whose answer is not awaited would continue: the guest kills it at an empty line. The
// first line break ends a request that was sent in part.
static void end_command(struct guest_channel *channel)
{
    const uint64_t until_ns = clock_monotonic_ns() + ENDED_WITHIN_NS;
    struct guest_answer answer = {0};
    _cleanup_free_ char *payload = NULL;
    struct stop_flag none; // a stop ends the command, not the wait for its end
    stop_flag_init(&none);
    struct stop_flag *before = stop_use(&none);
    if (send_all(channel, "\n", 1, until_ns, NULL) == 0) {
        (void)ask(channel, "words", until_ns, &answer, &payload, NULL);
    }
    stop_use(before);
    stop_flag_clear(&none);
}

int guest_exec(struct guest_channel *channel, const char *const *argv, uint64_t until_ns,
               int *ret_status, char **ret_output, size_t *ret_length, struct error *err)
{
    _cleanup_free_ char *request = NULL;
    struct guest_answer answer = {0};
    _cleanup_free_ char *payload = NULL;
    int rc = exec_request(argv, &request, err);
    if (rc < 0) {
        return rc;
    }
    rc = ask(channel, request, until_ns, &answer, &payload, err);
    if (rc == -EINTR || rc == -ETIMEDOUT) {
        end_command(channel);
    }
    if (rc < 0) {
        return rc;
    }
    *ret_status = (int)answer.number;
    *ret_output = steal_pointer(&payload);
    *ret_length = answer.length;
    return 0;
}

int guest_start(struct guest_channel *channel, uint64_t until_ns, struct error *err)
{
    struct guest_answer answer = {0};
    _cleanup_free_ char *payload = NULL;
    return ask(channel, "start", until_ns, &answer, &payload, err);
}

int guest_leads_to(struct guest_channel *channel, const struct ip_address *address,
                   uint64_t until_ns, char ret_nic[GUEST_NIC_MAX], struct error *err)
{
    char text[IP_TEXT_SIZE];
    char request[IP_TEXT_SIZE + 8];
    snprintf(request, sizeof request, "leads %s", ip_text(address, text));
    struct guest_answer answer = {0};
    _cleanup_free_ char *payload = NULL;
    int rc = ask(channel, request, until_ns, &answer, &payload, err);
    return rc < 0 ? rc : guest_parse_nic(payload, answer.length, ret_nic, err);
}

int guest_last_words(struct guest_channel *channel, uint64_t until_ns, char *ret, size_t room,
                     struct error *err)
{
    struct guest_answer answer = {0};
    _cleanup_free_ char *payload = NULL;
    int rc = ask(channel, "words", until_ns, &answer, &payload, err);
    if (rc == 0) {
        guest_take_words(payload, answer.length, ret, room);
    }
    return rc;
}
