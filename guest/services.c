// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * guest/services — runs the programs of the configuration one after the other, each once its
 * predecessor is up. Their output goes to the console, and the last line is stored for the host.
 *
 * When a service that should keep running ends, the state becomes SERVICES_ENDED; init.c decides
 * what happens to the machine. Called by init.c and, for the host, by channel.c.
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

// Output of programs: a pipe whose two ends stay open.
struct printed {
    int output, input;
    char line[LINE_BYTES];
    size_t length;
};

// Programs that must end have a separate pipe: daemons started before them continue to print, and
// their output must not be reported as the reason of a failure.
static struct {
    const struct guest_config *config;
    enum services_state state;
    pid_t *pids; // PIDs of the services started so far
    size_t started;
    struct printed daemons, once;
    char words[LINE_BYTES];
    char complaint[LINE_BYTES]; // first line of output of the last program that must end
    char why[2 * LINE_BYTES];
} services = {.daemons = {.output = -1, .input = -1}, .once = {.output = -1, .input = -1}};

static void end_with(const char *program, const char *what, int number, const char *words)
{
    snprintf(services.why, sizeof services.why, "%s %s %d; its output: %s", program, what, number,
             words[0] == '\0' ? "nothing" : words);
    services.state = SERVICES_ENDED;
}

// ---- what they print

static void take_line(struct printed *from)
{
    from->line[from->length] = '\0';
    if (from->length > 0) {
        memcpy(services.words, from->line, from->length + 1);
        say("%s", services.words);
        if (from == &services.once && services.complaint[0] == '\0') {
            memcpy(services.complaint, services.words, sizeof services.complaint);
        }
    }
    from->length = 0;
}

static void take_bytes(struct printed *from, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\n') {
            take_line(from);
        } else if (from->length < sizeof from->line - 1) {
            from->line[from->length++] = bytes[i] >= ' ' && bytes[i] < 127 ? bytes[i] : '?';
        }
    }
}

static void take_all(struct printed *from)
{
    char bytes[1024];
    ssize_t got;
    while ((got = read(from->output, bytes, sizeof bytes)) > 0 || (got < 0 && errno == EINTR)) {
        take_bytes(from, bytes, got > 0 ? (size_t)got : 0);
    }
}

void services_take_output(void)
{
    take_all(&services.daemons);
}

int services_output_fd(void)
{
    return services.daemons.output;
}

static int open_pipe(struct printed *printed)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) {
        return -1;
    }
    printed->output = ends[0];
    printed->input = ends[1];
    return fcntl(printed->output, F_SETFL,
                 O_NONBLOCK); // the end of the pipe that the programs write to blocks
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
    int out = service->once ? services.once.input : services.daemons.input;
    services.complaint[0] = '\0';
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    pid_t pid = start_program(service->argv, null, out, out, false);
    close(null);
    if (pid < 0) {
        end_with(service->argv[0], "can't be started: error", errno, "");
        return;
    }
    services.pids[services.started++] = pid;
}

void services_begin(const struct guest_config *config)
{
    if (services.state != SERVICES_NONE || config->service_count == 0) {
        return;
    }
    services.config = config;
    services.state = SERVICES_STARTING;
    services.pids = calloc(config->service_count, sizeof *services.pids);
    if (services.pids == NULL || open_pipe(&services.daemons) < 0 ||
        open_pipe(&services.once) < 0) {
        end_with("services", "can't be started: error", errno, "");
        return;
    }
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
        take_all(&services.once); // a program that prints more than the pipe holds would block
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
        if (services.state == SERVICES_ENDED) { // only the first end counts
            return true;
        }
        const struct guest_service *service = &services.config->services[i];
        struct printed *printed = service->once ? &services.once : &services.daemons;
        take_all(printed);
        take_line(printed);
        bool exited = WIFEXITED(status);
        if (service->once && exited && WEXITSTATUS(status) == 0) {
            return true;
        }
        // A program that must end prints its reason first; a daemon prints it last.
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
