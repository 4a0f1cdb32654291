// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * guest/guest — the first process of the tiny router guest.
 *
 * It is a separate static program, which links no room of src/. It loads the modules for the
 * machine's devices, configures the router of /etc/vrbench/router.conf, keeps a shell on the
 * console, answers requests on the virtio-serial port "org.vrbench.0" and shuts down when the power
 * button is pressed. config.c describes the configuration, channel.c the requests.
 */
#ifndef VRBENCH_GUEST_GUEST_H
#define VRBENCH_GUEST_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define GUEST_CONFIG   "/etc/vrbench/router.conf"
#define GUEST_MODULES  "/lib/modules/table"
#define GUEST_PORT     "org.vrbench.0"
#define GUEST_NIC_NAME 16
#define GUEST_WORDS    64 // of a line of the configuration

// ---- configuration (config.c)

struct guest_address {
    uint8_t version;   // 4 or 6; 0 = none
    uint8_t bytes[16]; // network order; IPv4 uses the first 4
};

struct guest_nic {
    char name[GUEST_NIC_NAME]; // the name that it gets
    uint8_t mac[6];            // identifies the interface
    unsigned mtu;              // 0 = unchanged
    struct guest_address address;
    unsigned prefix;
    int index; // the kernel's index, once found
};

struct guest_neighbour {
    size_t nic;
    struct guest_address address;
    uint8_t mac[6];
};

struct guest_route {
    struct guest_address to;
    unsigned prefix;
    struct guest_address via; // of the same version
};

struct guest_sysctl {
    char *name, *value; // "net/ipv4/ipfrag_time"
};

// A folder with its user and group, made before the services start.
struct guest_folder {
    char *path;
    unsigned owner;
};

struct guest_service {
    char **argv; // ends with NULL
    char *ready; // the service is up once this path exists; NULL = at once
    bool once;   // it is up once it has ended with status 0
};

struct guest_config {
    char name[65];
    struct guest_nic *nics;
    size_t nic_count;
    struct guest_neighbour *neighbours;
    size_t neighbour_count;
    struct guest_route *routes;
    size_t route_count;
    struct guest_sysctl *sysctls;
    size_t sysctl_count;
    struct guest_folder *folders;
    size_t folder_count;
    struct guest_service *services;
    size_t service_count;
    bool hold; // the services start when the host requests it
};

// Parses the text of a configuration, which is modified. Returns 0, or -1 with the reason in `why`.
// The caller passes `ret` to config_clear() in either case.
int config_parse(char *text, struct guest_config *ret, char *why, size_t room);
void config_clear(struct guest_config *config);
// Splits at blanks, in place; returns the number of words, or `max` + 1 if there are more.
size_t split_words(char *text, char **words, size_t max);
// Decodes "%41" to 'A', in place. -1 if a '%' is not followed by two hexadecimal digits, or by
// "00".
int percent_decode(char *text);
// Parses a decimal integer from 0 to `max`; -1 if the text is not one.
int parse_whole(const char *text, unsigned long max, unsigned long *ret);
// Parses "198.18.0.1" or "2001:2::1"; -1 if the text is not an address.
int parse_address(const char *text, struct guest_address *ret);
// Bytes of an address of that version, and its address family.
size_t address_size(unsigned version);
int address_family(unsigned version);

// ---- the kernel's side

// Loads modules for the existing devices, repeatedly until no new device appears (modules.c).
void modules_load(void);

// Configures the interfaces, addresses, routes and neighbours, and enables forwarding (network.c).
// Waits for the interfaces until `until_ms`. -1 with the reason.
int network_make(struct guest_config *config, uint64_t until_ms, char *why, size_t room);
// Writes a file of /proc/sys. -1 with errno.
int sysctl_write(const char *name, const char *value);

// Returns the text of the counters for the host; the caller frees it (counters.c). NULL = no
// memory.
char *counters_text(size_t *ret_length);

// IPv6: set an interface's address, a permanent neighbour and a route (network6.c); the first also
// enables IPv6 on the interface. -1 with errno.
int set_address6(const struct guest_nic *nic);
int add_neighbour6(const struct guest_nic *nic, const struct guest_neighbour *neighbour);
int add_route6(const struct guest_route *route);

// Finds the interface by which packets to an address would leave, "" if there is no route
// (routes.c). -1 with errno.
int route_leads_to(const struct guest_address *address, char ret_nic[GUEST_NIC_NAME]);

// ---- services (services.c)

enum services_state {
    SERVICES_NONE, // not started, or none configured
    SERVICES_STARTING,
    SERVICES_UP,
    SERVICES_ENDED, // one has ended or could not be started
};

// Starts the first service. Does nothing if called again.
void services_begin(const struct guest_config *config);
// Starts the next service if its predecessor is up. True if it must be called again soon.
bool services_step(void);
enum services_state services_state(void);
const char *services_why(void);   // reason of SERVICES_ENDED
const char *services_words(void); // the last line that a service printed, "" = none
// services_output_fd(): descriptor of their output, -1 before they are started; the other function
// reads what is available.
int services_output_fd(void);
void services_take_output(void);
// Handles the end of a process; false if it is not a service.
bool services_take_end(pid_t pid, int status);

// ---- the connection to the host (channel.c: a virtio-serial port; xenstore.c: for domains of Xen)

struct port {
    int fd; // readable when there may be something to read, or room to write again
    // as read(2) and write(2) of a non-blocking descriptor
    ssize_t (*read)(struct port *port, char *bytes, size_t room);
    ssize_t (*write)(struct port *port, const char *bytes, size_t length);
    // whether there is new data that the descriptor will not report again
    bool (*has_more)(const struct port *port);
};
struct port *port_open_xenstore(void); // NULL = not available

// ---- the host's side (channel.c)

struct channel;

// State of the router for the answers.
struct channel_state {
    const struct guest_config *config;
    bool ready;
    const char *failure; // why it failed, or NULL
    uint64_t ready_ms;   // CLOCK_BOOTTIME when it got ready
};

// Opens the port if it exists; otherwise NULL.
struct channel *channel_open(const struct channel_state *state);
int channel_fd(const struct channel *channel);
// Reads, answers and writes as far as possible without blocking. Call it when the descriptor, which
// is watched edge-triggered in both directions, has woken, and when a command has ended.
void channel_step(struct channel *channel);
// Call it when the services' state has changed. True if the host was waiting for that.
bool channel_tell_services(struct channel *channel);
// Descriptor of the output of the host's running command, or -1.
int channel_command_fd(const struct channel *channel);
// Reads the command's output or, once the process has ended, takes its status.
void channel_command_output(struct channel *channel);
void channel_command_ended(struct channel *channel, pid_t pid, int status);

// ---- helpers (init.c, counters.c)

uint64_t boot_ms(void); // CLOCK_BOOTTIME
// Reads a whole file, NUL-terminated; NULL on failure. The caller frees it.
char *read_all(const char *path, size_t *ret_length);
// Starts a program in a new session with these descriptors as standard input, output and error;
// with `terminal`, standard input becomes its controlling terminal. Returns its PID or -1.
pid_t start_program(char *const *argv, int in, int out, int err, bool terminal);
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
