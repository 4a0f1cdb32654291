// SPDX-License-Identifier: GPL-3.0-or-later
// traffic/packet — the engine "packet". See packet.h.
#include "traffic/packet.h"

#include "base/thread.h"

size_t packet_thread_count(const struct cpu_list *cpus, size_t paths)
{
    size_t count = cpus->count < paths ? cpus->count : paths;
    return count == 0 ? 1 : count;
}

struct cpu_list packet_thread_cpu(const struct cpu_list *all, size_t thread)
{
    struct cpu_list one = {.count = 1};
    one.cpus[0] = all->cpus[thread % all->count];
    return one;
}

int packet_threads_add(struct packet_threads *threads, void *(*run)(void *), void *context,
                       struct error *err)
{
    int rc = thread_start(&threads->threads[threads->count], run, context);
    if (rc != 0) {
        return fail(err, rc, "starting a thread of the tester");
    }
    threads->count++;
    return 0;
}

void packet_threads_join(struct packet_threads *threads)
{
    for (size_t i = 0; i < threads->count; i++) {
        pthread_join(threads->threads[i], NULL);
    }
    threads->count = 0;
}

const struct engine_ops engine_packet = {
    .source = &packet_source_half,
    .sink = &packet_sink_half,
};
