// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * threaded auto|netlink|sysfs INTERFACE... — makes interfaces of this network namespace threaded in
 * the given way (linux/napi) and prints a line "INTERFACE THREAD" for each thread. Prints the
 * error, if any, and exits with its status.
 */
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "linux/napi.h"
#include "linux/netns.h"

#define NO_INTERFACE 999999 // of a name that there is not

static enum napi_method method_of(const char *name)
{
    return text_equal(name, "netlink") ? NAPI_NETLINK
           : text_equal(name, "sysfs") ? NAPI_SYSFS
                                       : NAPI_AUTO;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: threaded auto|netlink|sysfs INTERFACE...\n");
        return EXIT_INPUT;
    }
    size_t count = (size_t)argc - 2;
    struct napi_interface *interfaces = memory_new_array(struct napi_interface, count);
    for (size_t i = 0; i < count; i++) {
        interfaces[i].name = argv[2 + i];
        unsigned index = if_nametoindex(argv[2 + i]);
        interfaces[i].index = index == 0 ? NO_INTERFACE : (int)index;
    }
    _cleanup_error_ struct error err = ERROR_INIT;
    struct netns *ns = NULL;
    if (netns_open(NULL, &ns, &err) == 0) {
        (void)napi_make_threaded(ns, interfaces, count, method_of(argv[1]), &err);
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; err.exit_status == 0 && k < interfaces[i].thread_count; k++) {
            printf("%s %d\n", interfaces[i].name, (int)interfaces[i].threads[k]);
        }
        free(interfaces[i].threads);
    }
    if (err.exit_status != 0) {
        fprintf(stderr, "%s\n", err.text);
    }
    free(interfaces);
    netns_close(ns);
    return err.exit_status;
}
