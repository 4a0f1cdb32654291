// SPDX-License-Identifier: GPL-3.0-or-later
// platform/libvirt/absent — stands for foreign.c and abilities.c in a build without libvirt: says
// so, with exit status 3.
#include "platform/libvirt/abilities.h"
#include "platform/libvirt/foreign.h"

static int absent(struct error *err)
{
    return fail_lacking(err,
                        "this vrbench was built without libvirt: install libvirt-dev and build "
                        "it again with -Dlibvirt=enabled");
}

const char *foreign_state_name(enum foreign_state state)
{
    (void)state;
    return "unknown";
}

void foreign_allocation_clear(struct foreign_allocation *allocation)
{
    *allocation = (struct foreign_allocation){0};
}

void foreign_list_clear(struct foreign_list *list)
{
    *list = (struct foreign_list){0};
}

int foreign_open(const char *uri, bool change, struct foreign **ret, struct error *err)
{
    (void)uri, (void)change, (void)ret;
    return absent(err);
}

void foreign_close(struct foreign *foreign)
{
    (void)foreign;
}

void foreign_cleanup(struct foreign **foreign)
{
    (void)foreign;
}

const char *foreign_driver(const struct foreign *foreign)
{
    (void)foreign;
    return "none";
}

int foreign_list(struct foreign *foreign, unsigned what, struct foreign_list *ret,
                 struct error *err)
{
    (void)foreign, (void)what, (void)ret;
    return absent(err);
}

int foreign_one(struct foreign *foreign, const char *called, unsigned what,
                struct foreign_list *ret, struct error *err)
{
    (void)foreign, (void)called, (void)what, (void)ret;
    return absent(err);
}

int foreign_ration(struct foreign *foreign, const char *called, unsigned weight,
                   const unsigned *cap, struct error *err)
{
    (void)foreign, (void)called, (void)weight, (void)cap;
    return absent(err);
}

int foreign_destroy(struct foreign *foreign, const char *called, struct error *err)
{
    (void)foreign, (void)called;
    return absent(err);
}

int foreign_reboot(struct foreign *foreign, const char *called, struct error *err)
{
    (void)foreign, (void)called;
    return absent(err);
}

int foreign_console(struct foreign *foreign, const char *called, struct error *err)
{
    (void)foreign, (void)called;
    return absent(err);
}

const char *ability_answer_name(enum ability_answer answer)
{
    (void)answer;
    return "unknown";
}

void abilities_clear(struct abilities *abilities)
{
    *abilities = (struct abilities){0};
}

int abilities_find(const char *uri, struct abilities *ret, struct error *err)
{
    (void)uri, (void)ret;
    return absent(err);
}
