// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * guest/config — parses /etc/vrbench/router.conf, which src/image/router_config.c writes: a line a
 * statement, words separated by blanks, '#' starts a comment line.
 *
 *     name R1
 *     interface eth0 52:54:00:12:34:56 1500           identified by its MAC; MTU
 *     address eth0 198.18.0.1/24                  or 2001:2::1/64, here and below
 *     neighbour eth0 198.18.0.2 02:00:00:00:00:01     permanent
 *     route 10.0.0.0/8 198.18.0.2
 *     sysctl net/ipv4/ipfrag_time 1
 *     folder /run/bird 0                          made before the services start; its owner
 *     run /usr/sbin/bird -f                           a service; %XX in a word is a byte
 *     ready /run/bird/bird.ctl                    the service above is up once this path exists
 *     once /usr/bin/vtysh -f /etc/frr/frr.conf    a service that is up once it has ended with 0
 *     hold                                        services start when the host requests it
 *
 * Called by init.c.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"

size_t split_words(char *text, char **words, size_t max)
{
    size_t count = 0;
    for (char *at = text;;) {
        at += strspn(at, " \t");
        if (*at == '\0') {
            return count;
        }
        if (count == max) {
            return max + 1;
        }
        words[count++] = at;
        at += strcspn(at, " \t");
        if (*at != '\0') {
            *at++ = '\0';
        }
    }
}

static int hex_digit(char digit)
{
    const char *digits = "0123456789abcdef";
    const char *at = digit == '\0' ? NULL : strchr(digits, tolower((unsigned char)digit));
    return at == NULL ? -1 : (int)(at - digits);
}

int percent_decode(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; from++) {
        if (*from != '%') {
            *to++ = *from;
            continue;
        }
        int high = hex_digit(from[1]);
        int low = high < 0 ? -1 : hex_digit(from[2]);
        if (low < 0 || (high == 0 && low == 0)) {
            return -1;
        }
        *to++ = (char)(high * 16 + low);
        from += 2;
    }
    *to = '\0';
    return 0;
}

int parse_whole(const char *text, unsigned long max, unsigned long *ret)
{
    if (!isdigit((unsigned char)*text)) {
        return -1;
    }
    char *end = NULL;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (errno != 0 || *end != '\0' || value > max) {
        return -1;
    }
    *ret = value;
    return 0;
}

static int parse_mac(const char *text, uint8_t ret[6])
{
    for (size_t i = 0; i < 6; i++) {
        int high = hex_digit(text[3 * i]);
        int low = high < 0 ? -1 : hex_digit(text[3 * i + 1]);
        if (low < 0 || text[3 * i + 2] != (i == 5 ? '\0' : ':')) {
            return -1;
        }
        ret[i] = (uint8_t)(high * 16 + low);
    }
    return 0;
}

size_t address_size(unsigned version)
{
    return version == 4 ? 4 : version == 6 ? 16 : 0;
}

int address_family(unsigned version)
{
    return version == 6 ? AF_INET6 : AF_INET;
}

int parse_address(const char *text, struct guest_address *ret)
{
    struct guest_address found = {.version = strchr(text, ':') == NULL ? 4 : 6};
    if (inet_pton(address_family(found.version), text, found.bytes) != 1) {
        return -1;
    }
    *ret = found;
    return 0;
}

static int parse_prefix(char *text, struct guest_address *ret_address, unsigned *ret_prefix)
{
    char *slash = strchr(text, '/');
    unsigned long prefix = 0;
    if (slash == NULL || parse_whole(slash + 1, 128, &prefix) < 0) {
        return -1;
    }
    *slash = '\0';
    if (parse_address(text, ret_address) < 0 || prefix > 8 * address_size(ret_address->version)) {
        return -1;
    }
    *ret_prefix = (unsigned)prefix;
    return 0;
}

static void *grown(void *old, size_t count, size_t size)
{
    void *new = realloc(old, (count + 1) * size);
    if (new == NULL) {
        abort(); // the first process cannot continue without memory
    }
    memset((char *)new + count *size, 0, size);
    return new;
}

static struct guest_nic *nic_called(const struct guest_config *config, const char *name)
{
    for (size_t i = 0; i < config->nic_count; i++) {
        if (strcmp(config->nics[i].name, name) == 0) {
            return &config->nics[i];
        }
    }
    return NULL;
}

// ---- statements: each is called with its words, the keyword first

typedef int (*statement_fn)(struct guest_config *config, char **words, size_t count);

static int read_name(struct guest_config *config, char **words, size_t count)
{
    (void)count;
    if (strlen(words[1]) >= sizeof config->name) {
        return -1;
    }
    memcpy(config->name, words[1], strlen(words[1]) + 1);
    return 0;
}

static int read_interface(struct guest_config *config, char **words, size_t count)
{
    (void)count;
    unsigned long mtu = 0;
    struct guest_nic nic = {.index = 0};
    if (strlen(words[1]) >= sizeof nic.name || strchr(words[1], '/') != NULL ||
        nic_called(config, words[1]) != NULL || parse_mac(words[2], nic.mac) < 0 ||
        parse_whole(words[3], 65535, &mtu) < 0) {
        return -1;
    }
    memcpy(nic.name, words[1], strlen(words[1]) + 1);
    nic.mtu = (unsigned)mtu;
    config->nics = grown(config->nics, config->nic_count, sizeof nic);
    config->nics[config->nic_count++] = nic;
    return 0;
}

static int read_address(struct guest_config *config, char **words, size_t count)
{
    (void)count;
    struct guest_nic *nic = nic_called(config, words[1]);
    return nic == NULL || nic->address.version != 0
               ? -1
               : parse_prefix(words[2], &nic->address, &nic->prefix);
}

static int read_neighbour(struct guest_config *config, char **words, size_t count)
{
    (void)count;
    const struct guest_nic *nic = nic_called(config, words[1]);
    struct guest_neighbour neighbour = {.nic = 0};
    if (nic == NULL || parse_address(words[2], &neighbour.address) < 0 ||
        parse_mac(words[3], neighbour.mac) < 0) {
        return -1;
    }
    neighbour.nic = (size_t)(nic - config->nics);
    config->neighbours = grown(config->neighbours, config->neighbour_count, sizeof neighbour);
    config->neighbours[config->neighbour_count++] = neighbour;
    return 0;
}

static int read_route(struct guest_config *config, char **words, size_t count)
{
    (void)count;
    struct guest_route route = {.prefix = 0};
    if (parse_prefix(words[1], &route.to, &route.prefix) < 0 ||
        parse_address(words[2], &route.via) < 0 || route.to.version != route.via.version) {
        return -1;
    }
    config->routes = grown(config->routes, config->route_count, sizeof route);
    config->routes[config->route_count++] = route;
    return 0;
}

static int read_sysctl(struct guest_config *config, char **words, size_t count)
{
    (void)count;
    if (words[1][0] == '/' || strstr(words[1], "..") != NULL) {
        return -1;
    }
    config->sysctls = grown(config->sysctls, config->sysctl_count, sizeof *config->sysctls);
    struct guest_sysctl *sysctl = &config->sysctls[config->sysctl_count++];
    sysctl->name = strdup(words[1]);
    sysctl->value = strdup(words[2]);
    return sysctl->name == NULL || sysctl->value == NULL ? -1 : 0;
}

static int read_folder(struct guest_config *config, char **words, size_t count)
{
    (void)count;
    unsigned long owner = 0;
    if (words[1][0] != '/' || parse_whole(words[2], 65535, &owner) < 0) {
        return -1;
    }
    config->folders = grown(config->folders, config->folder_count, sizeof *config->folders);
    struct guest_folder *folder = &config->folders[config->folder_count++];
    folder->path = strdup(words[1]);
    folder->owner = (unsigned)owner;
    return folder->path == NULL ? -1 : 0;
}

static int read_run(struct guest_config *config, char **words, size_t count)
{
    config->services = grown(config->services, config->service_count, sizeof *config->services);
    char **argv = calloc(count, sizeof *argv);
    config->services[config->service_count].once = strcmp(words[0], "once") == 0;
    config->services[config->service_count++].argv = argv;
    if (argv == NULL || words[1][0] != '/') {
        return -1;
    }
    for (size_t i = 1; i < count; i++) {
        argv[i - 1] = strdup(words[i]);
        if (argv[i - 1] == NULL || percent_decode(argv[i - 1]) < 0) {
            return -1;
        }
    }
    return 0;
}

static int read_ready(struct guest_config *config, char **words, size_t count)
{
    (void)count;
    struct guest_service *service =
        config->service_count == 0 ? NULL : &config->services[config->service_count - 1];
    if (service == NULL || service->ready != NULL || words[1][0] != '/') {
        return -1;
    }
    service->ready = strdup(words[1]);
    return service->ready == NULL ? -1 : 0;
}

static int read_hold(struct guest_config *config, char **words, size_t count)
{
    (void)words;
    (void)count;
    config->hold = true;
    return 0;
}

static const struct statement {
    const char *keyword;
    size_t min, max; // number of words, keyword included
    statement_fn read;
} statements[] = {
    {"name", 2, 2, read_name},       {"interface", 4, 4, read_interface},
    {"address", 3, 3, read_address}, {"neighbour", 4, 4, read_neighbour},
    {"route", 3, 3, read_route},     {"sysctl", 3, 3, read_sysctl},
    {"folder", 3, 3, read_folder},   {"run", 2, GUEST_WORDS, read_run},
    {"ready", 2, 2, read_ready},     {"once", 2, GUEST_WORDS, read_run},
    {"hold", 1, 1, read_hold},
};
#define STATEMENT_COUNT (sizeof statements / sizeof statements[0])

static int read_line(struct guest_config *config, char *line)
{
    char *words[GUEST_WORDS];
    size_t count = split_words(line, words, GUEST_WORDS);
    if (count == 0 || words[0][0] == '#') {
        return 0;
    }
    for (size_t i = 0; i < STATEMENT_COUNT; i++) {
        const struct statement *statement = &statements[i];
        if (strcmp(statement->keyword, words[0]) == 0) {
            return count < statement->min || count > statement->max
                       ? -1
                       : statement->read(config, words, count);
        }
    }
    return -1;
}

int config_parse(char *text, struct guest_config *ret, char *why, size_t room)
{
    *ret = (struct guest_config){.nic_count = 0};
    unsigned number = 0;
    for (char *line = text; line != NULL;) {
        char *end = strchr(line, '\n');
        if (end != NULL) {
            *end = '\0';
        }
        number++;
        if (read_line(ret, line) < 0) {
            snprintf(why, room, "line %u of " GUEST_CONFIG " cannot be parsed", number);
            return -1;
        }
        line = end == NULL ? NULL : end + 1;
    }
    return 0;
}

void config_clear(struct guest_config *config)
{
    for (size_t i = 0; i < config->sysctl_count; i++) {
        free(config->sysctls[i].name);
        free(config->sysctls[i].value);
    }
    for (size_t i = 0; i < config->service_count; i++) {
        struct guest_service *service = &config->services[i];
        for (char **word = service->argv; word != NULL && *word != NULL; word++) {
            free(*word);
        }
        free((void *)service->argv);
        free(service->ready);
    }
    for (size_t i = 0; i < config->folder_count; i++) {
        free(config->folders[i].path);
    }
    free(config->nics);
    free(config->neighbours);
    free(config->routes);
    free(config->sysctls);
    free(config->folders);
    free(config->services);
    *config = (struct guest_config){.nic_count = 0};
}
