// SPDX-License-Identifier: GPL-3.0-or-later
// study/blueprint — see blueprint.h.
#include "study/blueprint.h"

#include <string.h>

#include "base/text.h"

#define STUDY_RATES 26U
#define NOTE_BEGINS "# Scaled to this machine: "
// Rules that no packet matches, so that a packet costs several times as much: the tester is then
// never the limit.
#define SLOW                                                                                       \
    " run: [sh -c 'seq -f \"rule add prio %g from 10.9.0.0/16 table 99\" 1 500 | ip -batch -' ]"

size_t blueprint_sweeps(const struct blueprint *blueprint)
{
    size_t topologies = 0;
    for (size_t i = 0; i < TOPOLOGY_COUNT; i++) {
        topologies += blueprint->topologies[i];
    }
    return topologies * blueprint->length_count;
}

size_t blueprint_points(const struct blueprint *blueprint)
{
    size_t loads = 1;
    if (blueprint->automatic > 0) {
        loads = blueprint->automatic;
    } else if (blueprint->study_rates) {
        loads = STUDY_RATES;
    } else if (blueprint->bps <= 0.0) {
        loads = blueprint->pps_count;
    }
    return blueprint_sweeps(blueprint) * loads * blueprint->repeats;
}

static void write_allocation(FILE *out, unsigned weight, unsigned cap, const char *before)
{
    if (weight != 0) {
        fprintf(out, "%sweight: %u", before, weight);
        before = ", ";
    }
    if (cap != 0) {
        fprintf(out, "%scap: %u", before, cap);
    }
}

static void write_rates(FILE *out, const struct blueprint *blueprint)
{
    if (blueprint->automatic > 0) {
        fprintf(out, "{ auto: %u }", blueprint->automatic);
    } else if (blueprint->study_rates) {
        fprintf(out, "{ from: 1 Mbit/s, to: 101 Mbit/s, step: 4 Mbit/s }");
    } else if (blueprint->bps > 0.0) {
        fprintf(out, "{ from: %.0f bit/s, to: %.0f bit/s, step: %.0f bit/s }", blueprint->bps,
                blueprint->bps, blueprint->bps);
    } else {
        fprintf(out, "{ pps: [");
        for (size_t i = 0; i < blueprint->pps_count; i++) {
            fprintf(out, "%s%.0f", i == 0 ? "" : ", ", blueprint->pps[i]);
        }
        fprintf(out, "] }");
    }
}

// Writes a text from outside with quotes and escapes, so that it stays one YAML scalar.
static void write_quoted(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte < ' ' || byte == 0x7f) {
            fprintf(out, "\\x%02x", byte);
        } else {
            fprintf(out, "%s%c", byte == '"' || byte == '\\' ? "\\" : "", byte);
        }
    }
    fputc('"', out);
}

void blueprint_write(const struct blueprint *blueprint, const char *name, const char *what,
                     const char *platform, FILE *out)
{
    fprintf(out, "# vrbench reproduce: %s.\n", what);
    if (blueprint->note != NULL) {
        fprintf(out, NOTE_BEGINS "%s.\n", blueprint->note);
    }
    fprintf(out, "name: %s\n%splatform: ", name, blueprint->monitored ? "method: monitored\n" : "");
    write_quoted(out, platform);
    fprintf(out, "\ntopologies: [");
    const char *comma = "";
    for (enum topology topology = 0; topology < TOPOLOGY_COUNT; topology++) {
        if (blueprint->topologies[topology]) {
            fprintf(out, "%s%s", comma, topology_name(topology));
            comma = ", ";
        }
    }
    fprintf(out, "]\nhost: { cpus: 1");
    write_allocation(out, blueprint->host_weight, blueprint->host_cap, ", ");
    fprintf(out, " }\nrouters:\n");
    for (unsigned i = 0; i < blueprint->routers; i++) {
        fprintf(out, "  r%ut3: {", i + 1);
        unsigned weight = i + 1 == blueprint->routers ? blueprint->last_weight : 0;
        write_allocation(out,
                         i == 0 && blueprint->first_weight > 0 ? blueprint->first_weight : weight,
                         i == 0 ? blueprint->first_cap : 0, " ");
        fprintf(out, "%s }\n", blueprint->slow ? SLOW : "");
    }
    fprintf(out, "networks:\n");
    for (unsigned i = 0; i < blueprint->routers; i++) {
        fprintf(out, "  NET%u: { router: r%ut3", i, i + 1);
        if (blueprint->last_share > 0 && i + 1 == blueprint->routers) {
            fprintf(out, ", share: %u", blueprint->last_share);
        }
        fprintf(out, " }\n");
    }
    fprintf(out, "traffic:\n  lengths: [");
    for (size_t i = 0; i < blueprint->length_count; i++) {
        fprintf(out, "%s%u", i == 0 ? "" : ", ", blueprint->lengths[i]);
    }
    fprintf(out, "]\n  rates: ");
    write_rates(out, blueprint);
    fprintf(out, "\n  duration: %s\n  repeats: %u\n", blueprint->duration, blueprint->repeats);
}

char *blueprint_note(const char *yaml)
{
    const char *note = strstr(yaml, "\n" NOTE_BEGINS);
    if (note == NULL) {
        return NULL;
    }
    note += strlen("\n" NOTE_BEGINS);
    size_t length = strcspn(note, "\n");
    if (length > 0 && note[length - 1] == '.') {
        length--;
    }
    return length == 0 ? NULL : text_copy_bytes(note, length);
}
