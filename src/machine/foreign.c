// SPDX-License-Identifier: GPL-3.0-or-later
// machine/foreign — see foreign.h: parts common to all ways.
#include "machine/foreign.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "machine/machine.h"

static int find_foreign_ops(const char *uri, const struct foreign_ops **ret, struct error *err)
{
    const struct machine_ops *row = NULL;
    int rc = machine_row(uri, &row, err);
    if (rc == 0 && (row->traits.can & CAN_LIST) == 0) {
        rc = fail_input(err, "platform %s has no machines but those of testbeds", uri);
    }
    if (rc == 0) {
        *ret = row->others;
    }
    return rc;
}

int foreign_open(const char *uri, bool change, struct foreign **ret, struct error *err)
{
    const struct foreign_ops *ops = NULL;
    int rc = find_foreign_ops(uri, &ops, err);
    return rc < 0 || ops == NULL ? rc : ops->open(uri, change, ret, err);
}

int foreign_abilities(const char *uri, struct abilities *ret, struct error *err)
{
    const struct foreign_ops *ops = NULL;
    int rc = find_foreign_ops(uri, &ops, err);
    return rc < 0 || ops == NULL ? rc : ops->abilities(uri, ret, err);
}

void foreign_close(struct foreign *foreign)
{
    if (foreign != NULL) {
        foreign->ops->close(foreign);
    }
}

void foreign_cleanup(struct foreign **foreign)
{
    foreign_close(*foreign);
}

int foreign_list(struct foreign *foreign, unsigned what, struct foreign_list *ret,
                 struct error *err)
{
    return foreign->ops->list(foreign, what, ret, err);
}

int foreign_one(struct foreign *foreign, const char *called, unsigned what,
                struct foreign_list *ret, struct error *err)
{
    return foreign->ops->one(foreign, called, what, ret, err);
}

int foreign_ration(struct foreign *foreign, const char *called, unsigned weight,
                   const unsigned *cap, struct error *err)
{
    return foreign->ops->ration(foreign, called, weight, cap, err);
}

int foreign_destroy(struct foreign *foreign, const char *called, struct error *err)
{
    return foreign->ops->destroy(foreign, called, err);
}

int foreign_reboot(struct foreign *foreign, const char *called, struct error *err)
{
    return foreign->ops->reboot(foreign, called, err);
}

int foreign_console(struct foreign *foreign, const char *called, struct error *err)
{
    return foreign->ops->console(foreign, called, err);
}

// ---- what lists are made of

const char *foreign_state_name(enum foreign_state state)
{
    static const char *const names[] = {
        [FOREIGN_UNKNOWN] = "unknown",   [FOREIGN_RUNNING] = "running",
        [FOREIGN_BLOCKED] = "blocked",   [FOREIGN_PAUSED] = "paused",
        [FOREIGN_STOPPING] = "stopping", [FOREIGN_STOPPED] = "stopped",
        [FOREIGN_CRASHED] = "crashed",   [FOREIGN_SUSPENDED] = "suspended",
        [FOREIGN_RUNNABLE] = "runnable",
    };
    return names[state];
}

void foreign_allocation_clear(struct foreign_allocation *allocation)
{
    free(allocation->why);
    *allocation = (struct foreign_allocation){0};
}

void foreign_machine_clear(struct foreign_machine *machine)
{
    for (size_t i = 0; i < machine->network_count; i++) {
        free(machine->networks[i].name);
    }
    free(machine->networks);
    free(machine->vcpu_times);
    free(machine->name);
    foreign_allocation_clear(&machine->allocation);
}

void foreign_list_clear(struct foreign_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        foreign_machine_clear(&list->items[i]);
    }
    free(list->items);
    *list = (struct foreign_list){0};
}

void foreign_list_add(struct foreign_list *list, const struct foreign_machine *machine)
{
    list->items = memory_resize(list->items, list->count + 1, sizeof *list->items);
    list->items[list->count++] = *machine;
}

static int in_order(const void *a, const void *b)
{
    const struct foreign_machine *one = a;
    const struct foreign_machine *other = b;
    if (one->has_id != other->has_id) {
        return one->has_id ? -1 : 1;
    }
    if (one->has_id && one->id != other->id) {
        return one->id < other->id ? -1 : 1;
    }
    return strcmp(one->name, other->name);
}

void foreign_list_sort(struct foreign_list *list)
{
    if (list->count > 1) {
        qsort(list->items, list->count, sizeof *list->items, in_order);
    }
}
