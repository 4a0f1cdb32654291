// SPDX-License-Identifier: GPL-3.0-or-later
// doctor/built — see built.h. meson_options.txt has an option for each part.
#include "doctor/built.h"

#include <stdbool.h>

#include "version.h"

static const struct {
    bool built;
    struct built_part part;
} parts[] = {
    {HAVE_BPF, {"BPF", "no engine xdp, no impaired cables, no VLANs", "libbpf-dev bpftool clang"}},
    {HAVE_LIBVIRT, {"libvirt", "no virtual machines or LXC containers", "libvirt-dev"}},
    {HAVE_XEN, {"Xen", "no domains of Xen", "libxen-dev"}},
    {HAVE_PAGE, {"page", "no report.html", "libjs-chart.js"}},
    {HAVE_SPREADSHEET,
     {"spreadsheet", "no report.xlsx", "libxlsxwriter-dev libzip-dev libxml2-dev"}},
    {HAVE_SMARTCOLS, {"smartcols", "tables are Markdown", "libsmartcols-dev"}},
    {HAVE_SNMP, {"SNMP", "no measuring over SNMP", "libsnmp-dev"}},
    {HAVE_CURSES, {"curses", "vrbench top only with -b", "libncurses-dev"}},
    {HAVE_ARCHIVE, {"archive", "no router images, no disks of virtual machines", "libarchive-dev"}},
    {HAVE_GLPK, {"GLPK", "no plans of vrbench advise", "libglpk-dev"}},
    {HAVE_GSL,
     {"GSL", "no vrbench predict, nor advise and control from measurements", "libgsl-dev"}},
};

const struct built_part *built_without(size_t number)
{
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (!parts[i].built && number-- == 0) {
            return &parts[i].part;
        }
    }
    return NULL;
}
