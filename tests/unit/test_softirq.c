// SPDX-License-Identifier: GPL-3.0-or-later
// tests of linux/softirq — the time that packets on the loopback of a namespace cost in softirqs.
#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "linux/softirq.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#define FLOOD_NS (60U * NS_PER_MS)

// A child on that CPU sends to a socket that nobody reads, in a namespace of its own: each packet
// passes the loopback, whose receiving half is a softirq on the sender's CPU.
static void flood(unsigned cpu)
{
    pid_t child = fork();
    if (child == 0) {
        const struct cpu_list here = {.cpus = {cpu}, .count = 1};
        const struct sockaddr_in to = {
            .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        struct ifreq up = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
        bool made = unshare(CLONE_NEWNET) == 0 && cpu_bind(0, &here, NULL) == 0;
        int sink = socket(AF_INET, SOCK_DGRAM, 0);
        int source = socket(AF_INET, SOCK_DGRAM, 0);
        made = made && ioctl(sink, SIOCSIFFLAGS, &up) == 0 &&
               bind(sink, (const struct sockaddr *)&to, sizeof to) == 0 &&
               connect(source, (const struct sockaddr *)&to, sizeof to) == 0;
        for (uint64_t end_ns = clock_monotonic_ns() + FLOOD_NS;
             made && clock_monotonic_ns() < end_ns;) {
            (void)send(source, "packet", 6, MSG_DONTWAIT);
        }
        _exit(made ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static struct softirq_meter *meter_of_all(struct cpu_list *cpus)
{
    struct softirq_meter *meter = NULL;
    assert_int_equal(cpu_list_usable(cpus, NULL), 0);
    struct error why = ERROR_INIT;
    if (softirq_meter_start(cpus, &meter, &why) < 0) {
        print_message("# softirqs are not measured: %s\n", why.text);
        error_clear(&why); // skip() leaves by longjmp()
        skip();
    }
    return meter;
}

static void test_packets_of_others_are_measured(void **state)
{
    (void)state;
    struct cpu_list cpus;
    struct softirq_meter *meter = meter_of_all(&cpus);
    const unsigned cpu = cpus.cpus[cpus.count - 1];
    const uint64_t began_ns = clock_monotonic_ns();
    softirq_meter_reset(meter);
    flood(cpu);
    const struct softirq_time time = softirq_meter_read(meter, cpu);
    const uint64_t passed_ns = clock_monotonic_ns() - began_ns;
    softirq_meter_free(meter);
    assert_true(time.ns > FLOOD_NS / 50);
    assert_true(time.ns < passed_ns);
    assert_non_null(time.most_of);
    assert_string_equal(time.most_of, "NET_RX");
}

// Beside another program, too, a pause has less than a flood in at least one of a few attempts.
static void test_a_reset_begins_again(void **state)
{
    (void)state;
    struct cpu_list cpus;
    struct softirq_meter *meter = meter_of_all(&cpus);
    const unsigned cpu = cpus.cpus[cpus.count - 1];
    bool less = false;
    for (unsigned i = 0; i < 20 && !less; i++) {
        softirq_meter_reset(meter);
        flood(cpu);
        const uint64_t flooded_ns = softirq_meter_read(meter, cpu).ns;
        softirq_meter_reset(meter);
        clock_sleep(FLOOD_NS);
        less = softirq_meter_read(meter, cpu).ns < flooded_ns / 2;
    }
    softirq_meter_free(meter);
    assert_true(less);
}

static void test_without_a_meter_nothing_is_freed(void **state)
{
    (void)state;
    softirq_meter_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packets_of_others_are_measured),
        cmocka_unit_test(test_a_reset_begins_again),
        cmocka_unit_test(test_without_a_meter_nothing_is_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
