// SPDX-License-Identifier: GPL-3.0-or-later
// face/top — see top.h.
#include "face/top.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "owner/client.h"

#define NO_LETTERS "------"

// ---- freeing

void top_clear(struct top *top)
{
    for (size_t i = 0; i < top->count; i++) {
        struct top_machine *machine = &top->items[i];
        for (size_t n = 0; n < machine->network_count; n++) {
            free(machine->networks[n].name);
        }
        free(machine->networks);
        free(machine->vcpu_times);
        free(machine->parts);
        free(machine->name);
        free(machine->testbed);
        free(machine->contract);
        free(machine->margin);
        free(machine->last_action);
    }
    free(top->items);
    free(top->platform);
    *top = (struct top){0};
}

static struct top_machine *add(struct top *top)
{
    top->items = memory_resize(top->items, top->count + 1, sizeof *top->items);
    top->items[top->count] = (struct top_machine){.letters = NO_LETTERS};
    return &top->items[top->count++];
}

static void copy_networks(struct top_machine *machine, const struct named_counters *networks,
                          size_t count)
{
    machine->has_networks = true;
    machine->networks = memory_new_array(struct named_counters, count);
    for (size_t i = 0; i < count; i++) {
        machine->networks[i].name = text_copy(networks[i].name);
        machine->networks[i].counters = networks[i].counters;
        machine->tx_bytes += networks[i].counters.tx_bytes;
        machine->rx_bytes += networks[i].counters.rx_bytes;
    }
    machine->network_count = count;
}

// xentop's letters: dying, shut down, blocked, crashed, paused, running; each has a fixed column.
static void set_letter(struct top_machine *machine, char letter)
{
    static const char places[] = "dsbcpr";
    const char *place = letter == '\0' ? NULL : strchr(places, letter);
    if (place != NULL) {
        machine->letters[place - places] = letter;
    }
}

// ---- testbeds

// Whether another testbed has a party of that name.
static bool is_ambiguous(const struct sample *sample, const struct sample_party *party)
{
    for (size_t i = 0; i < sample->count; i++) {
        const struct sample_party *other = &sample->parties[i];
        if (!text_equal(other->testbed_id, party->testbed_id) &&
            text_equal(other->name, party->name)) {
            return true;
        }
    }
    return false;
}

static void copy_parts(struct top_machine *machine, const struct sample *before,
                       const struct sample_party *party)
{
    machine->parts = memory_new_array(struct top_part, party->part_count);
    machine->part_count = party->part_count;
    for (size_t i = 0; i < party->part_count; i++) {
        struct top_part *part = &machine->parts[i];
        snprintf(part->name, sizeof part->name, "%s", party->parts[i].name);
        part->ns = party->parts[i].ns;
        part->percent = sample_part_percent(before, party, i);
    }
}

void top_of_samples(const struct sample *before, const struct sample *after, struct top *ret)
{
    struct top top = {.platform = text_copy("netns"),
                      .over_ns = after->began_ns - before->began_ns};
    for (size_t i = 0; i < after->count; i++) {
        const struct sample_party *party = &after->parties[i];
        struct top_machine *machine = add(&top);
        machine->name = is_ambiguous(after, party)
                            ? text_format("%s/%s", party->testbed, party->name)
                            : text_copy(party->name);
        machine->testbed = text_copy(party->testbed);
        machine->contract = party->contract == NULL ? NULL : text_copy(party->contract);
        machine->margin = party->margin == NULL ? NULL : text_copy(party->margin);
        machine->last_action = party->last_action == NULL ? NULL : text_copy(party->last_action);
        machine->has_id = true;
        machine->id = party->id;
        machine->state = router_state_name(party->state);
        set_letter(machine, party->state == ROUTER_RUNNING   ? 'r'
                            : party->state == ROUTER_CRASHED ? 'c'
                                                             : 's');
        machine->cpu_ns = party->cpu_ns;
        machine->has_percent = party->state == ROUTER_RUNNING;
        machine->percent = sample_percent(before, party);
        machine->memory_bytes = party->memory_bytes;
        machine->vcpus = party->cpus;
        copy_parts(machine, before, party);
        if (party->has_bytes) {
            copy_networks(machine, party->networks, party->network_count);
        }
    }
    *ret = top;
}

// ---- machines that vrbench did not make

static char letter_of(enum foreign_state state)
{
    switch (state) {
    case FOREIGN_RUNNING:
        return 'r';
    case FOREIGN_BLOCKED:
        return 'b';
    case FOREIGN_PAUSED:
    case FOREIGN_SUSPENDED:
        return 'p';
    case FOREIGN_STOPPING:
    case FOREIGN_STOPPED:
        return 's';
    case FOREIGN_CRASHED:
        return 'c';
    case FOREIGN_UNKNOWN:
    case FOREIGN_RUNNABLE:
        break;
    }
    return '\0';
}

// Finds the same machine, not restarted, in the previous list; NULL if it is new.
static const struct foreign_machine *before_of(const struct foreign_list *before,
                                               const struct foreign_machine *machine)
{
    for (size_t i = 0; i < before->count; i++) {
        const struct foreign_machine *then = &before->items[i];
        if (then->has_id && then->id == machine->id && text_equal(then->uuid, machine->uuid)) {
            return then;
        }
    }
    return NULL;
}

static double percent_between(uint64_t used_ns, uint64_t ns, uint64_t since_ns, uint64_t read_ns)
{
    return ns <= used_ns || read_ns <= since_ns
               ? 0.0
               : 100.0 * (double)(ns - used_ns) / (double)(read_ns - since_ns);
}

// Sets the CPU of a machine and its vCPUs since the previous list, as sample_percent() does: all
// CPU time of a machine that was started meanwhile counts.
static void set_percents(const struct foreign_list *before, const struct foreign_machine *now,
                         struct top_machine *ret)
{
    const struct foreign_machine *then = before_of(before, now);
    uint64_t since_ns = then == NULL ? before->began_ns : then->read_ns;
    ret->has_percent = true;
    ret->percent =
        percent_between(then == NULL ? 0 : then->cpu_ns, now->cpu_ns, since_ns, now->read_ns);
    ret->vcpu_times = memory_new_array(struct top_vcpu, now->vcpu_time_count);
    ret->vcpu_time_count = now->vcpu_time_count;
    for (size_t i = 0; i < now->vcpu_time_count; i++) {
        const struct foreign_vcpu *vcpu = &now->vcpu_times[i];
        bool was = then != NULL && i < then->vcpu_time_count;
        ret->vcpu_times[i] = (struct top_vcpu){
            .online = vcpu->online,
            .ns = vcpu->ns,
            .percent =
                percent_between(was ? then->vcpu_times[i].ns : 0, vcpu->ns, since_ns, now->read_ns),
        };
    }
}

void top_of_machines(const struct foreign_list *before, const struct foreign_list *after,
                     struct top *ret)
{
    struct top top = {.over_ns = after->began_ns - before->began_ns,
                      .host_memory_bytes = after->host_memory_bytes,
                      .host_cpus = after->host_cpus,
                      .hypervisor_bytes = after->hypervisor_bytes,
                      .has_total = after->host_included};
    for (size_t i = 0; i < after->count; i++) {
        const struct foreign_machine *one = &after->items[i];
        struct top_machine *machine = add(&top);
        machine->name = text_copy(one->name);
        machine->has_id = one->has_id;
        machine->id = one->id;
        machine->state = foreign_state_name(one->state);
        set_letter(machine, letter_of(one->state));
        machine->cpu_ns = one->cpu_ns;
        if (one->has_id) {
            set_percents(before, one, machine);
            top.total_percent += machine->percent;
        }
        machine->memory_bytes = one->memory_bytes;
        machine->memory_max_bytes = one->memory_max_bytes;
        machine->memory_limited = one->memory_max_bytes > 0;
        machine->vcpus = one->vcpus;
        if (one->has_networks) {
            copy_networks(machine, one->networks, one->network_count);
        }
    }
    *ret = top;
}

// ---- sources

struct top_source {
    char *platform;          // NULL = testbeds
    struct foreign *foreign; // NULL = testbeds
    struct sample sample;    // last reading of testbeds
    struct foreign_list list;
};

static int read_first(struct top_source *source, struct error *err)
{
    if (source->platform == NULL) {
        return owner_sample(NULL, true, &source->sample, err);
    }
    int rc = foreign_open(source->platform, false, &source->foreign, err);
    return rc < 0 ? rc : foreign_list(source->foreign, FOREIGN_NETWORKS, &source->list, err);
}

int top_open(const char *platform, struct top_source **ret, struct error *err)
{
    struct top_source *source = memory_new_array(struct top_source, 1);
    source->platform = platform == NULL ? NULL : text_copy(platform);
    int rc = read_first(source, err);
    if (rc < 0) {
        top_close(source);
        return rc;
    }
    *ret = source;
    return 0;
}

void top_close(struct top_source *source)
{
    if (source == NULL) {
        return;
    }
    sample_clear(&source->sample);
    foreign_list_clear(&source->list);
    foreign_close(source->foreign);
    free(source->platform);
    free(source);
}

static int next_of_testbeds(struct top_source *source, struct top *ret, struct error *err)
{
    struct sample now = {0};
    int rc = owner_sample(NULL, true, &now, err);
    if (rc < 0) {
        return rc;
    }
    top_of_samples(&source->sample, &now, ret);
    ret->host_memory_bytes = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    ret->host_cpus = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
    sample_clear(&source->sample);
    source->sample = now;
    return 0;
}

static int next_of_machines(struct top_source *source, struct top *ret, struct error *err)
{
    struct foreign_list now = {0};
    int rc = foreign_list(source->foreign, FOREIGN_NETWORKS, &now, err);
    if (rc < 0) {
        return rc;
    }
    top_of_machines(&source->list, &now, ret);
    ret->platform = text_copy(source->platform);
    foreign_list_clear(&source->list);
    source->list = now;
    return 0;
}

int top_next(struct top_source *source, struct top *ret, struct error *err)
{
    struct top top = {0};
    int rc = source->foreign == NULL ? next_of_testbeds(source, &top, err)
                                     : next_of_machines(source, &top, err);
    if (rc < 0) {
        return rc;
    }
    top.realtime_ns = clock_realtime_ns();
    *ret = top;
    return 0;
}

// ---- order

static const char *const order_names[TOP_ORDERS] = {
    [TOP_AS_FOUND] = "found", [TOP_NAME] = "name", [TOP_PERCENT] = "cpu", [TOP_SECONDS] = "seconds",
    [TOP_MEMORY] = "memory",  [TOP_TX] = "nettx",  [TOP_RX] = "netrx",
};

const char *top_order_name(enum top_order order)
{
    return order_names[order];
}

enum top_order top_order_by_name(const char *name)
{
    enum top_order order = TOP_AS_FOUND;
    while (order < TOP_ORDERS && strcmp(order_names[order], name) != 0) {
        order++;
    }
    return order;
}

static double figure_of(const struct top_machine *machine, enum top_order order)
{
    switch (order) {
    case TOP_PERCENT:
        return machine->percent;
    case TOP_SECONDS:
        return (double)machine->cpu_ns;
    case TOP_MEMORY:
        return (double)machine->memory_bytes;
    case TOP_TX:
        return (double)machine->tx_bytes;
    case TOP_RX:
        return (double)machine->rx_bytes;
    case TOP_AS_FOUND:
    case TOP_NAME:
        break;
    }
    return 0.0;
}

static int compare(const void *a, const void *b, void *data)
{
    enum top_order order = *(const enum top_order *)data;
    const struct top_machine *one = a;
    const struct top_machine *other = b;
    double first = figure_of(one, order);
    double second = figure_of(other, order);
    if (first != second) {
        return first > second ? -1 : 1;
    }
    return strcmp(one->name, other->name);
}

void top_sort(struct top *top, enum top_order order)
{
    if (order != TOP_AS_FOUND && top->count > 1) {
        qsort_r(top->items, top->count, sizeof *top->items, compare, &order);
    }
}
