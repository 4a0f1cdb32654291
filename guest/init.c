// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * guest/init — the first process of the tiny router guest: mounts, modules, the router, then one
 * loop over signals, the power button, the host's requests and the console's shell.
 *
 * If it dies the kernel panics, and with panic=-1 on its command line the machine ends, which the
 * host notices. It powers off on the button and on SIGUSR2 (poweroff of busybox, also run by Xen's
 * shutdown), and reboots on SIGTERM (reboot) and SIGINT (Ctrl-Alt-Del).
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/input.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

#define NICS_WITHIN_MS                                                                             \
    20000 // from the start of configuring the router: long enough for emulation on a busy machine
#define SERVICES_MS 5    // interval of checks whether a service is up
#define RESPAWN_MS  500  // least interval between starts of a shell
#define SHUTDOWN_MS 2000 // time for processes to end before they are killed
#define CONFIG_MAX  (1U << 20)
#define REASON_MAX  256

static struct {
    struct guest_config config;
    struct channel_state state;
    struct channel *channel;
    int epoll, signals, command_fd;
    char reason[REASON_MAX];
    char console[64]; // "/dev/ttyS0", "" = none
    pid_t shell;
    uint64_t shell_due_ms; // when to start the next shell
} init = {.command_fd = -1};

// ---- helpers

uint64_t boot_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void say(const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    // Before the console's terminal is set up, a line feed is not translated to a new line.
    dprintf(STDOUT_FILENO, "vrbench: %s\r\n", text);
}

char *read_all(const char *path, size_t *ret_length)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return NULL;
    }
    size_t room = 4096;
    size_t length = 0;
    char *text = malloc(room);
    for (;;) {
        ssize_t got = text == NULL ? -1 : read(fd, text + length, room - 1 - length);
        if (got < 0 && text != NULL && errno == EINTR) {
            continue;
        }
        if (got < 0 || length + (size_t)got > CONFIG_MAX) {
            free(text);
            text = NULL;
        }
        if (got <= 0 || text == NULL) {
            break;
        }
        length += (size_t)got;
        if (length + 1 == room) {
            room *= 2;
            char *larger = realloc(text, room);
            if (larger == NULL) {
                free(text);
            }
            text = larger;
        }
    }
    close(fd);
    if (text != NULL) {
        text[length] = '\0';
        if (ret_length != NULL) {
            *ret_length = length;
        }
    }
    return text;
}

pid_t start_program(char *const *argv, int in, int out, int err, bool terminal)
{
    pid_t pid = fork();
    if (pid != 0) {
        return pid;
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    if (terminal) {
        (void)ioctl(in, TIOCSCTTY, 1);
    }
    if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0 || chdir("/root") < 0) {
        _exit(126);
    }
    // "-sh" makes a login shell; the program's name is without the dash.
    const char *program = argv[0][0] == '-' ? argv[0] + 1 : argv[0];
    execvp(program, argv);
    dprintf(2, "%s: %s\n", program, strerror(errno));
    _exit(errno == ENOENT ? 127 : 126);
}

// ---- beginning

static void mount_all(void)
{
    static const struct {
        const char *type, *path, *options;
    } mounts[] = {
        {"proc", "/proc", NULL},        {"sysfs", "/sys", NULL},
        {"devtmpfs", "/dev", NULL},     {"devpts", "/dev/pts", "gid=5,mode=620"},
        {"tmpfs", "/tmp", "mode=1777"}, {"tmpfs", "/run", "mode=755"},
    };
    for (size_t i = 0; i < sizeof mounts / sizeof mounts[0]; i++) {
        (void)mkdir(mounts[i].path, 0755);
        if (mount(mounts[i].type, mounts[i].path, mounts[i].type, MS_NOSUID, mounts[i].options) <
            0) {
            say("mounting %s: %s", mounts[i].path, strerror(errno));
        }
    }
}

static void set_environment(void)
{
    setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
    setenv("HOME", "/root", 1);
    setenv("TERM", "vt100", 1);
    setenv("PS1", "\\h# ", 1);
    setenv("LC_ALL", "C", 1);
}

static void watch(int fd, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};
    if (fd >= 0) {
        (void)epoll_ctl(init.epoll, EPOLL_CTL_ADD, fd, &event);
    }
}

static void set_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    init.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    watch(init.signals, EPOLLIN);
    (void)reboot(RB_DISABLE_CAD); // Ctrl-Alt-Del sends SIGINT
}

static void make_router(void)
{
    char *text = read_all(GUEST_CONFIG, NULL);
    int rc = 0;
    if (text == NULL) { // no configuration: only a shell
        say("there is no " GUEST_CONFIG);
    } else {
        rc = config_parse(text, &init.config, init.reason, sizeof init.reason);
    }
    free(text);
    if (rc == 0) {
        const char *name = init.config.name[0] == '\0' ? "router" : init.config.name;
        (void)sethostname(name, strlen(name));
        rc =
            network_make(&init.config, boot_ms() + NICS_WITHIN_MS, init.reason, sizeof init.reason);
    }
    if (rc < 0) {
        init.state.failure = init.reason;
        say("failed: %s", init.reason);
        return;
    }
    init.state.ready_ms = boot_ms();
    init.state.ready = true;
    say("%s is ready, %llu ms after the kernel's start", init.config.name,
        (unsigned long long)init.state.ready_ms);
}

static void open_buttons(void)
{
    glob_t devices = {0};
    if (glob("/dev/input/event*", GLOB_NOSORT, NULL, &devices) == 0) {
        for (size_t i = 0; i < devices.gl_pathc; i++) {
            watch(open(devices.gl_pathv[i], O_RDONLY | O_NONBLOCK | O_CLOEXEC), EPOLLIN);
        }
    }
    globfree(&devices);
}

// /dev/console stands for the last active console. It cannot be a controlling terminal, but that
// console's device can.
static void find_console(void)
{
    char *text = read_all("/sys/class/tty/console/active", NULL);
    if (text != NULL) {
        text[strcspn(text, "\n")] = '\0';
        const char *last = strrchr(text, ' ');
        snprintf(init.console, sizeof init.console, "/dev/%s", last == NULL ? text : last + 1);
    }
    free(text);
}

static void start_shell(void)
{
    static char name[] = "-sh";
    static char *const argv[] = {name, NULL};
    if (init.console[0] == '\0' || init.shell > 0 || boot_ms() < init.shell_due_ms) {
        return;
    }
    init.shell_due_ms = boot_ms() + RESPAWN_MS;
    int fd = open(init.console, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        init.console[0] = '\0';
        return;
    }
    init.shell = start_program(argv, fd, fd, fd, true);
    close(fd);
}

// ---- ending

__attribute__((noreturn)) static void shut_down(unsigned how)
{
    say("%s", how == RB_POWER_OFF ? "powering off" : "going down");
    kill(-1, SIGTERM);
    kill(-1, SIGHUP);
    uint64_t until = boot_ms() + SHUTDOWN_MS;
    while ((waitpid(-1, NULL, WNOHANG) >= 0 || errno == EINTR) && boot_ms() < until) {
        poll(NULL, 0, 10);
    }
    kill(-1, SIGKILL);
    sync();
    (void)reboot((int)how);
    for (;;) {
        pause();
    }
}

// ---- the loop

static void reap(void)
{
    int status = 0;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid == init.shell) {
            init.shell = 0;
        } else if (services_take_end(pid, status)) {
            continue;
        } else if (init.channel != NULL) {
            channel_command_ended(init.channel, pid, status);
        }
    }
}

static void take_signals(void)
{
    struct signalfd_siginfo info;
    while (read(init.signals, &info, sizeof info) == (ssize_t)sizeof info) {
        switch (info.ssi_signo) {
        case SIGCHLD:
            reap();
            break;
        case SIGUSR2:
            shut_down(RB_POWER_OFF);
        case SIGUSR1:
            shut_down(RB_HALT_SYSTEM);
        case SIGTERM:
        case SIGINT:
            shut_down(RB_AUTOBOOT);
        default:
            break;
        }
    }
}

static void take_keys(int fd)
{
    struct input_event event;
    while (read(fd, &event, sizeof event) == (ssize_t)sizeof event) {
        if (event.type == EV_KEY && event.code == KEY_POWER && event.value == 1) {
            shut_down(RB_POWER_OFF);
        }
    }
}

static void take(int fd)
{
    if (fd == init.signals) {
        take_signals();
    } else if (init.channel != NULL && fd == channel_fd(init.channel)) {
        channel_step(init.channel);
    } else if (init.channel != NULL && fd == channel_command_fd(init.channel)) {
        channel_command_output(init.channel);
    } else if (fd == services_output_fd()) {
        services_take_output();
    } else {
        take_keys(fd);
    }
}

// The end of a service ends the router, as the end of a daemon does on every platform. Exception:
// while the host waits for their start, it gets the reason and decides.
static void see_services(void)
{
    static enum services_state seen;
    enum services_state now = services_state();
    if (now == seen) {
        return;
    }
    if (seen == SERVICES_NONE) {
        watch(services_output_fd(), EPOLLIN);
    }
    seen = now;
    bool reported = init.channel != NULL && channel_tell_services(init.channel);
    if (now == SERVICES_ENDED) {
        say("%s", services_why());
        if (!reported) {
            shut_down(RB_POWER_OFF);
        }
    }
}

static int wait_ms(bool services_wait)
{
    if (services_wait) {
        return SERVICES_MS;
    }
    return init.console[0] != '\0' && init.shell <= 0 ? RESPAWN_MS : -1;
}

static void serve(void)
{
    for (;;) {
        start_shell();
        bool services_wait = services_step();
        see_services();
        // Adds a new command's pipe; a closed one leaves the set by itself.
        int command_fd = init.channel == NULL ? -1 : channel_command_fd(init.channel);
        if (command_fd >= 0) {
            watch(command_fd, EPOLLIN);
        }
        struct epoll_event event;
        int count = epoll_wait(init.epoll, &event, 1, wait_ms(services_wait));
        if (count > 0) {
            take(event.data.fd);
        }
    }
}

int main(void)
{
    if (getpid() != 1) {
        fprintf(stderr, "this is the first process of a router guest\n");
        return 2;
    }
    umask(022);
    set_environment();
    mount_all();
    init.epoll = epoll_create1(EPOLL_CLOEXEC);
    set_signals();
    modules_load();
    // Opened early: requests that arrive meanwhile wait in the port.
    init.state.config = &init.config;
    init.channel = channel_open(&init.state);
    make_router();
    if (init.channel != NULL) {
        watch(channel_fd(init.channel), EPOLLIN | EPOLLOUT | EPOLLET);
        channel_step(init.channel);
    }
    if (init.state.ready && !init.config.hold) {
        services_begin(&init.config);
    }
    open_buttons();
    find_console();
    serve();
}
