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
#include "base/file.h"
#include "base/text.h"
#include "linux/child.h"
#include "linux/first_child.h"
#include "machine/frr_programs.h"

#define START_WITHIN_NS     (30U * NS_PER_S) // time limit for all programs of a daemon to be ready
#define CONFIGURE_WITHIN_NS (30U * NS_PER_S)
#define CHECK_WITHIN_NS     (30U * NS_PER_S)
#define FRR_FOLDER          "/usr/lib/frr/"
#define FRR_RUN             "/run/frr"
#define FRR_CONFIG          "/etc/frr/frr.conf"
#define BIRD_RUN            "/run/bird"
#define FILES               4U
#define COMPLAINTS_SHOWN    8U   // lines of a checker that are shown
#define COMPLAINT_LENGTH    200U // longest line shown
#define CONFIG_BYTES_MAX    (16U << 20)
#define USER_TEXT_MAX       4096U // of an entry of passwd(5)

struct daemon_services {
    enum routing_daemon daemon;
    struct first_services first;
    struct first_file files[FILES];
    char *directory, *root, *log, *config, *program;
};

// Folders that the programs may write to. Logs below /var/log can be read on the router's console.
static const struct first_space spaces[] = {
    {.path = "/run"},
    {.path = "/etc/frr"},
    {.path = "/var/log"},
    {.path = "/var/lib/frr"},
    {.path = "/var/tmp", .for_all = true}, // FRR's crash logs
    {.path = "/tmp", .for_all = true, .apart = true},
    {.path = "/dev/shm", .for_all = true, .apart = true},
};

// ---- FRR

// The programs read no file of their own because FRR_CONFIG exists, which vtysh gives to all of
// them. An option for another file (-f) exists in some programs of some versions only.
#define FRR_ARGUMENTS(program)                                                                     \
    (char *const[])                                                                                \
    {                                                                                              \
        (char *)program, (char *)"-P", (char *)"0", (char *)"-z", (char *)FRR_RUN "/zserv.api",    \
            (char *)"-i", (char *)FRR_RUN "/" program ".pid", (char *)"--vty_socket",              \
            (char *)FRR_RUN, NULL                                                                  \
    }
// A program creates its socket for vtysh last.
#define FRR_PROGRAM(program)                                                                       \
    {                                                                                              \
        FRR_FOLDER program, FRR_ARGUMENTS(program), FRR_RUN "/" program ".vty"                     \
    }
static const struct first_program frr_programs[FRR_PROGRAMS] = {
    [FRR_ZEBRA] = FRR_PROGRAM("zebra"),     [FRR_OSPFD] = FRR_PROGRAM("ospfd"),
    [FRR_STATICD] = FRR_PROGRAM("staticd"), [FRR_BFDD] = FRR_PROGRAM("bfdd"),
    [FRR_BGPD] = FRR_PROGRAM("bgpd"),       [FRR_RIPD] = FRR_PROGRAM("ripd"),
    [FRR_RIPNGD] = FRR_PROGRAM("ripngd"),   [FRR_OSPF6D] = FRR_PROGRAM("ospf6d"),
    [FRR_ISISD] = FRR_PROGRAM("isisd"),     [FRR_FABRICD] = FRR_PROGRAM("fabricd"),
    [FRR_EIGRPD] = FRR_PROGRAM("eigrpd"),   [FRR_BABELD] = FRR_PROGRAM("babeld"),
    [FRR_PIMD] = FRR_PROGRAM("pimd"),       [FRR_PBRD] = FRR_PROGRAM("pbrd"),
    [FRR_VRRPD] = FRR_PROGRAM("vrrpd"),
};
// Since FRR 9, vtysh sends static routes and some lines for others to this program, which
// configures them. It starts before them.
static const struct first_program frr_manager = FRR_PROGRAM("mgmtd");
_Static_assert(FRR_PROGRAMS + 1 <= FIRST_PROGRAMS, "all may be needed at once");

bool daemon_needs_ipv6(enum routing_daemon daemon, const char *config)
{
    return config != NULL && (daemon == DAEMON_FRR    ? frr_needs_ipv6(config)
                              : daemon == DAEMON_BIRD ? bird_needs_ipv6(config)
                                                      : false);
}

// The user that the programs change to, which their package creates.
static int find_frr_user(struct passwd *ret, char *text, size_t room, struct error *err)
{
    struct passwd *found = NULL;
    int why = getpwnam_r("frr", ret, text, room, &found);
    if (found == NULL) {
        return why != 0 ? fail(err, why, "looking up the user frr, which FRR runs as")
                        : fail_lacking(
                              err, "there is no user frr, which FRR runs as: install package frr");
    }
    return 0;
}

static int prepare_frr(struct daemon_services *services, struct error *err)
{
    char text[USER_TEXT_MAX];
    struct passwd user;
    int rc = find_frr_user(&user, text, sizeof text, err);
    if (rc < 0) {
        return rc;
    }
    services->files[0] = (struct first_file){FRR_RUN, NULL, 0755, user.pw_uid, user.pw_gid};
    services->files[1] =
        (struct first_file){FRR_CONFIG, services->config, 0640, user.pw_uid, user.pw_gid};
    services->files[2] =
        (struct first_file){"/etc/frr/vtysh.conf", "\n", 0640, user.pw_uid, user.pw_gid};
    services->files[3] = (struct first_file){"/var/log/frr", NULL, 0755, user.pw_uid, user.pw_gid};
    services->first.file_count = access("/var/log", F_OK) == 0 ? 4 : 3;
    if (access(frr_manager.path, X_OK) == 0) {
        services->first.programs[services->first.program_count++] = frr_manager;
    }
    bool needed[FRR_PROGRAMS];
    frr_programs_needed(services->config, needed);
    for (size_t i = 0; i < FRR_PROGRAMS; i++) {
        if (needed[i]) {
            services->first.programs[services->first.program_count++] = frr_programs[i];
        }
    }
    return 0;
}

// Finds the installed programs of FRR. Exit status 3 if one that every router requires is missing.
static int check_frr(bool ret_there[FRR_PROGRAMS], struct error *err)
{
    for (size_t i = 0; i < FRR_PROGRAMS; i++) {
        ret_there[i] = access(frr_programs[i].path, X_OK) == 0;
        if (!ret_there[i] && i <= FRR_STATICD) {
            return fail_lacking(err, "daemon: frr needs the program %s: install package frr",
                                frr_programs[i].path);
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

// BIRD creates its socket once it has read its configuration.
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

// Converts "bird: FILE:LINE:COLUMN text" to "FILE:LINE:COLUMN: text".
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

// Converts "line LINE: % Unknown command: text" to the same form; vtysh reports no column.
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

// Reports the checker's findings, up to a limited number of lines. If most lines of a file are not
// commands, it is another kind of file, and none of them is shown.
static int report_complaints(enum routing_daemon daemon, const char *path, char *output,
                             size_t commands, struct error *err)
{
    _cleanup_free_ char *lines = text_copy("");
    size_t count = 0;
    for (char *line = strtok_r(output, "\n", &output); line != NULL;
         line = strtok_r(NULL, "\n", &output)) {
        // The last line of vtysh since FRR 9, beside those that have a position.
        if (count > 0 && text_starts(line, "Configuration file[")) {
            continue;
        }
        if (++count > COMPLAINTS_SHOWN) {
            continue;
        }
        line[strnlen(line, COMPLAINT_LENGTH)] = '\0';
        _cleanup_free_ char *printable = text_printable(line);
        _cleanup_free_ char *complaint = daemon == DAEMON_BIRD ? bird_complaint(path, printable)
                                                               : vtysh_complaint(path, printable);
        text_append(&lines, "\n", "%s", complaint);
    }
    if (daemon == DAEMON_FRR && 2 * count > commands) {
        return fail_input(
            err, "%s is no configuration of frr: %zu of its %zu lines are no commands of it", path,
            count, commands);
    }
    if (count > COMPLAINTS_SHOWN) {
        text_append(&lines, "\n", "%s: and %zu more", path, count - COMPLAINTS_SHOWN);
    }
    return fail_located(err, lines);
}

static int check_config(enum routing_daemon daemon, const char *path, const char *config,
                        struct error *err)
{
    const char *const bird[] = {"bird", "-p", "-c", path, NULL};
    const char *const vtysh[] = {"vtysh", "-C", "-f", path, NULL};
    bool is_bird = daemon == DAEMON_BIRD;
    _cleanup_free_ char *program = NULL;
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
    char *output = child.err.length > 0 ? child.err.text : child.out.text;
    if (output[strspn(output, "\n")] == '\0') {
        return fail_input(err, "%s: %s refuses it without a word", path, program);
    }
    return report_complaints(daemon, path, output, frr_command_lines(config), err);
}

int daemon_check_programs(enum routing_daemon daemon, const char *path, bool in_image,
                          struct error *err)
{
    static const bool packed[FRR_PROGRAMS] = {
        [FRR_ZEBRA] = true, [FRR_OSPFD] = true, [FRR_STATICD] = true};
    bool there[FRR_PROGRAMS];
    _cleanup_free_ char *config = NULL;
    if (daemon != DAEMON_FRR) {
        return 0;
    }
    int rc = in_image ? 0 : check_frr(there, err);
    if (rc == 0) {
        rc = file_read(path, CONFIG_BYTES_MAX, &config, NULL, err);
    }
    if (rc < 0) {
        return rc;
    }
    return frr_programs_check(config, path, in_image ? packed : there,
                              in_image ? "isn't in the router image"
                                       : "routers can't have, or package frr doesn't bring",
                              err);
}

int daemon_check(enum routing_daemon daemon, const char *path, struct error *err)
{
    _cleanup_free_ char *bird = NULL;
    _cleanup_free_ char *config = NULL;
    bool there[FRR_PROGRAMS];
    int rc = daemon == DAEMON_BIRD ? find_bird(&bird, err) : check_frr(there, err);
    if (rc < 0 || path == NULL) {
        return rc;
    }
    rc = file_read(path, CONFIG_BYTES_MAX, &config, NULL, err);
    return rc < 0 ? rc : check_config(daemon, path, config, err);
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
                                              .space_count = sizeof spaces / sizeof spaces[0],
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
    static const char *const arguments[] = {"vtysh", "--vty_socket", FRR_RUN,
                                            "-f",    FRR_CONFIG,     NULL};
    _cleanup_free_ char *program = NULL;
    if (child_find("vtysh", &program) < 0) {
        return fail_lacking(err, "daemon: frr needs the program vtysh: install package frr");
    }
    _cleanup_child_ struct child child = CHILD_INIT;
    const struct child_spec spec = {.path = program, .argv = arguments, .inside = first};
    int rc = child_run(&spec, CONFIGURE_WITHIN_NS, &child, err);
    if (rc == 0 && child.status != 0) {
        char *output = child.err.length > 0 ? child.err.text : child.out.text;
        output[strcspn(output, "\n")] = '\0';
        rc = fail(err, 0, "vtysh could not configure FRR: %.150s", output);
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
