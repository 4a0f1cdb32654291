// SPDX-License-Identifier: GPL-3.0-or-later
// machine/daemon — see daemon.h.
#include "machine/daemon.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "linux/child.h"

#define START_WITHIN_NS     (30U * NS_PER_S) // for all programs of a daemon to be ready
#define CONFIGURE_WITHIN_NS (30U * NS_PER_S)
#define CHECK_WITHIN_NS     (30U * NS_PER_S)
#define FRR_FOLDER          "/usr/lib/frr/"
#define FRR_RUN             "/run/frr"
#define FRR_CONFIG          "/run/frr/frr.conf"
#define BIRD_RUN            "/run/bird"
#define FILES               3U
#define STATIC_ROUTE        "ip route " // how lines begin that staticd is for

struct daemon_services {
    enum routing_daemon daemon;
    struct first_services first;
    struct first_file files[FILES];
    char *directory, *root, *log, *config, *program;
};

// Folders that the programs write to although nobody asked: FRR has its crash logs in /var/tmp.
static const char *const spaces[] = {"/run", "/var/tmp", NULL};

// ---- FRR

static char *const zebra_arguments[] = {(char *)"zebra",
                                        (char *)"-P",
                                        (char *)"0",
                                        (char *)"-f",
                                        (char *)"/dev/null",
                                        (char *)"-z",
                                        (char *)FRR_RUN "/zserv.api",
                                        (char *)"-i",
                                        (char *)FRR_RUN "/zebra.pid",
                                        (char *)"--vty_socket",
                                        (char *)FRR_RUN,
                                        NULL};
static char *const ospfd_arguments[] = {(char *)"ospfd",
                                        (char *)"-P",
                                        (char *)"0",
                                        (char *)"-f",
                                        (char *)"/dev/null",
                                        (char *)"-z",
                                        (char *)FRR_RUN "/zserv.api",
                                        (char *)"-i",
                                        (char *)FRR_RUN "/ospfd.pid",
                                        (char *)"--vty_socket",
                                        (char *)FRR_RUN,
                                        NULL};
static char *const staticd_arguments[] = {(char *)"staticd",
                                          (char *)"-P",
                                          (char *)"0",
                                          (char *)"-f",
                                          (char *)"/dev/null",
                                          (char *)"-z",
                                          (char *)FRR_RUN "/zserv.api",
                                          (char *)"-i",
                                          (char *)FRR_RUN "/staticd.pid",
                                          (char *)"--vty_socket",
                                          (char *)FRR_RUN,
                                          NULL};

// A program's socket for vtysh is the last thing that it makes ready.
static const struct {
    const char *line; // how a line of the configuration starts that asks for it; NULL = always
    struct first_program program;
} frr_programs[] = {
    {NULL, {FRR_FOLDER "zebra", zebra_arguments, FRR_RUN "/zebra.vty"}},
    {NULL, {FRR_FOLDER "ospfd", ospfd_arguments, FRR_RUN "/ospfd.vty"}},
    {STATIC_ROUTE, {FRR_FOLDER "staticd", staticd_arguments, FRR_RUN "/staticd.vty"}},
};

static bool has_line(const char *config, const char *start)
{
    for (const char *at = config; at != NULL; at = strchr(at, '\n')) {
        at += strspn(at, "\n \t\r");
        if (text_starts(at, start)) {
            return true;
        }
    }
    return false;
}

bool daemon_needs_staticd(const char *config)
{
    return has_line(config, STATIC_ROUTE);
}

// The programs give up root for a user that their package makes.
static int prepare_frr(struct daemon_services *services, struct error *err)
{
    const struct passwd *user = getpwnam("frr");
    if (user == NULL) {
        return fail_lacking(err, "there is no user frr, which FRR runs as: install package frr");
    }
    services->files[0] = (struct first_file){FRR_RUN, NULL, 0755, user->pw_uid, user->pw_gid};
    services->files[1] =
        (struct first_file){FRR_CONFIG, services->config, 0640, user->pw_uid, user->pw_gid};
    services->files[2] =
        (struct first_file){FRR_RUN "/vtysh.conf", "\n", 0640, user->pw_uid, user->pw_gid};
    services->first.file_count = 3;
    for (size_t i = 0; i < sizeof frr_programs / sizeof frr_programs[0]; i++) {
        const char *line = frr_programs[i].line;
        if (line == NULL || has_line(services->config, line)) {
            services->first.programs[services->first.program_count++] = frr_programs[i].program;
        }
    }
    return 0;
}

static int check_frr(struct error *err)
{
    for (size_t i = 0; i < sizeof frr_programs / sizeof frr_programs[0]; i++) {
        if (access(frr_programs[i].program.path, X_OK) < 0) {
            return fail_lacking(err, "daemon: frr needs the program %s: install package frr",
                                frr_programs[i].program.path);
        }
    }
    return 0;
}

// ---- BIRD

static char *const bird_arguments[] = {(char *)"bird",
                                       (char *)"-f",
                                       (char *)"-c",
                                       (char *)BIRD_RUN "/bird.conf",
                                       (char *)"-s",
                                       (char *)BIRD_RUN "/bird.ctl",
                                       NULL};

static int find_bird(char **ret, struct error *err)
{
    return child_find("bird", ret) < 0
               ? fail_lacking(err, "daemon: bird, and the tester beside any daemon, need the "
                                   "program bird: install package bird2")
               : 0;
}

// Its socket is made once it has taken its configuration.
static int prepare_bird(struct daemon_services *services, struct error *err)
{
    int rc = find_bird(&services->program, err);
    services->files[0] = (struct first_file){BIRD_RUN, NULL, 0755, 0, 0};
    services->files[1] = (struct first_file){BIRD_RUN "/bird.conf", services->config, 0644, 0, 0};
    services->first.file_count = 2;
    services->first.programs[0] =
        (struct first_program){services->program, bird_arguments, BIRD_RUN "/bird.ctl"};
    services->first.program_count = 1;
    return rc;
}

// ---- checking

static void append(char **text, const char *more)
{
    char *both = text_format("%s%s%s", *text, **text == '\0' ? "" : "\n", more);
    free(*text);
    *text = both;
}

// "bird: FILE:LINE:COLUMN text" as "FILE:LINE:COLUMN: text".
static char *bird_complaint(const char *path, const char *line)
{
    _cleanup_free_ char *prefix = text_format("bird: %s:", path);
    if (text_starts(line, prefix)) {
        const char *place = line + strlen(prefix);
        size_t length = strspn(place, "0123456789:");
        if (place[length] == ' ') {
            return text_format("%s:%.*s: %s", path, (int)length, place, place + length + 1);
        }
    }
    return text_format("%s: %s", path, line);
}

// "line LINE: % Unknown command: text" likewise; vtysh knows no column.
static char *vtysh_complaint(const char *path, const char *line)
{
    if (text_starts(line, "line ")) {
        const char *place = line + strlen("line ");
        size_t length = strspn(place, "0123456789");
        if (text_starts(place + length, ": % ")) {
            return text_format("%s:%.*s:1: %s", path, (int)length, place,
                               place + length + strlen(": % "));
        }
    }
    return text_format("%s: %s", path, line);
}

static int check_config(enum routing_daemon daemon, const char *path, struct error *err)
{
    const char *const bird[] = {"bird", "-p", "-c", path, NULL};
    const char *const vtysh[] = {"vtysh", "-C", "-f", path, NULL};
    bool is_bird = daemon == DAEMON_BIRD;
    _cleanup_free_ char *program = NULL;
    _cleanup_free_ char *lines = text_copy("");
    _cleanup_child_ struct child child = CHILD_INIT;
    if (child_find(is_bird ? "bird" : "vtysh", &program) < 0) {
        return fail_lacking(err, "daemon: %s needs the program %s: install package %s",
                            routing_daemon_name(daemon), is_bird ? "bird" : "vtysh",
                            is_bird ? "bird2" : "frr");
    }
    const struct child_spec spec = {.path = program, .argv = is_bird ? bird : vtysh};
    int rc = child_run(&spec, CHECK_WITHIN_NS, &child, err);
    if (rc < 0 || child.status == 0) {
        return rc;
    }
    char *rest = child.err.length > 0 ? child.err.text : child.out.text;
    for (char *line = strtok_r(rest, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        _cleanup_free_ char *said =
            is_bird ? bird_complaint(path, line) : vtysh_complaint(path, line);
        append(&lines, said);
    }
    if (*lines == '\0') {
        return fail_input(err, "%s: %s refuses it without a word", path, program);
    }
    return fail_located(err, lines);
}

int daemon_check(enum routing_daemon daemon, const char *path, struct error *err)
{
    _cleanup_free_ char *bird = NULL;
    int rc = daemon == DAEMON_BIRD ? find_bird(&bird, err) : check_frr(err);
    return rc < 0 || path == NULL ? rc : check_config(daemon, path, err);
}

// ---- preparing and starting

static char *log_of(const char *directory, const char *name)
{
    return text_format("%s/daemon-%s.log", directory, name);
}

int daemon_prepare(enum routing_daemon daemon, const char *config, const char *directory,
                   const char *name, struct daemon_services **ret, struct error *err)
{
    struct daemon_services *services = memory_new(1, sizeof *services);
    services->daemon = daemon;
    services->directory = text_copy(directory);
    services->root = text_format("%s/root-%s", directory, name);
    services->log = log_of(directory, name);
    services->config = text_copy(config == NULL ? "" : config);
    services->first = (struct first_services){.folder = services->directory,
                                              .root = services->root,
                                              .log = services->log,
                                              .spaces = spaces,
                                              .files = services->files};
    int rc = daemon == DAEMON_FRR ? prepare_frr(services, err) : prepare_bird(services, err);
    if (rc < 0) {
        daemon_services_free(services);
        return rc;
    }
    *ret = services;
    return 0;
}

const struct first_services *daemon_services_of(const struct daemon_services *services)
{
    return services == NULL ? NULL : &services->first;
}

void daemon_services_free(struct daemon_services *services)
{
    if (services == NULL) {
        return;
    }
    free(services->directory);
    free(services->root);
    free(services->log);
    free(services->config);
    free(services->program);
    free(services);
}

static int configure_frr(pid_t first, struct error *err)
{
    static const char *const arguments[] = {"vtysh", "--vty_socket", FRR_RUN,    "--config_dir",
                                            FRR_RUN, "-f",           FRR_CONFIG, NULL};
    _cleanup_free_ char *program = NULL;
    if (child_find("vtysh", &program) < 0) {
        return fail_lacking(err, "daemon: frr needs the program vtysh: install package frr");
    }
    _cleanup_child_ struct child child = CHILD_INIT;
    const struct child_spec spec = {.path = program, .argv = arguments, .inside = first};
    int rc = child_run(&spec, CONFIGURE_WITHIN_NS, &child, err);
    if (rc == 0 && child.status != 0) {
        char *said = child.err.length > 0 ? child.err.text : child.out.text;
        said[strcspn(said, "\n")] = '\0';
        rc = fail(err, 0, "vtysh could not configure FRR: %.150s", said);
    }
    return rc;
}

int daemon_start(const struct daemon_services *services, pid_t first, int control,
                 struct error *err)
{
    int rc = first_start_services(first, control, &services->first, START_WITHIN_NS, err);
    if (rc == 0 && services->daemon == DAEMON_FRR) {
        rc = configure_frr(first, err);
    }
    return rc;
}

void daemon_last_words(const char *directory, const char *name, char ret[160])
{
    _cleanup_free_ char *log = log_of(directory, name);
    first_last_words(log, ret);
}
