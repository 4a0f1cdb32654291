// SPDX-License-Identifier: GPL-3.0-or-later
// machine/libvirt/interfaces — see interfaces.h.
#include "machine/libvirt/interfaces.h"

#include <errno.h>
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

void interface_names_clear(struct interface_names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        free(names->items[i]);
    }
    free(names->items);
    *names = (struct interface_names){0};
}

static xmlDocPtr parse(const char *xml)
{
    return xmlReadMemory(xml, (int)strlen(xml), "domain.xml", NULL,
                         XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
}

// The first element child of that name.
static xmlNodePtr child_of(xmlNodePtr parent, const char *name)
{
    for (xmlNodePtr node = parent == NULL ? NULL : parent->children; node != NULL;
         node = node->next) {
        if (node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0) {
            return node;
        }
    }
    return NULL;
}

// An attribute of a child element, as a new string; NULL if absent or empty.
static char *attribute_of(xmlNodePtr parent, const char *element, const char *name)
{
    xmlNodePtr node = child_of(parent, element);
    xmlChar *value = node == NULL ? NULL : xmlGetNoNsProp(node, BAD_CAST name);
    char *copy = value == NULL || *value == '\0' ? NULL : text_copy((const char *)value);
    xmlFree(value);
    return copy;
}

static xmlNodePtr devices_of(xmlDocPtr document)
{
    xmlNodePtr root = document == NULL ? NULL : xmlDocGetRootElement(document);
    bool domain = root != NULL && strcmp((const char *)root->name, "domain") == 0;
    return domain ? child_of(root, "devices") : NULL;
}

int interfaces_of_xml(const char *xml, struct interface_names *ret, struct error *err)
{
    xmlDocPtr document = parse(xml);
    struct interface_names names = {0};
    if (document == NULL) {
        return fail(err, EPROTO, "the description of a machine is no XML");
    }
    xmlNodePtr devices = devices_of(document);
    for (xmlNodePtr node = devices == NULL ? NULL : devices->children;
         node != NULL && names.count < INTERFACES_MAX; node = node->next) {
        if (node->type != XML_ELEMENT_NODE || strcmp((const char *)node->name, "interface") != 0) {
            continue;
        }
        char *name = attribute_of(node, "target", "dev");
        name = name == NULL ? attribute_of(node, "mac", "address") : name;
        if (name != NULL) {
            names.items = memory_resize(names.items, names.count + 1, sizeof *names.items);
            names.items[names.count++] = name;
        }
    }
    xmlFreeDoc(document);
    *ret = names;
    return 0;
}

char *console_of_xml(const char *xml)
{
    xmlDocPtr document = parse(xml);
    xmlNodePtr devices = devices_of(document);
    xmlNodePtr device = child_of(devices, "console");
    device = device == NULL ? child_of(devices, "serial") : device;
    char *alias = attribute_of(device, "alias", "name");
    xmlFreeDoc(document);
    return alias;
}
