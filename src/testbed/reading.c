// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/reading — see reading.h.
#include "testbed/reading.h"

#include <stdlib.h>

void path_counters_clear(struct path_counters *counters)
{
    for (size_t i = 0; i < counters->node_count; i++) {
        counters_clear(&counters->nodes[i]);
    }
    free(counters->nodes);
    *counters = (struct path_counters){0};
}

uint64_t meter_party_ns(const struct meter_party *party)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < party->count; i++) {
        sum += party->parts[i].ns;
    }
    return sum;
}

void meter_clear(struct meter_reading *reading)
{
    for (size_t i = 0; i < reading->party_count; i++) {
        free(reading->parties[i].parts);
    }
    free(reading->parties);
    free(reading->times);
    hypervisor_times_clear(&reading->hypervisor);
    *reading = (struct meter_reading){0};
}

double meter_growth(uint64_t before, uint64_t after)
{
    return after > before ? (double)(after - before) : 0.0;
}

double meter_party_growth(const struct meter_party *before, const struct meter_party *after)
{
    double sum = 0.0;
    for (size_t i = 0; i < after->count; i++) {
        sum += meter_growth(i < before->count ? before->parts[i].ns : 0, after->parts[i].ns);
    }
    return sum;
}

void disturbance_clear(struct disturbance *disturbance)
{
    heartbeat_report_clear(&disturbance->stalls);
    free(disturbance->interrupts);
    free(disturbance->softirqs);
    *disturbance = (struct disturbance){0};
}
