// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/machine — where routers live: a row of traits and functions for each kind of machine.
 *
 * A platform is opened by its URI: "netns" (namespaces of this kernel), "xen" (domains, from
 * Domain-0), or a libvirt URI. It makes a router with its interfaces joined to what the testbed has
 * made ready on the host, and reads its CPU time, memory and losses. The caller says what a router
 * is to be; how it is made is the platform's own affair. It knows nothing of scenarios, traffic or
 * measuring. Called by testbed/.
 */
#ifndef VRBENCH_MACHINE_MACHINE_H
#define VRBENCH_MACHINE_MACHINE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "linux/counters.h"
#include "linux/cpu.h"
#include "linux/netns.h"
#include "machine/port.h"
#include "result/platform_facts.h"
#include "scenario/scenario.h"

#define MACHINE_TYPE_VARIABLE "VRBENCH_VIRT_TYPE" // "qemu" or "kvm": the platform does not look

// A permanent neighbour on one of a router's interfaces.
struct router_neighbour {
    uint32_t address;
    uint8_t mac[6];
};

// One interface of a router to be made. Either `bridge` is not 0 (bridged: a pair, or the like, one
// end on that bridge of the host) or `taken_index` is not 0 (dedicated: an interface of the host
// handed over). The indexes are what is asked for; what they have become is written back.
struct router_nic {
    const char *name; // in the router: "eth0", …
    int index;
    uint8_t mac[6]; // bridged: to be given; dedicated: of the interface taken
    unsigned mtu;
    uint32_t address;
    unsigned prefix;
    struct router_neighbour neighbour; // the tester's end of this link
    int bridge;
    const char *vif; // name of the host's end of the pair
    int vif_index;
    int taken_index;
    bool lent;          // it is a NIC that the scenario names
    char host_name[16]; // dedicated: the interface's name while the host has it
    // Dedicated: the address of the PCI device that the interface is, if the router gets that
    // whole; else NULL. The interface is then no more, until the router has ended.
    const char *pci;
};

// What a router is to be.
struct router_spec {
    const char *name;
    const char *testbed;   // id of its testbed; with the name and this: told from all others
    unsigned id;           // of this life of it in the testbed, never used twice there
    const char *directory; // folder of the testbed's own, gone with it: for what must have a name
    const struct netns *home;       // where the caller's own interfaces are
    const struct netns *host;       // where the testbed's host ends are
    const struct cpu_list *cpus;    // of the device under test
    uint64_t memory_bytes;          // 0 = as the platform likes; ignored where none is set aside
    enum routing_daemon daemon;     // that runs in it
    const char *config;             // of the daemon: its text; NULL without
    const struct router_file *file; // the router's own, read by the platform; NULL = none
    // A machine with a system of its own: the disk image that it boots of (qcow2, never written
    // to), absolute; NULL = the platform's own router. It gets its configuration from a cloud-init
    // seed (with these user data; NULL = vrbench's), by a script for its serial console, or has it.
    const char *image;
    bool cloud_init;
    const char *user_data;
    const char *serial;
    bool outlive; // it goes on when the process that made it ends
    struct router_nic *nics;
    size_t nic_count;
};

// CPU time of a part of a router since it was made.
struct cpu_part {
    char name[24]; // "napi"; "vcpu0", "emulator", "vhost"
    uint64_t ns;
};

// CPU time that a hypervisor has given, since it was started.
struct hypervisor_times {
    uint64_t host_ns; // to the domain that the host's own work, vrbench's too, is done in
    uint64_t all_ns;  // to all domains that there are, that one included
    // Of the first, by virtual CPU: CPU n of the host's kernel is the nth.
    struct cpu_part *host_vcpus;
    size_t host_vcpu_count;
};
void hypervisor_times_clear(struct hypervisor_times *times); // frees what it holds and zeroes it

// How a router has ended.
enum router_end {
    ROUTER_END_CRASH, // or killed, or gone
    ROUTER_END_POWEROFF,
    ROUTER_END_REBOOT,
};

// A platform that has been opened; embedded first in each platform's own struct.
struct platform {
    const struct machine_ops *ops;
    char *uri;
};

// A router that was made; embedded first in each platform's own struct.
struct machine {
    const struct machine_ops *ops;
    struct platform *platform;
    char *name;       // the router's
    struct netns *ns; // its network namespace on this computer; NULL = it has none here
    // Tasks of the kernel that do its work, for the caller to bind to CPUs and to ration; none if
    // the platform rations by itself.
    pid_t *tasks;
    size_t task_count;
    uint64_t made_bytes; // PLATFORM_NAMESPACES: kernel memory that making it took; 0 = not measured
};

// What a kind of machine can. A function of the table whose comment names one of these is there if
// the row has it, and else NULL; all other functions are there if it has CAN_MAKE.
enum machine_can {
    CAN_MAKE = 1 << 0,        // makes routers; without it the row has `others` only
    CAN_LIST = 1 << 1,        // all machines of the URI, whoever made them, are listed and acted on
    CAN_RATION = 1 << 2,      // holds weight and cap by itself
    CAN_RATION_HOST = 1 << 3, // a hypervisor runs the host beside the routers, as one of its own
    CAN_TAKE_PCI = 1 << 4,    // gets PCI devices whole, in place of something on their interfaces
    CAN_SHARE_NIC = 1 << 5,   // an interface of the host that a router takes can stay where it is,
                              // with the router on top of it
    CAN_ROUTE = 1 << 6,       // runs a routing daemon
    CAN_HOLD_DAEMON = 1 << 7, // the daemon's programs are in what the router runs, not this
                              // computer's; asking such a router takes of its CPU time
    CAN_SAY_END = 1 << 8,     // its own power-off or reboot is told from a crash
};

struct machine_traits {
    const char *name;
    enum platform_kind kind;
    enum port_kind port; // the host's end of a router's interface
    unsigned can;        // CAN_…
};

struct foreign_ops;

struct machine_ops {
    struct machine_traits traits;
    // CAN_LIST: see foreign.h.
    const struct foreign_ops *others;
    // The URI is among those that its row of the catalogue takes. Touches nothing yet that could be
    // missing.
    struct platform *(*open)(const char *uri);
    void (*close)(struct platform *platform);

    // ---- a router's life

    // Whether a router of that spec could be made, without touching anything: what it names (image,
    // script …) must be right (exit status 2) and, unless `named_only`, all that it takes must be
    // here (exit status 3). The spec need not say where its interfaces are.
    int (*check)(struct platform *platform, const struct router_spec *spec, bool named_only,
                 struct error *err);
    // CAN_TAKE_PCI: whether a router of that spec can get these PCI devices (addresses). Touches
    // nothing; says in `why` what hinders.
    bool (*takes_pci)(struct platform *platform, const struct router_spec *spec,
                      const char *const *pci, size_t count, char *why, size_t room);
    // Makes the router and sets it forwarding, or starting to (see `await`). On failure nothing of
    // it is left but what `host` holds.
    int (*make)(struct platform *platform, const struct router_spec *spec, struct machine **ret,
                struct error *err);
    // PLATFORM_MACHINES: waits until it forwards; if its system is not the platform's own, until
    // that has its configuration (best effort: such a system does not answer).
    int (*await)(struct machine *machine, struct error *err);
    // Ends it, hands the interfaces taken from the host back (down), and frees the object. With
    // `spec` NULL everything around it goes too, and nothing is handed back.
    int (*end)(struct machine *machine, const struct router_spec *spec, struct error *err);
    // Ends and makes it in one go: `before` describes it as it was, `now` as it is to be. Its
    // dedicated interfaces go straight from one life to the next. The old object is freed in any
    // case; on failure its interfaces are the host's again.
    int (*reboot)(struct machine *machine, const struct router_spec *before,
                  const struct router_spec *now, struct machine **ret, struct error *err);
    // What recall() needs to know of it, as a JSON object for the testbed's record.
    json_t *(*note)(const struct machine *machine);
    // An object for a router that another process made. A router that has died is recalled too, if
    // enough of it is left for end() to clear away; -ENOENT if nothing of it is.
    int (*recall)(struct platform *platform, const struct router_spec *spec, const json_t *noted,
                  struct machine **ret, struct error *err);
    // Frees the object; the router goes on.
    void (*release)(struct machine *machine);
    // Removes whatever routers of a testbed whose run is dead still hold outside of its namespaces
    // and folder. All as in the spec; `home` NULL if it is gone.
    int (*clean_up)(struct platform *platform, const char *testbed, const char *directory,
                    const struct netns *home, struct error *err);
    // A descriptor that becomes readable when it dies; -1 if it has died already.
    int (*watch)(const struct machine *machine);
    // CAN_SAY_END: how one that has died ended.
    enum router_end (*ended)(const struct machine *machine);

    // ---- talking to it

    // A shell or command (`argv`, NULL = shell) inside it, in the caller's terminal, until it ends.
    int (*console)(const struct machine *machine, char *const *argv, int *ret_status,
                   struct error *err);
    // CAN_ROUTE: starts the daemon of its spec, once the router has its place among the CPUs and
    // control groups; its tasks are then others than before.
    int (*start_daemon)(struct machine *machine, struct error *err);
    // CAN_ROUTE: the interface (name in the router) by which the router would now send to an
    // address (host byte order), "" if it has no route there.
    int (*leads_to)(const struct machine *machine, uint32_t address, char ret_nic[16],
                    struct error *err);
    // CAN_ROUTE: what the daemon's programs last said, printable.
    void (*daemon_words)(const struct machine *machine, char ret[160]);
    // CAN_ROUTE without CAN_HOLD_DAEMON: bytes that its daemon's programs hold, on top of what the
    // router took to make.
    uint64_t (*daemon_memory)(const struct machine *machine);

    // ---- what it uses

    // The CPU time that is the router's, all that it does included, by part, in a new array; the
    // same parts in the same order as long as it lives. -ESRCH if it has died.
    int (*usage)(const struct machine *machine, struct cpu_part **ret, size_t *ret_count,
                 struct error *err);
    // PLATFORM_MACHINES: bytes of the host's memory that it holds now. Of other machines only what
    // they took to make is known (`made_bytes`).
    int (*memory)(const struct machine *machine, uint64_t *ret, struct error *err);
    // Packet counters inside the router; of one that can't be asked, as the host's ends of its
    // interfaces count.
    int (*counters)(const struct machine *machine, struct namespace_counters *ret,
                    struct error *err);
    // Adds to `facts`, which name and kind are filled in of, what results are to say of the
    // platform. `machine` is one that runs, or NULL if there is none (direct).
    int (*facts)(struct platform *platform, const struct machine *machine,
                 struct platform_facts *facts, struct error *err);

    // ---- what it may use

    // CAN_RATION: weight (1–65535; 256 is the default of the platform) and cap (percent of one CPU,
    // 0 = none) of the router as a whole. Set at once, read back from what holds them.
    int (*set_allocation)(struct machine *machine, unsigned weight, unsigned cap,
                          struct error *err);
    int (*get_allocation)(const struct machine *machine, unsigned *ret_weight, unsigned *ret_cap,
                          struct error *err);
    // CAN_RATION: the name of what holds weights and caps, static.
    const char *(*allocated_by)(struct platform *platform);
    // CAN_RATION_HOST: CPU times; what the kernel of the host says of its CPUs is not the whole.
    int (*times)(struct platform *platform, struct hypervisor_times *ret, struct error *err);
    // CAN_RATION_HOST: weight and cap of the host, as set_allocation() has them of a router.
    int (*set_host_allocation)(struct platform *platform, unsigned weight, unsigned cap,
                               struct error *err);
    int (*get_host_allocation)(struct platform *platform, unsigned *ret_weight, unsigned *ret_cap,
                               struct error *err);
};

static inline bool platform_can(const struct platform *platform, enum machine_can what)
{
    return (platform->ops->traits.can & (unsigned)what) != 0;
}

extern const struct machine_ops machine_netns;
extern const struct machine_ops machine_lxc;   // where it was built with libvirt
extern const struct machine_ops machine_qemu;  // also
extern const struct machine_ops machine_other; // also: other drivers of libvirt
extern const struct machine_ops machine_xen;   // where it was built with Xen's libraries

// Opens the platform of a URI. Exit status 2 if there is none of that name, 3 if this program was
// built without it.
int platform_open(const char *uri, struct platform **ret, struct error *err);
void platform_close(struct platform *platform); // NULL is fine
// Whether the platform of a URI can make a router of its own kind; see `check` above.
int platform_check_plain(const char *uri, struct error *err);
// The platform whose hypervisor runs this system, or NULL.
const char *platform_beneath(void);
// Whether there is such a platform that makes routers, without opening it.
int platform_check(const char *uri, struct error *err);
// The kind of port that routers of the platform of a URI have; PORT_NONE if there is no such
// platform.
enum port_kind platform_port(const char *uri);

// The row of a URI. Exit status 2 if there is no such platform, 3 if this program was built
// without.
int machine_row(const char *uri, const struct machine_ops **ret, struct error *err);

// ---- for the rows

// Fills in what all machines have.
void machine_init(struct machine *machine, struct platform *platform, const char *name);
// Frees what all machines have.
void machine_clear(struct machine *machine);

#endif
