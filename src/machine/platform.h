// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/platform — where routers live: one small table of functions a platform.
 *
 * A platform is opened by its URI: "netns" (namespaces of this kernel), "xen" (domains, from
 * Domain-0), or a libvirt URI. It makes
 * a router with its interfaces joined to what the testbed has made ready on the host, and says by
 * what its CPU, memory and losses can be read. What a router is to be is said by the caller; how
 * it is made one is the platform's own affair. It knows nothing of scenarios, traffic or
 * measuring. Called by testbed/.
 */
#ifndef VRBENCH_MACHINE_PLATFORM_H
#define VRBENCH_MACHINE_PLATFORM_H

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
    const struct netns *home;    // where the caller's own interfaces are
    const struct netns *host;    // where the testbed's host ends are
    const struct cpu_list *cpus; // of the device under test
    uint64_t memory_bytes;       // 0 = as the platform likes; ignored where none is set aside
    enum routing_daemon daemon;  // that runs in it
    const char *config;          // of the daemon: its text; NULL without
    const struct xm_config *xm;  // the domain's own file, on platform xen; NULL = none
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

struct router; // of a platform

// A platform that has been opened; its own things follow in its own struct.
struct platform {
    const struct platform_ops *ops;
    char *uri;
};

struct platform_ops {
    const char *name;
    // Whether a URI is one of this platform's.
    bool (*takes)(const char *uri);
    // The URI is among those it takes. Touches nothing yet that could be missing.
    struct platform *(*open)(const char *uri);
    void (*close)(struct platform *platform);

    // The host's end of a router's interface.
    enum port_kind port;
    // True if an interface of the host that a router takes stays where it is, with the router on
    // top of it.
    bool taken_stays;
    // True if part of what the host does for its routers is done by no thread of its own: then
    // whatever else the device under test's CPUs were used for is the host's.
    bool rest_is_hosts;

    // True if all CPU time of a router without a daemon is that of its tasks (see `tasks`).
    bool only_threads;

    // True if a daemon's programs are in what a router runs, and not this machine's; asking such a
    // router takes of its CPU.
    bool daemons_inside;

    // Whether a router of that spec could be made, as far as can be told without touching anything:
    // what it names (image, script …) must be right (exit status 2) and, unless `named_only`, all
    // that it takes must be here (exit status 3). The spec need not say where its interfaces are.
    // NULL where nothing can be missing.
    int (*check)(struct platform *platform, const struct router_spec *spec, bool named_only,
                 struct error *err);
    // Whether a router of that spec can get these PCI devices (addresses) whole, in place of
    // something on top of their interfaces. Touches nothing; says in `why` what hinders. NULL where
    // no router can.
    bool (*takes_pci)(struct platform *platform, const struct router_spec *spec,
                      const char *const *pci, size_t count, char *why, size_t room);
    // Makes the router and sets it forwarding, or starting to (see `await`). On failure nothing of
    // it is left but what `host` holds.
    int (*create)(struct platform *platform, const struct router_spec *spec, struct router **ret,
                  struct error *err);
    // Waits until it forwards; where its system is not the platform's own, until that has its
    // configuration, as far as can be told. NULL where create() has done so.
    int (*await)(struct router *router, struct error *err);
    // Starts the daemon of its spec, once the router has its place among the CPUs and control
    // groups; its tasks are then others than before. NULL where a router with a daemon starts it
    // by itself.
    int (*start_daemon)(struct router *router, struct error *err);
    // The interface (name in the router) by which the router would now send to an address (host
    // byte order), "" if it has no route there. NULL where a router can't be asked.
    int (*leads_to)(const struct router *router, uint32_t address, char ret_nic[16],
                    struct error *err);
    // Bytes that its daemon's programs hold, on top of what the router took to make. NULL as above.
    uint64_t (*daemon_memory)(const struct router *router);
    // What the daemon's programs last said, printable. NULL as above.
    void (*daemon_words)(const struct router *router, char ret[160]);
    // Ends it, hands the interfaces taken from the host back (down), and frees the object. With
    // `spec` NULL everything around it goes too, and nothing is handed back.
    int (*destroy)(struct router *router, const struct router_spec *spec, struct error *err);
    // Ends it and makes it anew in one go: `before` describes it as it was, `now` as it is to be.
    // Its dedicated interfaces go straight from one life to the next. The old object is freed in
    // any case; on failure its interfaces are the host's again.
    int (*reboot)(struct router *router, const struct router_spec *before,
                  const struct router_spec *now, struct router **ret, struct error *err);
    // What attach() needs to know of it, as a JSON object for the testbed's record.
    json_t *(*describe)(const struct router *router);
    // An object for a router that another process made. A router that has died is attached too, if
    // enough of it is left for destroy() to clear away; -ENOENT if nothing of it is.
    int (*attach)(struct platform *platform, const struct router_spec *spec,
                  const json_t *described, struct router **ret, struct error *err);
    // Frees the object; the router goes on.
    void (*release)(struct router *router);
    // Removes whatever routers of a testbed whose run is dead still hold outside of its namespaces
    // and folder. NULL where that is nothing. All as in the spec; `home` NULL if it is gone.
    int (*clean_up)(struct platform *platform, const char *testbed, const char *directory,
                    const struct netns *home, struct error *err);
    // A descriptor that becomes readable when it dies; -1 if it has died already.
    int (*watch)(const struct router *router);
    // How one that has died ended: its own system may have powered off, or wanted to begin anew.
    // NULL where that can't be told apart from a crash.
    enum router_end (*ended)(const struct router *router);
    // A shell or command (`argv`, NULL = shell) inside it, in the caller's terminal, until it ends.
    int (*console)(const struct router *router, char *const *argv, int *ret_status,
                   struct error *err);
    // The CPU time that is the router's, all that it does included, by part, in a new array; the
    // same parts in the same order as long as it lives. -ESRCH if it has died.
    int (*usage)(const struct router *router, struct cpu_part **ret, size_t *ret_count,
                 struct error *err);
    // Bytes of the host's memory that it holds now. NULL where that can only be told by what the
    // kernel's memory grew by when it was made.
    int (*memory)(const struct router *router, uint64_t *ret, struct error *err);
    // Tasks of the kernel that do its work and that the caller is to bind to CPUs and to ration;
    // none where the platform rations by itself.
    void (*tasks)(const struct router *router, const pid_t **ret, size_t *ret_count);
    // Weight (1–65535; `weight` of 256 is the default of the platform) and cap (percent of one
    // CPU, 0 = none) of the router as a whole, where the platform rations by itself; else NULL.
    // Set at once, read back from what holds them.
    int (*set_allocation)(struct router *router, unsigned weight, unsigned cap, struct error *err);
    int (*get_allocation)(const struct router *router, unsigned *ret_weight, unsigned *ret_cap,
                          struct error *err);
    // Packet counters inside the router; of one that can't be asked, what the host's ends of its
    // interfaces tell of theirs.
    int (*counters)(const struct router *router, struct namespace_counters *ret, struct error *err);
    // Its network namespace on this machine, or NULL.
    const struct netns *(*netns)(const struct router *router);
    // Adds to `facts`, which name and kind are filled in of, what results are to say of the
    // platform. `router` is one that runs, or NULL where there is none (direct). The function is
    // NULL where nothing is to be added.
    int (*facts)(struct platform *platform, const struct router *router,
                 struct platform_facts *facts, struct error *err);

    // Where a hypervisor runs the host beside the routers, as one of its own; all of these or none.
    // CPU times: what the kernel of the host says of its CPUs is then not the whole.
    int (*times)(struct platform *platform, struct hypervisor_times *ret, struct error *err);
    // Weight and cap of the host, as set_allocation() has them of a router.
    int (*set_host_allocation)(struct platform *platform, unsigned weight, unsigned cap,
                               struct error *err);
    int (*get_host_allocation)(struct platform *platform, unsigned *ret_weight, unsigned *ret_cap,
                               struct error *err);
    // What holds weights and caps, static.
    const char *(*allocated_by)(struct platform *platform);
};

extern const struct platform_ops platform_netns;
extern const struct platform_ops platform_libvirt; // where it was built with libvirt
extern const struct platform_ops platform_lxc;     // likewise
extern const struct platform_ops platform_xen;     // where it was built with Xen's libraries

// Opens the platform of a URI. Exit status 2 if there is none of that name, 3 if this program was
// built without it.
int platform_open(const char *uri, struct platform **ret, struct error *err);
void platform_close(struct platform *platform); // NULL is fine
// Whether the platform of a URI can make a router of its own kind; see `check` above.
int platform_check_plain(const char *uri, struct error *err);
// Whether there is such a platform, without opening it.
int platform_check(const char *uri, struct error *err);
// The kind of port that routers of the platform of a URI have; PORT_NONE if there is no such
// platform.
enum port_kind platform_port(const char *uri);

#endif
