// SPDX-License-Identifier: GPL-3.0-or-later
// face/agent_none — agent.h in a build without net-snmp: there is no agent, and methods that read
// CPU over SNMP are refused.
#include "face/agent.h"

#include "face/xen_stats.h"

int agent_check(struct error *err)
{
    return fail_lacking(err, "measuring over SNMP requires net-snmp, which this vrbench was built "
                             "without; install libsnmp-dev and build it again");
}

int agent_open(const struct agent_spec *spec, struct agent **ret, struct error *err)
{
    (void)spec;
    (void)ret;
    return agent_check(err);
}

void agent_close(struct agent *agent)
{
    (void)agent; // there is none
}

int agent_watch(struct agent *agent, const struct cpu_list *cpus, struct error *err)
{
    (void)agent;
    (void)cpus;
    return agent_check(err);
}

int agent_begin(struct agent *agent, uint64_t at_ns, struct error *err)
{
    (void)agent;
    (void)at_ns;
    return agent_check(err);
}

int agent_end(struct agent *agent, bool cancel, struct xen_stats *ret,
              struct agent_ordinary *ret_ordinary, struct error *err)
{
    (void)agent;
    (void)cancel;
    (void)ret;
    (void)ret_ordinary;
    return agent_check(err);
}
