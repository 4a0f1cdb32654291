// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/machine — where routers live: a row of traits and functions for each kind of machine.
 *
 * A platform is opened by its URI: "netns" (namespaces of this kernel), "xen" (domains, from
 * Domain-0), or a libvirt URI. It makes a router whose interfaces are joined to the host's objects
 * made by the testbed, and reads its CPU time, memory and losses. The caller specifies the router;
 * the platform implements it. Independent of scenarios, traffic and measuring. Called by testbed/.
 */
#ifndef VRBENCH_MACHINE_MACHINE_H
#define VRBENCH_MACHINE_MACHINE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/ip.h"
#include "linux/counters.h"
#include "linux/cpu.h"
#include "linux/netns.h"
#include "machine/port.h"
#include "result/platform_facts.h"
#include "scenario/scenario.h"

#define MACHINE_TYPE_VARIABLE                                                                      \
    "VRBENCH_VIRT_TYPE" // "qemu" or "kvm": replaces the platform's detection

// A permanent neighbour on one of a router's interfaces.
struct router_neighbour {
    struct ip_address address;
    uint8_t mac[6];
};

// One interface of a router to make. Either `bridge` is not 0 (bridged: a pair or similar, with one
// end on that bridge of the host) or `taken_index` is not 0 (dedicated: a host interface given to
// the router). Indexes are requests; the actual ones are written back.
struct router_nic {
    const char *name; // name in the router: "eth0", …
    int index;
    uint8_t mac[6]; // bridged: the address to set; dedicated: the address of the interface taken
    unsigned mtu;
    struct ip_interface ip;
    struct router_neighbour neighbour; // at the other end of this link
    // A second address, of IPv6, with the neighbour's; prefix 0 = none. Not on PLATFORM_MACHINES.
    struct ip_interface also;
    struct ip_address also_neighbour;
    int bridge;
    const char *vif; // name of the host's end of the pair
    int vif_index;
    int taken_index;
    bool lent;          // it is a NIC that the scenario lends
    bool no_checksums;  // packets must have their checksums when the router sends them
    char host_name[16]; // dedicated: the interface's name while the host has it
    // Dedicated: the address of the interface's PCI device, if that is assigned to the router; else
    // NULL. The interface then does not exist until the router has ended.
    const char *pci;
};

// A static route to a subnet, by the neighbour of an interface.
struct router_route {
    struct ip_interface to; // the subnet's own address
    struct ip_address via;
    size_t nic; // index in router_spec.nics
};

// Specification of a router.
struct router_spec {
    const char *name;
    const char *testbed;   // ID of its testbed; together with name and ID it identifies the router
    unsigned id;           // ID in the testbed, different whenever the router is recreated
    const char *directory; // folder of the testbed, removed with it: for files that need a name
    const struct netns *home;    // namespace of the caller's own interfaces
    const struct netns *host;    // namespace of the testbed's host ends
    const struct cpu_list *cpus; // of the device under test
    uint64_t memory_bytes; // 0 = the platform's default; ignored if the platform allocates none
    enum routing_daemon daemon;     // daemon that runs in it
    const char *config;             // text of the daemon's configuration; NULL without a daemon
    const struct router_file *file; // the router's own file, parsed by the platform; NULL = none
    // A machine with its own system: the absolute path of the disk image that it boots (qcow2,
    // never written to); NULL = the platform's own router. It is configured by a cloud-init seed
    // (with this user data; NULL = vrbench's) or by a script for its serial console, or is
    // configured already.
    const char *image;
    bool cloud_init;
    const char *user_data;
    const char *serial;
    // Files that the caller will write in it: a router that shares the file system of this computer
    // gets a private layer over their folders (linux/layer).
    const struct scenario_file *files;
    size_t file_count;
    bool outlive; // it survives the process that made it
    struct router_nic *nics;
    size_t nic_count;
    struct router_route *routes;
    size_t route_count;
};

// CPU time of a part of a router since it was made.
struct cpu_part {
    char name[24]; // "napi"; "vcpu0", "emulator", "vhost"
    uint64_t ns;
};

// CPU time that a hypervisor has given, since it was started.
struct hypervisor_times {
    uint64_t host_ns; // of the domain in which the host's work, vrbench's included, is done
    uint64_t all_ns;  // of all existing domains, that one included
    // Parts of host_ns, by virtual CPU: CPU n of the host's kernel is the nth.
    struct cpu_part *host_vcpus;
    size_t host_vcpu_count;
};
void hypervisor_times_clear(
    struct hypervisor_times *times); // frees the members and zeroes the struct

// How a router has ended.
enum router_end {
    ROUTER_END_CRASH, // killed, or disappeared
    ROUTER_END_POWEROFF,
    ROUTER_END_REBOOT,
};

// An opened platform; the first member of each platform's own struct.
struct platform {
    const struct machine_ops *ops;
    char *uri;
};

// A router that was made; the first member of each platform's own struct.
struct machine {
    const struct machine_ops *ops;
    struct platform *platform;
    char *name;       // the router's name
    struct netns *ns; // its network namespace on this computer; NULL = none here
    // Kernel threads that do its work, for the caller to bind to CPUs and to ration; none if the
    // platform rations by itself.
    pid_t *tasks;
    size_t task_count;
    uint64_t made_bytes; // PLATFORM_NAMESPACES: kernel memory used by making it; 0 = not measured
};

// Abilities of a kind of machine. A function of the table whose comment names one of these exists
// if the row has it, and is NULL otherwise; all other functions exist if the row has CAN_MAKE.
enum machine_can {
    CAN_MAKE = 1 << 0,        // makes routers; without it the row has `others` only
    CAN_LIST = 1 << 1,        // lists and changes all machines of the URI, foreign ones included
    CAN_RATION = 1 << 2,      // holds weight and cap by itself
    CAN_RATION_HOST = 1 << 3, // the host is a machine of the hypervisor that runs the routers
    CAN_TAKE_PCI = 1 << 4,    // PCI devices can be assigned, instead of a link on their interfaces
    CAN_SHARE_NIC = 1 << 5, // an interface of the host that a router takes can stay in place, with
                            // the router's interface stacked on it
    CAN_ROUTE = 1 << 6,     // runs a routing daemon
    CAN_HOLD_DAEMON = 1 << 7, // the daemon's programs are inside the router, not on this computer;
                              // requests to such a router use its CPU time
    CAN_SAY_END = 1 << 8,     // distinguishes its own power-off or reboot from a crash
};

struct machine_traits {
    const char *name;
    enum platform_kind kind;
    enum port_kind port; // kind of the host's end of a router's interface
    unsigned can;        // CAN_…
};

struct foreign_ops;

struct machine_ops {
    struct machine_traits traits;
    // CAN_LIST: see foreign.h.
    const struct foreign_ops *others;
    // The URI is one that the row's catalogue entry accepts. Must not use anything that may be
    // missing.
    struct platform *(*open)(const char *uri);
    void (*close)(struct platform *platform);

    // ---- a router's life

    // Checks, without changes, whether a router of that spec can be made: its image, script … must
    // be valid (exit status 2) and, unless `named_only`, everything required must be installed
    // (exit status 3). The interfaces of the spec may be incomplete.
    int (*check)(struct platform *platform, const struct router_spec *spec, bool named_only,
                 struct error *err);
    // CAN_TAKE_PCI: whether these PCI devices (addresses) can be assigned to a router of that spec.
    // Changes nothing; `why` gets the reason if not.
    bool (*takes_pci)(struct platform *platform, const struct router_spec *spec,
                      const char *const *pci, size_t count, char *why, size_t room);
    // Makes the router and starts its forwarding (see `await`). After a failure nothing is left of
    // it except what `host` holds.
    int (*make)(struct platform *platform, const struct router_spec *spec, struct machine **ret,
                struct error *err);
    // PLATFORM_MACHINES: waits until it forwards; for a system of its own, until that is configured
    // (best effort: such a system does not answer).
    int (*await)(struct machine *machine, struct error *err);
    // Ends it, returns the interfaces taken from the host (down), and frees the object. With `spec`
    // NULL everything around it is removed too, and nothing is returned.
    int (*end)(struct machine *machine, const struct router_spec *spec, struct error *err);
    // Ends and remakes it: `before` describes the old router, `now` the new one. Its dedicated
    // interfaces move directly from one to the other. The old object is freed in any case; after a
    // failure its interfaces are the host's again.
    int (*reboot)(struct machine *machine, const struct router_spec *before,
                  const struct router_spec *now, struct machine **ret, struct error *err);
    // Returns what recall() requires, as a JSON object for the testbed's record.
    json_t *(*note)(const struct machine *machine);
    // Makes an object for a router that another process made. A router that has died is recalled
    // too, if enough of it is left for end() to remove; -ENOENT if nothing is left.
    int (*recall)(struct platform *platform, const struct router_spec *spec, const json_t *noted,
                  struct machine **ret, struct error *err);
    // Frees the object; the router continues.
    void (*release)(struct machine *machine);
    // Removes everything that routers of a dead run's testbed still hold outside of its namespaces
    // and folder. Arguments as in the spec; `home` is NULL if it no longer exists.
    int (*clean_up)(struct platform *platform, const char *testbed, const char *directory,
                    const struct netns *home, struct error *err);
    // Returns a descriptor that becomes readable when it dies; -1 if it is already dead.
    int (*watch)(const struct machine *machine);
    // CAN_SAY_END: how a dead router ended.
    enum router_end (*ended)(const struct machine *machine);

    // ---- talking to it

    // Runs a shell or command (`argv`, NULL = shell) inside it, in the caller's terminal, until it
    // ends.
    int (*console)(const struct machine *machine, char *const *argv, int *ret_status,
                   struct error *err);
    // Runs a command (`argv`, searched in PATH) inside it until its end, without a terminal, at
    // most until CLOCK_MONOTONIC reads `until_ns` (-ETIMEDOUT). `input` is its standard input (NULL
    // = none; PLATFORM_MACHINES: always NULL). `ret_output` gets the beginning of its standard
    // output and error, a new string. Exit status 3 if the router has a system of its own.
    int (*command)(const struct machine *machine, char *const *argv, const char *input,
                   uint64_t until_ns, int *ret_status, char **ret_output, struct error *err);
    // CAN_ROUTE: starts the daemon of its spec, after the router was placed on its CPUs and control
    // groups; its tasks change.
    int (*start_daemon)(struct machine *machine, struct error *err);
    // CAN_ROUTE: returns the interface (name in the router) by which the router would now send to
    // an address, "" if it has no route.
    int (*leads_to)(const struct machine *machine, const struct ip_address *address,
                    char ret_nic[16], struct error *err);
    // CAN_ROUTE: the last output of the daemon's programs, printable.
    void (*daemon_words)(const struct machine *machine, char ret[160]);
    // CAN_ROUTE without CAN_HOLD_DAEMON: memory of its daemon's programs in bytes, in addition to
    // `made_bytes`.
    uint64_t (*daemon_memory)(const struct machine *machine);

    // ---- what it uses

    // The router's CPU time by part, in a new array; the parts and their order stay the same while
    // it lives. -ESRCH if it has died.
    int (*usage)(const struct machine *machine, struct cpu_part **ret, size_t *ret_count,
                 struct error *err);
    // Whether a thread that forwards its packets waits for a CPU, or runs although it sleeps
    // without packets: then it may hold some. False if unknown, as the threads of another
    // hypervisor are.
    bool (*is_forwarding)(const struct machine *machine);
    // PLATFORM_MACHINES: the host's memory that it uses now, in bytes. For other machines only
    // `made_bytes` is known.
    int (*memory)(const struct machine *machine, uint64_t *ret, struct error *err);
    // Packet counters inside the router; for one that cannot be queried, those of the host's ends
    // of its interfaces.
    int (*counters)(const struct machine *machine, struct namespace_counters *ret,
                    struct error *err);
    // Adds facts of the platform for results to `facts`, in which name and kind are set. `machine`
    // is a running one, or NULL if there is none (direct).
    int (*facts)(struct platform *platform, const struct machine *machine,
                 struct platform_facts *facts, struct error *err);

    // ---- what it may use

    // CAN_RATION: sets weight (1–65535; 256 is the platform's default) and cap (percent of one CPU,
    // 0 = none) of the router as a whole, or reads them back from the mechanism that holds them.
    int (*set_allocation)(struct machine *machine, unsigned weight, unsigned cap,
                          struct error *err);
    int (*get_allocation)(const struct machine *machine, unsigned *ret_weight, unsigned *ret_cap,
                          struct error *err);
    // CAN_RATION: the name of that mechanism, static.
    const char *(*allocated_by)(struct platform *platform);
    // CAN_RATION_HOST: CPU times by the hypervisor; the host's kernel sees only a part of them.
    int (*times)(struct platform *platform, struct hypervisor_times *ret, struct error *err);
    // CAN_RATION_HOST: weight and cap of the host, as set_allocation() for a router.
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
extern const struct machine_ops machine_lxc;   // if built with libvirt
extern const struct machine_ops machine_qemu;  // if built with libvirt
extern const struct machine_ops machine_other; // if built with libvirt: its other drivers
extern const struct machine_ops machine_xen;   // if built with Xen's libraries

// Opens the platform of a URI. Exit status 2 if there is none of that name, 3 if this program was
// built without it.
int platform_open(const char *uri, struct platform **ret, struct error *err);
void platform_close(struct platform *platform); // NULL is fine
// Checks that the platform of a URI can make its default router; see `check` above.
int platform_check_plain(const char *uri, struct error *err);
// Returns the platform whose hypervisor runs this system, or NULL.
const char *platform_beneath(void);
// Checks that such a platform exists and makes routers, without opening it.
int platform_check(const char *uri, struct error *err);
// The kind of port of a platform's routers; PORT_NONE if the platform does not exist.
enum port_kind platform_port(const char *uri);

// Finds the row of a URI. Exit status 2 if there is no such platform, 3 if this program was built
// without it.
int machine_row(const char *uri, const struct machine_ops **ret, struct error *err);

// ---- for the rows

// Initialises the members common to all machines.
void machine_init(struct machine *machine, struct platform *platform, const char *name);
// Frees the members common to all machines.
void machine_clear(struct machine *machine);

#endif
