// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/libvirt/domain_xml — see domain_xml.h. Written by libxml2, which escapes texts from a
 * scenario.
 */
#include "machine/libvirt/domain_xml.h"

#include <ctype.h>
#include <errno.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlwriter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define CPUS_TEXT 4096

// The writer, and whether all calls succeeded; they fail only for lack of memory.
struct sheet {
    xmlTextWriterPtr writer;
    bool good;
};

static void begin(struct sheet *sheet, const char *element)
{
    sheet->good = xmlTextWriterStartElement(sheet->writer, BAD_CAST element) >= 0 && sheet->good;
}

static void end(struct sheet *sheet)
{
    sheet->good = xmlTextWriterEndElement(sheet->writer) >= 0 && sheet->good;
}

static void attribute(struct sheet *sheet, const char *name, const char *value)
{
    sheet->good = xmlTextWriterWriteAttribute(sheet->writer, BAD_CAST name, BAD_CAST value) >= 0 &&
                  sheet->good;
}

static void number(struct sheet *sheet, const char *name, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    attribute(sheet, name, text);
}

static void element(struct sheet *sheet, const char *name, const char *text)
{
    sheet->good =
        xmlTextWriterWriteElement(sheet->writer, BAD_CAST name, BAD_CAST text) >= 0 && sheet->good;
}

// Writes an element with attributes only: pairs of name and value; NULL at the end.
static void leaf(struct sheet *sheet, const char *name, const char *const *pairs)
{
    begin(sheet, name);
    for (; *pairs != NULL; pairs += 2) {
        attribute(sheet, pairs[0], pairs[1]);
    }
    end(sheet);
}
#define LEAF(sheet, name, ...) leaf(sheet, name, (const char *const[]){__VA_ARGS__, NULL})

static void write_metadata(struct sheet *sheet, const struct domain_spec *spec)
{
    begin(sheet, "metadata");
    begin(sheet, "vrbench:router");
    attribute(sheet, "xmlns:vrbench", DOMAIN_METADATA);
    attribute(sheet, "testbed", spec->testbed);
    attribute(sheet, "name", spec->router);
    number(sheet, "life", spec->life);
    end(sheet);
    end(sheet);
}

static void write_sizes(struct sheet *sheet, const struct domain_spec *spec)
{
    char text[24];
    char cpus[CPUS_TEXT];
    cpu_list_text(spec->cpus, cpus, sizeof cpus);
    snprintf(text, sizeof text, "%llu", (unsigned long long)spec->memory_bytes);
    begin(sheet, "memory");
    attribute(sheet, "unit", "bytes");
    sheet->good = xmlTextWriterWriteString(sheet->writer, BAD_CAST text) >= 0 && sheet->good;
    end(sheet);
    snprintf(text, sizeof text, "%u", spec->vcpus);
    begin(sheet, "vcpu");
    attribute(sheet, "placement", "static");
    attribute(sheet, "cpuset", cpus);
    sheet->good = xmlTextWriterWriteString(sheet->writer, BAD_CAST text) >= 0 && sheet->good;
    end(sheet);
}

static void write_pins(struct sheet *sheet, const struct domain_spec *spec)
{
    char cpus[CPUS_TEXT];
    cpu_list_text(spec->cpus, cpus, sizeof cpus);
    begin(sheet, "cputune");
    for (unsigned i = 0; i < spec->vcpus; i++) {
        begin(sheet, "vcpupin");
        number(sheet, "vcpu", i);
        attribute(sheet, "cpuset", cpus);
        end(sheet);
    }
    LEAF(sheet, "emulatorpin", "cpuset", cpus);
    end(sheet);
}

// Its process ends with it in every case, because that process is watched.
static void write_ends(struct sheet *sheet)
{
    element(sheet, "on_poweroff", "destroy");
    element(sheet, "on_reboot", "destroy");
    element(sheet, "on_crash", "destroy");
}

static void write_boot(struct sheet *sheet, const struct domain_spec *spec)
{
    begin(sheet, "os");
    begin(sheet, "type");
    attribute(sheet, "arch", "x86_64");
    attribute(sheet, "machine", "q35");
    sheet->good = xmlTextWriterWriteString(sheet->writer, BAD_CAST "hvm") >= 0 && sheet->good;
    end(sheet);
    if (spec->kernel != NULL) {
        element(sheet, "kernel", spec->kernel);
        element(sheet, "initrd", spec->initrd);
        element(sheet, "cmdline", spec->cmdline);
    } else {
        LEAF(sheet, "boot", "dev", "hd");
    }
    end(sheet);
    begin(sheet, "features");
    element(sheet, "acpi", NULL);
    element(sheet, "apic", NULL);
    end(sheet);
    if (text_equal(spec->type, "kvm")) {
        LEAF(sheet, "cpu", "mode", "host-passthrough");
    } else {
        begin(sheet, "cpu");
        attribute(sheet, "mode", "custom");
        attribute(sheet, "match", "exact");
        element(sheet, "model", "qemu64");
        end(sheet);
    }
    LEAF(sheet, "clock", "offset", "utc");
    write_ends(sheet);
}

// The image below a disk: libvirt would otherwise change its owner to QEMU's user.
static void write_base(struct sheet *sheet, const char *file)
{
    begin(sheet, "backingStore");
    attribute(sheet, "type", "file");
    LEAF(sheet, "format", "type", "qcow2");
    begin(sheet, "source");
    attribute(sheet, "file", file);
    LEAF(sheet, "seclabel", "model", "dac", "relabel", "no");
    end(sheet);
    end(sheet);
}

static void write_disk(struct sheet *sheet, const char *file, const char *format, const char *base,
                       const char *device)
{
    begin(sheet, "disk");
    attribute(sheet, "type", "file");
    attribute(sheet, "device", "disk");
    LEAF(sheet, "driver", "name", "qemu", "type", format);
    LEAF(sheet, "source", "file", file);
    if (base != NULL) {
        write_base(sheet, base);
    }
    LEAF(sheet, "target", "dev", device, "bus", "virtio");
    if (base == NULL) {
        element(sheet, "readonly", NULL);
    }
    end(sheet);
}

static void write_tap(struct sheet *sheet, const struct domain_nic *nic)
{
    char mac[18];
    const uint8_t *m = nic->mac;
    snprintf(mac, sizeof mac, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
    begin(sheet, "interface");
    attribute(sheet, "type", "ethernet");
    LEAF(sheet, "mac", "address", mac);
    LEAF(sheet, "target", "dev", nic->tap, "managed", "no");
    LEAF(sheet, "model", "type", "virtio");
    LEAF(sheet, "driver", "name", nic->vhost ? "vhost" : "qemu");
    LEAF(sheet, "rom", "enabled", "no"); // no boot from the network
    if (nic->mtu != 1500) {
        begin(sheet, "mtu");
        number(sheet, "size", nic->mtu);
        end(sheet);
    }
    end(sheet);
}

// "0000:03:00.1"
static int write_pci(struct sheet *sheet, const struct domain_nic *nic, struct error *err)
{
    static const struct {
        const char *name, *after; // text after the value
        unsigned digits;          // hexadecimal
    } parts[] = {{"domain", ":", 4}, {"bus", ":", 2}, {"slot", ".", 2}, {"function", "", 1}};
    unsigned values[sizeof parts / sizeof parts[0]];
    const char *at = nic->pci;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        char *end = NULL;
        values[i] = (unsigned)strtoul(at, &end, 16);
        if ((size_t)(end - at) != parts[i].digits || isxdigit((unsigned char)*at) == 0 ||
            *end != parts[i].after[0]) {
            return fail(err, EINVAL, "PCI device %s", nic->pci);
        }
        at = end + 1;
    }
    begin(sheet, "hostdev");
    attribute(sheet, "mode", "subsystem");
    attribute(sheet, "type", "pci");
    attribute(sheet, "managed", "yes");
    LEAF(sheet, "driver", "name", "vfio");
    begin(sheet, "source");
    begin(sheet, "address");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        char text[12];
        snprintf(text, sizeof text, "0x%0*x", (int)parts[i].digits, values[i]);
        attribute(sheet, parts[i].name, text);
    }
    end(sheet);
    end(sheet);
    LEAF(sheet, "rom", "bar", "off"); // no boot from the device
    end(sheet);
    return 0;
}

static int write_devices(struct sheet *sheet, const struct domain_spec *spec, struct error *err)
{
    int rc = 0;
    begin(sheet, "devices");
    LEAF(sheet, "controller", "type", "usb", "model", "none");
    if (spec->disk != NULL) {
        write_disk(sheet, spec->disk, "qcow2", spec->disk_base, "vda");
    }
    if (spec->seed != NULL) {
        write_disk(sheet, spec->seed, "raw", NULL, "vdb");
    }
    for (size_t i = 0; rc == 0 && i < spec->nic_count; i++) {
        if (spec->nics[i].kind == DOMAIN_NIC_PCI) {
            rc = write_pci(sheet, &spec->nics[i], err);
        } else {
            write_tap(sheet, &spec->nics[i]);
        }
    }
    begin(sheet, "serial");
    attribute(sheet, "type", "pty");
    LEAF(sheet, "target", "port", "0");
    end(sheet);
    begin(sheet, "console");
    attribute(sheet, "type", "pty");
    LEAF(sheet, "target", "type", "serial", "port", "0");
    end(sheet);
    if (spec->channel != NULL) {
        begin(sheet, "channel");
        attribute(sheet, "type", "unix");
        LEAF(sheet, "source", "mode", "bind", "path", spec->channel);
        LEAF(sheet, "target", "type", "virtio", "name", "org.vrbench.0");
        end(sheet);
    }
    // A balloon would change the memory of the machine.
    LEAF(sheet, "memballoon", "model", "none");
    end(sheet);
    return rc;
}

// A container with this machine's files, and its own network namespace and /run. Its first process
// reaps orphans while it waits for the shell on its console, which it restarts when it ends.
static void write_container(struct sheet *sheet)
{
    begin(sheet, "os");
    element(sheet, "type", "exe");
    element(sheet, "init", "/bin/sh");
    element(sheet, "initarg", "-c");
    element(sheet, "initarg", "while :; do /bin/sh -i; sleep 1; done");
    end(sheet);
    begin(sheet, "features");
    element(sheet, "privnet", NULL);
    end(sheet);
    write_ends(sheet);
    begin(sheet, "devices");
    begin(sheet, "filesystem");
    attribute(sheet, "type", "ram");
    LEAF(sheet, "source", "usage", "16", "units", "MiB");
    LEAF(sheet, "target", "dir", "/run");
    end(sheet);
    LEAF(sheet, "console", "type", "pty");
    end(sheet);
}

int domain_xml(const struct domain_spec *spec, char **ret, struct error *err)
{
    xmlBufferPtr buffer = xmlBufferCreate();
    xmlTextWriterPtr writer = buffer == NULL ? NULL : xmlNewTextWriterMemory(buffer, 0);
    struct sheet sheet = {.writer = writer, .good = writer != NULL};
    int rc = 0;
    if (writer != NULL) {
        xmlTextWriterSetIndent(writer, 1);
        xmlTextWriterSetIndentString(writer, BAD_CAST "  ");
        begin(&sheet, "domain");
        attribute(&sheet, "type", spec->type);
        element(&sheet, "name", spec->name);
        element(&sheet, "uuid", spec->uuid);
        write_metadata(&sheet, spec);
        write_sizes(&sheet, spec);
        if (text_equal(spec->type, DOMAIN_CONTAINER)) {
            write_container(&sheet);
        } else {
            write_pins(&sheet, spec);
            write_boot(&sheet, spec);
            rc = write_devices(&sheet, spec, err);
        }
        end(&sheet);
        sheet.good = xmlTextWriterFlush(writer) >= 0 && sheet.good;
        xmlFreeTextWriter(writer);
    }
    if (rc == 0 && !sheet.good) {
        rc = fail(err, ENOMEM, "domain XML of %s", spec->name);
    }
    if (rc == 0) {
        *ret = text_copy((const char *)xmlBufferContent(buffer));
    }
    xmlBufferFree(buffer);
    return rc;
}

static const xmlNode *child_called(const xmlNode *parent, const char *name)
{
    for (const xmlNode *node = parent == NULL ? NULL : parent->children; node != NULL;
         node = node->next) {
        if (node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0) {
            return node;
        }
    }
    return NULL;
}

int domain_xml_testbed(const char *xml, char **ret_testbed)
{
    xmlDocPtr document = xmlReadMemory(xml, (int)strlen(xml), NULL, NULL,
                                       XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    const xmlNode *root = document == NULL ? NULL : xmlDocGetRootElement(document);
    const xmlNode *metadata = child_called(root, "metadata");
    int found = 0;
    for (xmlNode *node = metadata == NULL ? NULL : metadata->children; node != NULL && found == 0;
         node = node->next) {
        if (node->type != XML_ELEMENT_NODE || node->ns == NULL ||
            strcmp((const char *)node->ns->href, DOMAIN_METADATA) != 0 ||
            strcmp((const char *)node->name, "router") != 0) {
            continue;
        }
        xmlChar *testbed = xmlGetNoNsProp(node, BAD_CAST "testbed");
        if (testbed != NULL) {
            *ret_testbed = text_copy((const char *)testbed);
            found = 1;
        }
        xmlFree(testbed);
    }
    xmlFreeDoc(document);
    return found;
}
