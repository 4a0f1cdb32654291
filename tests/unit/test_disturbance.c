// SPDX-License-Identifier: GPL-3.0-or-later
// tests of linux/heartbeat and linux/usage — a stall and a busy process, both made on purpose, are
// found; of linux/interference; and of report/reasons, which counts why points are invalid.
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "linux/heartbeat.h"
#include "linux/interference.h"
#include "linux/usage.h"
#include "report/reasons.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#define STALL_NS (20U * NS_PER_MS) // of which a period of the heartbeat, some ms, is not noted

static void spin_for(uint64_t ns)
{
    uint64_t end_ns = clock_monotonic_ns() + ns;
    while (clock_monotonic_ns() < end_ns) {
        // holds the CPU
    }
}

// A child on that CPU, with the highest priority of SCHED_FIFO, that lets nothing else run there.
static void stall_cpu(unsigned cpu)
{
    pid_t child = fork();
    if (child == 0) {
        const struct cpu_list here = {.cpus = {cpu}, .count = 1};
        const struct sched_param highest = {.sched_priority = sched_get_priority_max(SCHED_FIFO)};
        bool set =
            cpu_bind(0, &here, NULL) == 0 && sched_setscheduler(0, SCHED_FIFO, &highest) == 0;
        spin_for(set ? STALL_NS : 0);
        _exit(set ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

// The longest stall of a CPU that a report has between two moments, or shortly before or after.
static uint64_t noted_between(const struct heartbeat_report *report, unsigned cpu,
                              uint64_t begin_ns, uint64_t end_ns)
{
    uint64_t noted_ns = 0;
    for (size_t i = 0; i < report->count; i++) {
        const struct heartbeat_stall *stall = &report->stalls[i];
        assert_true(stall->to_ns > stall->from_ns);
        assert_true(stall->late_ns > HEARTBEAT_LATE_NS);
        assert_true(stall->late_ns <= stall->to_ns - stall->from_ns);
        assert_true(i == 0 || stall[-1].cpu < stall->cpu ||
                    (stall[-1].cpu == stall->cpu && stall[-1].to_ns <= stall->from_ns));
        bool within = stall->from_ns >= begin_ns - STALL_NS && stall->to_ns <= end_ns + STALL_NS;
        if (stall->cpu == cpu && within && stall->late_ns > noted_ns) {
            noted_ns = stall->late_ns;
        }
    }
    assert_int_equal(report->lost, 0);
    return noted_ns;
}

// A heartbeat on all CPUs while something holds the last one: the longest stall noted there.
static uint64_t note_while(enum heartbeat_by by, void (*hold)(unsigned cpu))
{
    struct cpu_list cpus;
    assert_int_equal(cpu_list_usable(&cpus, NULL), 0);
    struct heartbeat *heartbeat = NULL;
    if (heartbeat_start(&cpus, by, &heartbeat, NULL) < 0) {
        skip(); // requires root, and timers a program with BPF
    }
    unsigned held = cpus.cpus[cpus.count - 1];
    uint64_t begin_ns = clock_monotonic_ns();
    hold(held);
    uint64_t end_ns = clock_monotonic_ns();
    _cleanup_heartbeat_report_ struct heartbeat_report report = {0};
    heartbeat_end(heartbeat, &report);
    return noted_between(&report, held, begin_ns, end_ns);
}

// In timer interrupts: for STALL_NS once in 100 ms.
static void hold_interrupts(unsigned cpu)
{
    const char *build = getenv("BUILD_DIR");
    char program[4096];
    char number[16];
    (void)snprintf(program, sizeof program, "%s/tests/net/hold_cpu",
                   build == NULL ? "build" : build);
    (void)snprintf(number, sizeof number, "%u", cpu);
    pid_t child = fork();
    if (child == 0) {
        (void)execl(program, program, number, "20", "80", "1", (char *)NULL);
        _exit(127);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void test_threads_note_a_task_that_holds_a_cpu(void **state)
{
    (void)state;
    assert_true(note_while(HEARTBEAT_BY_THREAD, stall_cpu) >= STALL_NS / 2);
}

// Such a task delays no interrupt. The machine may stall by itself meanwhile, but not each time.
static void test_timers_note_no_task_that_holds_a_cpu(void **state)
{
    (void)state;
    uint64_t noted_ns = STALL_NS;
    for (unsigned i = 0; i < 10 && noted_ns > STALL_NS / 4; i++) {
        noted_ns = note_while(HEARTBEAT_BY_TIMER, stall_cpu);
    }
    assert_true(noted_ns <= STALL_NS / 4);
}

static void test_threads_and_timers_note_an_interrupt_that_holds_a_cpu(void **state)
{
    (void)state;
    assert_true(note_while(HEARTBEAT_BY_TIMER, hold_interrupts) >= STALL_NS / 2);
    assert_true(note_while(HEARTBEAT_BY_THREAD, hold_interrupts) >= STALL_NS / 2);
}

// Without a stall, none is noted on most occasions.
static void rest(unsigned cpu)
{
    (void)cpu;
    (void)clock_sleep_until(clock_monotonic_ns() + 50 * NS_PER_MS);
}

static void test_timers_note_nothing_on_an_idle_machine(void **state)
{
    (void)state;
    uint64_t noted_ns = 1;
    for (unsigned i = 0; i < 20 && noted_ns > 0; i++) {
        noted_ns = note_while(HEARTBEAT_BY_TIMER, rest);
    }
    assert_int_equal(noted_ns, 0);
}

static void test_no_heartbeat_has_an_empty_report(void **state)
{
    (void)state;
    struct heartbeat_report report = {.count = 1};
    heartbeat_end(NULL, &report);
    assert_int_equal(report.count, 0);
    heartbeat_report_clear(&report);
}

static void test_busy_process_is_first(void **state)
{
    (void)state;
    _cleanup_usage_ struct usage_snapshot before = {0};
    _cleanup_usage_ struct usage_snapshot after = {0};
    assert_int_equal(usage_take(&before, NULL), 0);
    pid_t child = fork();
    if (child == 0) {
        for (;;) {
            spin_for(NS_PER_S);
        }
    }
    struct usage_culprit found[64];
    size_t count = 0;
    size_t at = 0;
    uint64_t deadline_ns = clock_monotonic_ns() + 20 * NS_PER_S;
    do { // until the child has used some of the CPU
        usage_clear(&after);
        assert_int_equal(usage_take(&after, NULL), 0);
        count = usage_top(&before, &after, found, 64);
        for (at = 0; at < count && found[at].pid != child; at++) {
        }
    } while ((at == count || found[at].ns < 10 * NS_PER_MS) && clock_monotonic_ns() < deadline_ns);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_true(at < count);
    assert_string_equal(found[at].name, "test_disturbanc");
    for (size_t i = 0; i < count; i++) {
        assert_true(found[i].pid != getpid());
        assert_true(i == 0 || found[i - 1].ns >= found[i].ns);
    }
}

static void test_busiest_of_many(void **state)
{
    (void)state;
    struct usage_process then[] = {{10, 100}, {11, 500}, {12, 7}, {13, 900}};
    struct usage_process now[] = {{10, 150}, {11, 505}, {12, 7}, {13, 20}, {14, 40}};
    const struct usage_snapshot before = {then, 4};
    const struct usage_snapshot after = {now, 5};
    struct usage_culprit top[3];
    assert_int_equal(usage_top(&before, &after, top, 3), 3);
    assert_int_equal(top[0].pid, 10);
    assert_int_equal(top[0].ns, 50);
    assert_int_equal(top[1].pid, 14); // new
    assert_int_equal(top[2].pid, 13); // another process of that PID
    assert_int_equal(top[2].ns, 20);
}

// CPUs 0 and 2 are asked for. Timers and calls between CPUs (LOC, RES) are no devices; one device
// comes in between.
static void test_interrupts_between(void **state)
{
    (void)state;
    const struct cpu_list cpus = {.cpus = {0, 2}, .count = 2};
    _cleanup_interference_ struct interference before = {0};
    _cleanup_interference_ struct interference after = {0};
    interference_parse("            CPU0       CPU1       CPU2       \n"
                       " 24:          1          7         10   IO-APIC   5-edge      ACPI:Ged\n"
                       " 27:        100          0          5  PCI-MSIX-0000:00:01.0   1-edge     "
                       " virtio0-input.0\n"
                       "LOC:       9999       9999       9999   Local timer interrupts\n"
                       "ERR:          0\n",
                       &cpus, &before);
    interference_parse("            CPU0       CPU1       CPU2       \n"
                       " 24:          3          8         10   IO-APIC   5-edge      ACPI:Ged\n"
                       " 27:        150          0          5  PCI-MSIX-0000:00:01.0   1-edge     "
                       " virtio0-input.0\n"
                       " 28:        500          0          0  PCI-MSIX-0000:00:01.0   2-edge     "
                       " virtio0-output.0\n"
                       "LOC:      10999      10999      10999   Local timer interrupts\n"
                       "ERR:          0\n",
                       &cpus, &after);
    assert_int_equal(before.device_count, 2);
    assert_string_equal(before.devices[0].name, "ACPI:Ged");
    assert_int_equal(before.devices[0].counts[1], 10);
    assert_int_equal(after.device_count, 3);
    struct interrupts_between first = interference_between(&before, &after, 0);
    assert_int_equal(first.count, 52);
    assert_string_equal(first.busiest, "virtio0-input.0");
    struct interrupts_between second = interference_between(&before, &after, 1);
    assert_int_equal(second.count, 0);
    assert_string_equal(second.busiest, "");
}

// Without lines, with lines that are cut, and with those of this machine.
static void test_interrupts_of_odd_texts(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "\n",
                                        "CPU0",
                                        "CPU0\n",
                                        "CPU0\n 1:",
                                        "CPU0\n 1:\n 2: 3",
                                        "           CPU0\n  1:  18446744073709551615 x\n"};
    struct cpu_list cpus;
    assert_int_equal(cpu_list_usable(&cpus, NULL), 0);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        _cleanup_interference_ struct interference counts = {0};
        interference_parse(texts[i], &cpus, &counts);
        assert_true(counts.device_count <= 2);
    }
    _cleanup_interference_ struct interference before = {0};
    _cleanup_interference_ struct interference after = {0};
    interference_take(&cpus, &before);
    interference_take(&cpus, &after);
    assert_true(after.major_faults >= before.major_faults);
    assert_true(after.throttled_ns >= before.throttled_ns);
}

static void test_reasons_are_counted(void **state)
{
    (void)state;
    struct point_list points = {0};
    static const char *const reasons[] = {
        "background load: other programs used about 73 % of a measurement CPU",
        NULL,
        "the tester was the limit: it sent NET0 1,000.5 of 2,000 pps; background load: other "
        "programs used about 7.5 % of a measurement CPU",
        "a router died: r1t3",
    };
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        struct point point = {.valid = true};
        if (reasons[i] != NULL) {
            point_invalidate(&point, "%s", reasons[i]);
        }
        point_list_add(&points, &point);
    }
    struct reason found[2];
    assert_int_equal(reasons_list(&points, found, 2), 2);
    assert_int_equal(found[0].count, 2);
    assert_string_equal(found[0].text,
                        "background load: other programs used about … % of a measurement CPU");
    assert_int_equal(found[1].count, 1);
    assert_string_equal(found[1].text,
                        "the tester was the limit: it sent NET0 1,000.5 of 2,000 pps");
    free(found[0].text);
    free(found[1].text);
    struct reason all[8];
    assert_int_equal(reasons_list(&points, all, 8), 3);
    assert_string_equal(all[2].text, "a router died: r1t3");
    for (size_t i = 0; i < 3; i++) {
        free(all[i].text);
    }
    point_list_clear(&points);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads_note_a_task_that_holds_a_cpu),
        cmocka_unit_test(test_timers_note_no_task_that_holds_a_cpu),
        cmocka_unit_test(test_threads_and_timers_note_an_interrupt_that_holds_a_cpu),
        cmocka_unit_test(test_timers_note_nothing_on_an_idle_machine),
        cmocka_unit_test(test_no_heartbeat_has_an_empty_report),
        cmocka_unit_test(test_busy_process_is_first),
        cmocka_unit_test(test_busiest_of_many),
        cmocka_unit_test(test_interrupts_between),
        cmocka_unit_test(test_interrupts_of_odd_texts),
        cmocka_unit_test(test_reasons_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
