// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/libvirt/domain_xml — a router as libvirt's domain XML
 * (https://libvirt.org/formatdomain.html). Pure text. Called by the drivers' domain.c and lxc.c.
 */
#ifndef VRBENCH_MACHINE_LIBVIRT_DOMAIN_XML_H
#define VRBENCH_MACHINE_LIBVIRT_DOMAIN_XML_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "linux/cpu.h"

// Namespace of the element "router" in the metadata by which vrbench's machines are recognised: it
// has the testbed's ID, the router's name and its number.
#define DOMAIN_METADATA "https://vrbench.invalid/libvirt/1"

enum domain_nic_kind {
    DOMAIN_NIC_TAP, // a tap or macvtap made by vrbench, by name
    DOMAIN_NIC_PCI, // an assigned PCI device (VFIO)
};

struct domain_nic {
    enum domain_nic_kind kind;
    uint8_t mac[6];
    const char *tap;
    unsigned mtu;    // 1500 = default
    bool vhost;      // the kernel moves the packets, else QEMU does; KVM only
    const char *pci; // "0000:03:00.1"
};

#define DOMAIN_CONTAINER "lxc" // LXC: members from `kernel` on are for machines only

struct domain_spec {
    const char *name, *uuid;
    const char *testbed, *router; // for the metadata
    unsigned life;
    const char *type; // "kvm", "qemu" (emulated) or DOMAIN_CONTAINER
    uint64_t memory_bytes;
    unsigned vcpus;
    const struct cpu_list *cpus; // for all its threads
    // Either kernel, initrd and command line; or a disk (qcow2) on top of a base, which libvirt
    // must not change, with an optional second one, read-only ("raw").
    const char *kernel, *initrd, *cmdline;
    const char *disk, *disk_base, *seed;
    const char *channel; // host's socket of the virtio-serial port "org.vrbench.0"; or NULL
    const struct domain_nic *nics;
    size_t nic_count;
};

// Returns the text in a new string.
int domain_xml(const struct domain_spec *spec, char **ret, struct error *err);

// Parses the metadata of a domain's XML as returned by libvirt. Returns 1 and the testbed's ID (a
// new string) for a domain of vrbench, else 0.
int domain_xml_testbed(const char *xml, char **ret_testbed);

#endif
