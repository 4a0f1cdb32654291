// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * guest/guest — the first process of the tiny router guest, in parts that know little of each
 * other.
 *
 * It is a static program of its own (no room of src/ is linked): it loads the modules that the
 * machine's devices ask for, makes the router of /etc/vrbench/router.conf, keeps a shell on the
 * console, answers requests on the virtio-serial port "org.vrbench.0" and shuts down when the power
 * button is pressed. What the configuration may say is in config.c, the requests are in channel.c.
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

struct guest_nic {
    char name[GUEST_NIC_NAME]; // as it is to be called
    uint8_t mac[6];            // by which it is found
    unsigned mtu;              // 0 = as it is
    bool has_address;
    uint32_t address; // host order
    unsigned prefix;
    int index; // of the kernel, once found
};

struct guest_neighbour {
    size_t nic;
    uint32_t address;
    uint8_t mac[6];
};

struct guest_route {
    uint32_t to; // host order
    unsigned prefix;
    uint32_t via;
};

struct guest_sysctl {
    char *name, *value; // "net/ipv4/ipfrag_time"
};

// A folder that is made before the services start, of that user and group.
struct guest_folder {
    char *path;
    unsigned owner;
};

struct guest_service {
    char **argv; // ended by NULL
    char *ready; // it is up when there is something at this path; NULL = at once
    bool once;   // it is up when it has ended, with status 0
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
    bool hold; // the services start when the host says so
};

// Reads the text of a configuration, which it changes while reading. Returns 0, or -1 with the
// reason in `why`. `ret` is to be given to config_clear() in any case.
int config_parse(char *text, struct guest_config *ret, char *why, size_t room);
void config_clear(struct guest_config *config);
// Splits at blanks, in place; returns the number of words, or `max` + 1 if there are more.
size_t split_words(char *text, char **words, size_t max);
// "%41" → 'A', in place. -1 if a '%' isn't followed by two hexadecimal digits, or by "00".
int percent_decode(char *text);
// A whole decimal number from 0 to `max`; -1 if it is none.
int parse_whole(const char *text, unsigned long max, unsigned long *ret);
// "198.18.0.1", to host order; -1 if it is none.
int parse_address(const char *text, uint32_t *ret);

// ---- the kernel's side

// Loads modules for the devices that are there, again and again until no new one asks (modules.c).
void modules_load(void);

// Makes the interfaces, addresses, routes and neighbours of the configuration and sets it
// forwarding (network.c). Waits for the interfaces till `until_ms`. -1 with the reason.
int network_make(struct guest_config *config, uint64_t until_ms, char *why, size_t room);
// Writes a file of /proc/sys. -1 with errno.
int sysctl_write(const char *name, const char *value);

// Text of the counters that the host asks for; the caller frees it (counters.c). NULL = no memory.
char *counters_text(size_t *ret_length);

// The interface by which packets to an address (host order) would leave, "" if there is no route
// (routes.c). -1 with errno.
int route_leads_to(uint32_t address, char ret_nic[GUEST_NIC_NAME]);

// ---- services (services.c)

enum services_state {
    SERVICES_NONE, // not started, or there are none
    SERVICES_STARTING,
    SERVICES_UP,
    SERVICES_ENDED, // one of them has, or couldn't be started
};

// Starts the first one. Nothing, if they have been started before.
void services_begin(const struct guest_config *config);
// Starts the next one if it can be. True if it is to be called again soon.
bool services_step(void);
enum services_state services_state(void);
const char *services_why(void);   // of SERVICES_ENDED
const char *services_words(void); // the last line that one printed, "" = none
// Descriptor of what they print, -1 before they are started; reads what is there.
int services_output_fd(void);
void services_take_output(void);
// Takes the end of a process; false if it is none of them.
bool services_take_end(pid_t pid, int status);

// ---- the way to the host (channel.c: a virtio-serial port; xenstore.c: of domains of Xen's)

struct port {
    int fd; // wakes when there may be something to read, or room again
    // As read(2) and write(2) of a descriptor that doesn't wait.
    ssize_t (*read)(struct port *port, char *bytes, size_t room);
    ssize_t (*write)(struct port *port, const char *bytes, size_t length);
    // Whether there is something new of which the descriptor will tell no more.
    bool (*has_more)(const struct port *port);
};
struct port *port_open_xenstore(void); // NULL = there is none

// ---- the host's side (channel.c)

struct channel;

// What the requests need to know.
struct channel_state {
    const struct guest_config *config;
    bool ready;
    const char *failure; // why it never will be, or NULL
    uint64_t ready_ms;   // CLOCK_BOOTTIME when it was
};

// Opens the port once it is there; NULL if it isn't.
struct channel *channel_open(const struct channel_state *state);
int channel_fd(const struct channel *channel);
// Reads, answers, writes, as far as that goes without waiting. To be called when the descriptor,
// which is to be watched edge-triggered for both, has woken, and when a command has ended.
void channel_step(struct channel *channel);
// To be called when the services' state is another. True if the host was waiting for that.
bool channel_tell_services(struct channel *channel);
// Descriptor of the output of the command that runs for the host, or -1.
int channel_command_fd(const struct channel *channel);
// Takes the command's output, or, once the process has ended, its status.
void channel_command_output(struct channel *channel);
void channel_command_ended(struct channel *channel, pid_t pid, int status);

// ---- helpers (init.c, counters.c)

uint64_t boot_ms(void); // CLOCK_BOOTTIME
// Reads a whole file, NUL-terminated; NULL on failure. The caller frees it.
char *read_all(const char *path, size_t *ret_length);
// Starts a program in a session of its own with these as standard input, output and error;
// `terminal` makes standard input its controlling terminal. Returns its number or -1.
pid_t start_program(char *const *argv, int in, int out, int err, bool terminal);
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
