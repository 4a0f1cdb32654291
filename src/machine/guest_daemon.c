// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/guest_daemon — the routing daemon of a machine: the image contains it (image/daemon), and
 * the guest runs it on request until one of its programs ends. vtysh configures FRR's programs,
 * because each of them would fail on the lines for others. See guest_machine.h; machine/daemon has
 * the same for namespaces.
 */
#include <string.h>

#include "base/clock.h"
#include "machine/daemon.h"
#include "machine/frr_programs.h"
#include "machine/guest_machine.h"

#define START_WITHIN_NS  (120U * NS_PER_S) // for an emulated machine on a busy host
#define ANSWER_WITHIN_NS (60U * NS_PER_S)
#define FRR_USER         100U // in the image

// ---- the services of the guest

static const char *const bird[] = {"/usr/sbin/bird",     "-f", "-c", "/etc/bird/bird.conf", "-s",
                                   "/run/bird/bird.ctl", NULL};
#define FRR(program, pid)                                                                          \
    {                                                                                              \
        program, "-P", "0", "-f", "/dev/null", "-z", "/run/frr/zserv.api", "-i", pid,              \
            "--vty_socket", "/run/frr", NULL                                                       \
    }
static const char *const zebra[] = FRR("/usr/lib/frr/zebra", "/run/frr/zebra.pid");
static const char *const ospfd[] = FRR("/usr/lib/frr/ospfd", "/run/frr/ospfd.pid");
static const char *const staticd[] = FRR("/usr/lib/frr/staticd", "/run/frr/staticd.pid");
static const char *const vtysh[] = {"/usr/bin/vtysh", "-f", "/etc/frr/frr.conf", NULL};
static const struct router_config_folder bird_folder = {"/run/bird", 0};
static const struct router_config_folder frr_folder = {"/run/frr", FRR_USER};

void tiny_daemon_add(const struct router_spec *spec, struct tiny_daemon *daemon,
                     struct router_config *config)
{
    if (spec->daemon == DAEMON_NONE) {
        return;
    }
    bool is_bird = spec->daemon == DAEMON_BIRD;
    const char *text = spec->config == NULL ? "" : spec->config;
    daemon->files[0] =
        (struct archive_item){.path = is_bird ? "etc/bird/bird.conf" : "etc/frr/frr.conf",
                              .mode = 0644,
                              .bytes = text,
                              .length = strlen(text)};
    size_t count = 0;
    if (is_bird) {
        daemon->services[count++] =
            (struct router_config_service){bird, "/run/bird/bird.ctl", false};
    } else {
        daemon->services[count++] =
            (struct router_config_service){zebra, "/run/frr/zebra.vty", false};
        daemon->services[count++] =
            (struct router_config_service){ospfd, "/run/frr/ospfd.vty", false};
        bool needed[FRR_PROGRAMS];
        frr_programs_needed(text, needed);
        if (needed[FRR_STATICD]) {
            daemon->services[count++] =
                (struct router_config_service){staticd, "/run/frr/staticd.vty", false};
        }
        daemon->services[count++] = (struct router_config_service){vtysh, NULL, true};
    }
    config->daemon = spec->daemon;
    config->services = daemon->services;
    config->service_count = count;
    config->folders = is_bird ? &bird_folder : &frr_folder;
    config->folder_count = 1;
    config->files = daemon->files;
    config->file_count = 1;
    config->hold = true;
}

// ---- asking

int guest_machine_start_daemon(struct machine *machine, struct error *err)
{
    _cleanup_guest_ struct guest_channel *channel = NULL;
    uint64_t until_ns = clock_monotonic_ns() + START_WITHIN_NS;
    int rc = guest_machine_ask((struct guest_machine *)machine, until_ns, &channel, err);
    rc = rc == 0 ? guest_start(channel, until_ns, err) : rc;
    if (rc < 0) {
        error_context(err, "router %s", machine->name);
    }
    return rc;
}

int guest_machine_leads_to(const struct machine *machine, const struct ip_address *address,
                           char ret_nic[16], struct error *err)
{
    const struct guest_machine *guest = (const struct guest_machine *)machine;
    _cleanup_guest_ struct guest_channel *channel = NULL;
    uint64_t until_ns = clock_monotonic_ns() + ANSWER_WITHIN_NS;
    int rc = guest_machine_ask(guest, until_ns, &channel, err);
    rc = rc == 0 ? guest_leads_to(channel, address, until_ns, ret_nic, err) : rc;
    return rc < 0 ? guest_machine_failed(guest, rc, err) : rc;
}

void guest_machine_daemon_words(const struct machine *machine, char ret[160])
{
    _cleanup_guest_ struct guest_channel *channel = NULL;
    uint64_t until_ns = clock_monotonic_ns() + ANSWER_WITHIN_NS;
    ret[0] = '\0';
    if (guest_machine_ask((const struct guest_machine *)machine, until_ns, &channel, NULL) == 0) {
        (void)guest_last_words(channel, until_ns, ret, 160, NULL);
    }
    if (ret[0] == '\0') {
        memcpy(ret, "nothing", sizeof "nothing");
    }
}
