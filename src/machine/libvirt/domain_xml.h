// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/libvirt/domain_xml — a router as libvirt's domain XML
 * (https://libvirt.org/formatdomain.html). Pure text: nothing is looked up. Called by machine.c.
 */
#ifndef VRBENCH_MACHINE_LIBVIRT_DOMAIN_XML_H
#define VRBENCH_MACHINE_LIBVIRT_DOMAIN_XML_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "linux/cpu.h"

// By what machines of ours are told from others': the namespace of the element "router" in their
// metadata, with the testbed's id, the router's name and the number of its life.
#define DOMAIN_METADATA "https://vrbench.invalid/libvirt/1"

enum domain_nic_kind {
    DOMAIN_NIC_TAP, // a tap or macvtap of ours, by name
    DOMAIN_NIC_PCI, // a PCI device handed over whole (VFIO)
};

struct domain_nic {
    enum domain_nic_kind kind;
    uint8_t mac[6];
    const char *tap;
    unsigned mtu;    // 1500 = as usual
    bool vhost;      // the kernel moves the packets, else QEMU; KVM only
    const char *pci; // "0000:03:00.1"
};

#define DOMAIN_CONTAINER "lxc" // of LXC: everything from `kernel` on is a machine's

struct domain_spec {
    const char *name, *uuid;
    const char *testbed, *router; // for the metadata
    unsigned life;
    const char *type; // "kvm", "qemu" (emulated) or DOMAIN_CONTAINER
    uint64_t memory_bytes;
    unsigned vcpus;
    const struct cpu_list *cpus; // that all its threads run on
    // Either kernel, initrd and command line, or a disk (qcow2) on top of a base, which libvirt is
    // not to touch, with a second one, read only ("raw"), where there is one.
    const char *kernel, *initrd, *cmdline;
    const char *disk, *disk_base, *seed;
    const char *channel; // socket on the host of the virtio-serial port "org.vrbench.0"; or NULL
    const struct domain_nic *nics;
    size_t nic_count;
};

// The text, in a new string.
int domain_xml(const struct domain_spec *spec, char **ret, struct error *err);

// Takes the metadata out of a domain's XML as libvirt gives it back: 1 and the testbed's id (a new
// string) if it is one of ours, 0 if not.
int domain_xml_testbed(const char *xml, char **ret_testbed);

#endif
