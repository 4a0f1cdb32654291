// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * guest/services — runs the programs of the configuration: one after the other, each once the one
 * before it is up. What they print goes to the console, and the last line is kept for the host.
 *
 * They belong to the router: when one of them ends, but for those that are to, all have ended as
 * services, and it is init.c's affair what becomes of the machine. Called by init.c and, for the
 * host, by channel.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

#define LINE_BYTES 160

static struct {
    const struct guest_config *config;
    enum services_state state;
    pid_t *pids; // of those that were started
    size_t started;
    int output, input; // both ends of the pipe into which they print
    char line[LINE_BYTES], words[LINE_BYTES];
    char complaint[LINE_BYTES]; // the first line since the last start
    size_t line_length;
    char why[2 * LINE_BYTES];
} services = {.output = -1, .input = -1};

static void end_with(const char *program, const char *what, int number, const char *words)
{
    snprintf(services.why, sizeof services.why, "%s %s %d; it said: %s", program, what, number,
             words[0] == '\0' ? "nothing" : words);
    services.state = SERVICES_ENDED;
}

// ---- what they print

static void take_line(void)
{
    services.line[services.line_length] = '\0';
    if (services.line_length > 0) {
        memcpy(services.words, services.line, services.line_length + 1);
        say("%s", services.words);
        if (services.complaint[0] == '\0') {
            memcpy(services.complaint, services.words, sizeof services.complaint);
        }
    }
    services.line_length = 0;
}

static void take_bytes(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\n') {
            take_line();
        } else if (services.line_length < sizeof services.line - 1) {
            services.line[services.line_length++] =
                bytes[i] >= ' ' && bytes[i] < 127 ? bytes[i] : '?';
        }
    }
}

void services_take_output(void)
{
    char bytes[1024];
    ssize_t got;
    while ((got = read(services.output, bytes, sizeof bytes)) > 0 || (got < 0 && errno == EINTR)) {
        take_bytes(bytes, got > 0 ? (size_t)got : 0);
    }
}

int services_output_fd(void)
{
    return services.output;
}

// ---- starting

static bool last_is_up(void)
{
    if (services.started == 0) {
        return true;
    }
    size_t last = services.started - 1;
    const struct guest_service *service = &services.config->services[last];
    return service->once ? services.pids[last] == 0
                         : service->ready == NULL || access(service->ready, F_OK) == 0;
}

static void start_next(void)
{
    const struct guest_service *service = &services.config->services[services.started];
    services.complaint[0] = '\0';
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    pid_t pid = start_program(service->argv, null, services.input, services.input, false);
    close(null);
    if (pid < 0) {
        end_with(service->argv[0], "can't be started: error", errno, "");
        return;
    }
    services.pids[services.started++] = pid;
}

void services_begin(const struct guest_config *config)
{
    int ends[2];
    if (services.state != SERVICES_NONE || config->service_count == 0) {
        return;
    }
    services.config = config;
    services.state = SERVICES_STARTING;
    services.pids = calloc(config->service_count, sizeof *services.pids);
    if (services.pids == NULL || pipe2(ends, O_CLOEXEC) < 0) {
        end_with("services", "can't be started: error", errno, "");
        return;
    }
    services.output = ends[0];
    services.input = ends[1];
    (void)fcntl(services.output, F_SETFL, O_NONBLOCK); // the programs' end waits
    for (size_t i = 0; i < config->folder_count; i++) {
        const struct guest_folder *folder = &config->folders[i];
        if ((mkdir(folder->path, 0755) < 0 && errno != EEXIST) ||
            chown(folder->path, folder->owner, folder->owner) < 0) {
            end_with(folder->path, "can't be made: error", errno, "");
            return;
        }
    }
    services_step();
}

bool services_step(void)
{
    while (services.state == SERVICES_STARTING) {
        if (!last_is_up()) {
            return true;
        }
        if (services.started == services.config->service_count) {
            services.state = SERVICES_UP;
        } else {
            start_next();
        }
    }
    return false;
}

// ---- ending

bool services_take_end(pid_t pid, int status)
{
    for (size_t i = 0; i < services.started; i++) {
        if (services.pids[i] != pid) {
            continue;
        }
        services.pids[i] = 0;
        if (services.state == SERVICES_ENDED) { // the first one counts
            return true;
        }
        services_take_output();
        take_line();
        const struct guest_service *service = &services.config->services[i];
        bool exited = WIFEXITED(status);
        if (service->once && exited && WEXITSTATUS(status) == 0) {
            return true;
        }
        // What is to end says first what is wrong; what goes on for long, last.
        end_with(service->argv[0], exited ? "ended with status" : "was ended by signal",
                 exited ? WEXITSTATUS(status) : WTERMSIG(status),
                 service->once ? services.complaint : services.words);
        return true;
    }
    return false;
}

enum services_state services_state(void)
{
    return services.state;
}

const char *services_why(void)
{
    return services.why;
}

const char *services_words(void)
{
    return services.words;
}
