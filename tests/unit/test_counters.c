// SPDX-License-Identifier: GPL-3.0-or-later
// tests of linux/counters, linux/cpu and linux/memory — what they read out of the kernel's texts
// (taken from Linux 6.18 and 6.1), and malformed ones, which are refused and change nothing.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "linux/counters.h"
#include "linux/cpu.h"
#include "linux/memory.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char snmp[] =
    "Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams InUnknownProtos "
    "InDiscards InDelivers OutRequests OutDiscards OutNoRoutes ReasmTimeout ReasmReqds ReasmOKs "
    "ReasmFails FragOKs FragFails FragCreates OutTransmits\n"
    "Ip: 1 64 15990 101 102 7 8 103 15990 8417 104 105 0 0 0 0 0 0 0 8417\n"
    "Icmp: InMsgs InErrors InCsumErrors\n"
    "Icmp: 1 0 0\n"
    "IcmpMsg: InType3\n"
    "IcmpMsg: 1\n"
    "Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens\n"
    "Tcp: 1 200 120000 -1 129\n";

static const char netstat[] =
    "TcpExt: SyncookiesSent SyncookiesRecv TW\n"
    "TcpExt: 0 0 111\n"
    "IpExt: InNoRoutes InTruncatedPkts InMcastPkts OutMcastPkts InBcastPkts OutBcastPkts InOctets\n"
    "IpExt: 1000 106 0 0 0 0 764691913\n"
    "MPTcpExt: MPCapableSYNRX\n"
    "MPTcpExt: 0\n";

static void assert_refused(int rc, struct error *err, const char *part)
{
    assert_true(rc < 0);
    assert_int_equal(err->exit_status, EXIT_FAILED);
    if (strstr(err->text, part) == NULL) {
        fail_msg("refused with: %s", err->text);
    }
    error_clear(err);
}

static void test_ip(void **state)
{
    (void)state;
    struct ip_counters ip = {0};
    assert_int_equal(counters_parse_ip(snmp, netstat, &ip, NULL), 0);
    assert_int_equal(ip.in_hdr_errors, 101);
    assert_int_equal(ip.in_addr_errors, 102);
    assert_int_equal(ip.in_discards, 103);
    assert_int_equal(ip.out_discards, 104);
    assert_int_equal(ip.no_routes, 1105); // those on the way in and those on the way out
    assert_int_equal(ip.in_truncated, 106);

    assert_int_equal(counters_parse_ip(snmp, NULL, &ip, NULL), 0);
    assert_int_equal(ip.no_routes, 105);
    assert_int_equal(ip.in_truncated, 0);
    assert_int_equal(counters_parse_ip(snmp, "TcpExt: A\nTcpExt: 1\n", &ip, NULL), 0);
    assert_int_equal(ip.no_routes, 105);
}

// What the IP layer does with packets that it does not lose, before Linux 6.7 and since.
static void passed_packets_are_counted(void **state)
{
    (void)state;
    static const char heads[] = "Ip: InReceives InHdrErrors InAddrErrors ForwDatagrams InDiscards "
                                "InDelivers OutRequests OutDiscards OutNoRoutes ReasmReqds";
    struct ip_counters ip = {0};
    char *old = text_format("%s\nIp: 90 0 0 50 0 20 60 0 0 3\n", heads);
    assert_int_equal(counters_parse_ip(old, NULL, &ip, NULL), 0);
    assert_int_equal(ip.received, 90);
    assert_int_equal(ip.delivered, 20);
    assert_int_equal(ip.fragments, 3);
    assert_int_equal(ip.forwarded, 50);
    free(old);
    char *now = text_format("%s OutTransmits\nIp: 90 0 0 50 0 20 10 0 0 3 58\n", heads);
    assert_int_equal(counters_parse_ip(now, "IpExt: InMcastPkts\nIpExt: 4\n", &ip, NULL), 0);
    assert_int_equal(ip.forwarded, 48); // the firewall dropped 2
    assert_int_equal(ip.multicast, 4);
    free(now);
}

// Columns are found by name, in any order; 64 bits are kept.
static void test_ip_order(void **state)
{
    (void)state;
    struct ip_counters ip = {0};
    assert_int_equal(
        counters_parse_ip("IpExt: InHdrErrors\nIpExt: 9\n"
                          "Ip: OutNoRoutes XInHdrErrors InHdrErrors OutDiscards InAddrErrors "
                          "InHdrErrorsX InDiscards\n"
                          "Ip: 5 99 18446744073709551615 4 2 98 3",
                          NULL, &ip, NULL),
        0);
    assert_true(ip.in_hdr_errors == UINT64_MAX);
    assert_int_equal(ip.in_addr_errors, 2);
    assert_int_equal(ip.in_discards, 3);
    assert_int_equal(ip.out_discards, 4);
    assert_int_equal(ip.no_routes, 5);
}

static void test_malformed_ip(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
    } wrong[] = {
        {"", "no InHdrErrors"},
        {"\n\n", "no InHdrErrors"},
        {"Ip:", "no InHdrErrors"},
        {"Ip: InHdrErrors", "no InHdrErrors"},
        {"Ip: InHdrErrors\n", "no InHdrErrors"},
        {"Ip: InHdrErrors\nIp:", "no InHdrErrors"},
        {"Ip: InHdrErrors\nIp: \n", "no InHdrErrors"},
        {"Ip: InHdrErrors\nIp: x\n", "no InHdrErrors"},
        {"Ip: InHdrErrors\nIcmp: 1\n", "no InHdrErrors"},
        {"Ip: InHdrErrors InAddrErrors\nIp: 1\nIcmp: x\n", "no InAddrErrors"},
        {"Ip: InHdrErrors InAddrErrors InDiscards OutDiscards\nIp: 1 2 3 4\n", "no OutNoRoutes"},
        {"Tcp: RtoAlgorithm\nTcp: 1\n", "no InHdrErrors"},
    };
    static const struct ip_counters untouched = {77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77};
    struct ip_counters ip = untouched;
    struct error err = ERROR_INIT;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_refused(counters_parse_ip(wrong[i].text, netstat, &ip, &err), &err, wrong[i].part);
    }
    for (size_t cut = 0; cut < 200; cut++) { // within the headings of group "Ip:"
        char part[sizeof snmp] = "";
        memcpy(part, snmp, cut);
        assert_refused(counters_parse_ip(part, NULL, &ip, &err), &err, "/proc/net/snmp has no");
    }
    assert_memory_equal(&ip, &untouched, sizeof ip);
}

static const char snmp6[] = "Ip6InReceives                   \t10\n"
                            "Ip6InHdrErrors                  \t201\n"
                            "Ip6InTooBigErrors               \t202\n"
                            "Ip6InNoRoutes                   \t203\n"
                            "Ip6InAddrErrors                 \t204\n"
                            "Ip6InTruncatedPkts              \t205\n"
                            "Ip6InDiscards                   \t206\n"
                            "Ip6OutDiscards                  \t207\n"
                            "Ip6OutNoRoutes                  \t1000\n"
                            "Ip6ReasmOKs                     \t30\n"
                            "Udp6RcvbufErrors                \t18446744073709551615\n"
                            "UdpLite6RcvbufErrors            \t9\n";

static void ip6_counters_are_found_by_name(void **state)
{
    (void)state;
    struct ip_counters ip = {0};
    struct udp_counters udp = {.reassembled = 3};
    assert_int_equal(counters_parse_ip6(snmp6, &ip, &udp, NULL), 0);
    assert_int_equal(ip.in_hdr_errors, 201);
    assert_int_equal(ip.too_big, 202);
    assert_int_equal(ip.no_routes, 1203); // those on the way in and those on the way out
    assert_int_equal(ip.in_addr_errors, 204);
    assert_int_equal(ip.in_truncated, 205);
    assert_int_equal(ip.in_discards, 206);
    assert_int_equal(ip.out_discards, 207);
    assert_int_equal(udp.reassembled, 33);
    assert_true(udp.rcvbuf_errors == UINT64_MAX);

    // A kernel without IPv6.
    struct udp_counters same = udp;
    assert_int_equal(counters_parse_ip6(NULL, &ip, &udp, NULL), 0);
    assert_int_equal(ip.in_hdr_errors, 0);
    assert_memory_equal(&udp, &same, sizeof udp);
}

static void malformed_ip6_counters_are_refused(void **state)
{
    (void)state;
    static const struct ip_counters untouched = {77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77};
    struct ip_counters ip = untouched;
    struct udp_counters udp = {77, 77};
    struct error err = ERROR_INIT;
    const size_t last = (size_t)(strstr(snmp6, "Udp6RcvbufErrors") - snmp6) + 20;
    for (size_t cut = 0; cut < last; cut++) {
        char part[sizeof snmp6] = "";
        memcpy(part, snmp6, cut);
        assert_refused(counters_parse_ip6(part, &ip, &udp, &err), &err, "/proc/net/snmp6 has no");
    }
    assert_refused(counters_parse_ip6("Ip6InHdrErrors -1\n", &ip, &udp, &err), &err,
                   "no Ip6InHdrErrors");
    assert_memory_equal(&ip, &untouched, sizeof ip);
    assert_true(udp.reassembled == 77 && udp.rcvbuf_errors == 77);
}

static void test_softnet(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t dropped;
    } right[] = {
        {"036e195a 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 "
         "00000000 00000000 00000000 00000000 00000000 00000000\n"
         "04aed8bb 00000000 00000014 00000000 00000000 00000000 00000000 00000000 00000000 "
         "00000000 00000000 00000000 00000001 00000000 00000000\n",
         0},
        {"036e195a 0000001f 00000007 00000000\n"
         "04aed8bb 00000100 00000014 00000000\n"
         "00000000 ffffffff 00000000 00000000\n",
         0x1f + 0x100 + 0xffffffffULL},
        {"1 2", 2},
        {"", 0},
    };
    static const char *const wrong[] = {"x",           "\n",         "5",   "5\n",     "5 x\n",
                                        "1 2 3\nnope", "1 2 3\n4\n", "-\n", "1 2\n\n", "1\n2 3\n"};
    uint64_t dropped = 77;
    struct error err = ERROR_INIT;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_refused(counters_parse_softnet(wrong[i], &dropped, &err), &err,
                       "/proc/net/softnet_stat: unexpected content");
    }
    assert_int_equal(dropped, 77);
    for (size_t i = 0; i < COUNT(right); i++) {
        assert_int_equal(counters_parse_softnet(right[i].text, &dropped, NULL), 0);
        assert_int_equal(dropped, right[i].dropped);
    }
}

static void test_link(void **state)
{
    (void)state;
    struct namespace_counters counters = {0};
    assert_null(counters_link(&counters, 1));
    struct link_counters links[] = {{.index = 1}, {.index = 100003}, {.index = 7}};
    counters.links = links;
    counters.link_count = COUNT(links);
    assert_ptr_equal(counters_link(&counters, 100003), &links[1]);
    assert_ptr_equal(counters_link(&counters, 7), &links[2]);
    assert_null(counters_link(&counters, 2));
    counters.links = NULL;
    counters_clear(&counters);
    assert_int_equal(counters.link_count, 0);
}

static const char proc_stat[] = "cpu  144325 21876 44758 553290 3315 0 2229 22562 0 0\n"
                                "cpu0 73685 11321 21284 277200 592 3 170 11566 40 50\n"
                                "cpu1 70639 10555 23473 276090 2723 0 2058 10996 0 0\n"
                                "cpu10 1 2 4 8 16 32 64 128 256 512\n"
                                "intr 3353854 0 0 0 0 0\n"
                                "ctxt 987\n";

static void test_cpu_times(void **state)
{
    (void)state;
    const uint64_t tick = NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK);
    struct cpu_times times = {0};
    assert_int_equal(cpu_times_parse(proc_stat, 0, &times, NULL), 0);
    assert_int_equal(times.busy_ns, (73685 + 11321 + 21284 + 3 + 170) * tick);
    assert_int_equal(times.idle_ns, (277200 + 592) * tick);
    assert_int_equal(times.steal_ns, 11566 * tick);
    assert_int_equal(cpu_times_parse(proc_stat, 1, &times, NULL), 0);
    assert_int_equal(times.steal_ns, 10996 * tick);
    assert_int_equal(cpu_times_parse(proc_stat, 10, &times, NULL), 0);
    assert_int_equal(times.busy_ns, (1 + 2 + 4 + 32 + 64) * tick);
    assert_int_equal(times.idle_ns, (8 + 16) * tick);
    assert_int_equal(times.steal_ns, 128 * tick);
}

static void test_malformed_cpu_times(void **state)
{
    (void)state;
    static const struct cpu_times untouched = {77, 77, 77};
    struct cpu_times times = untouched;
    struct error err = ERROR_INIT;
    assert_int_equal(cpu_times_parse(proc_stat, 2, &times, NULL), -ENODEV);
    assert_refused(cpu_times_parse(proc_stat, 2, &times, &err), &err, "CPU 2 is not in /proc/stat");
    assert_refused(cpu_times_parse("", 0, &times, &err), &err, "CPU 0 is not in");
    static const char *const wrong[] = {
        "cpu  1\ncpu0 ",
        "cpu  1\ncpu0 1 2 3 4 5 6 7",
        "cpu  1\ncpu0 1 2 3 4 5 6 7\nintr 5\n",
        "cpu  1\ncpu0 1 2 3 x 5 6 7 8\n",
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_refused(cpu_times_parse(wrong[i], 0, &times, &err), &err,
                       "/proc/stat: unexpected content");
    }
    assert_memory_equal(&times, &untouched, sizeof times);
}

static void test_cpu_list(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned cpus[8];
        size_t count;
    } lists[] = {
        {"", {0}, 0},
        {"0", {0}, 1},
        {"0-1", {0, 1}, 2},
        {"3,5", {3, 5}, 2},
        {"0-3,6", {0, 1, 2, 3, 6}, 5},
        {"0,2-4,6,8-9", {0, 2, 3, 4, 6, 8, 9}, 7},
        {"1,1022-1023", {1, 1022, 1023}, 3},
    };
    for (size_t i = 0; i < COUNT(lists); i++) {
        struct cpu_list list = {.count = lists[i].count};
        memcpy(list.cpus, lists[i].cpus, sizeof lists[i].cpus);
        char text[64] = "before";
        cpu_list_text(&list, text, sizeof text);
        assert_string_equal(text, lists[i].text);
    }
    // A room too small is never overrun.
    struct cpu_list list = {.count = CPU_MAX / 2};
    for (unsigned i = 0; i < CPU_MAX / 2; i++) {
        list.cpus[i] = 2 * i;
    }
    for (size_t room = 1; room < 40; room++) {
        char text[64];
        memset(text, '#', sizeof text);
        cpu_list_text(&list, text, room);
        assert_true(strlen(text) < room);
        for (size_t i = room; i < sizeof text; i++) {
            assert_int_equal(text[i], '#');
        }
    }
}

static void is_group(const char *text, const char *controller, const char *expected)
{
    char *group = memory_group_in(text, controller);
    if (expected == NULL) {
        assert_null(group);
    } else {
        assert_non_null(group);
        assert_string_equal(group, expected);
    }
    free(group);
}

static void test_memory_group(void **state)
{
    (void)state;
    static const char both[] = "9:memory:/a/b\n"
                               "8:cpu,cpuacct:/c\n"
                               "1:name=memory2:/d\n"
                               "0::/user.slice/x:y.scope\n";
    is_group(both, "memory", "/a/b");
    is_group(both, "cpuacct", "/c");
    is_group(both, "cpu", "/c");
    is_group(both, "", "/user.slice/x:y.scope");
    is_group(both, "pids", NULL);
    is_group("5:hugetlb,memory:/", "memory", "/");
    is_group("0::/", "memory", NULL);
    is_group("0::/", "", "/");
    is_group("", "", NULL);
    is_group("memory", "memory", NULL);
    is_group("1:memory", "memory", NULL);
    is_group("1:mem\n2:memory:\n", "memory", "");
}

// The texts of the kernel that this runs on.
static void test_this_machine(void **state)
{
    (void)state;
    static struct cpu_list usable;
    static struct cpu_times times[CPU_MAX];
    uint64_t value = 0;
    struct error err = ERROR_INIT;
    assert_int_equal(counters_softnet_dropped(&value, &err), 0);
    assert_int_equal(cpu_list_usable(&usable, &err), 0);
    assert_true(usable.count > 0);
    assert_int_equal(cpu_times_read(&usable, times, &err), 0);
    assert_true(times[0].busy_ns + times[0].idle_ns + times[0].steal_ns > 0);
    uint64_t own = cpu_own_time();
    assert_int_equal(cpu_task_time(getpid(), &value, &err), 0);
    assert_true(value > 0 && own > 0 && cpu_own_time() >= own);
    assert_int_equal(cpu_task_time(0x7ffffffe, &value, &err), -ESRCH);
    error_clear(&err);
}

static void test_udp(void **state)
{
    (void)state;
    static const char text[] = "Ip: Forwarding ReasmReqds ReasmOKs ReasmFails\nIp: 2 8 4 1\n"
                               "Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors\n"
                               "Udp: 5 0 7 9 6\nUdpLite: RcvbufErrors\nUdpLite: 77\n";
    struct udp_counters found = {1, 1};
    assert_int_equal(counters_parse_udp(text, &found, NULL), 0);
    assert_int_equal(found.rcvbuf_errors, 6);
    assert_int_equal(found.reassembled, 4);
    struct error err = ERROR_INIT;
    assert_true(counters_parse_udp("Ip: ReasmOKs\nIp: 4\n", &found, &err) < 0);
    assert_string_equal(err.text, "/proc/net/snmp has no RcvbufErrors");
    error_clear(&err);
    assert_true(counters_parse_udp("Udp: RcvbufErrors\nUdp: 4\n", &found, NULL) < 0);
    assert_int_equal(found.rcvbuf_errors, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ip),
        cmocka_unit_test(passed_packets_are_counted),
        cmocka_unit_test(test_ip_order),
        cmocka_unit_test(test_malformed_ip),
        cmocka_unit_test(test_udp),
        cmocka_unit_test(ip6_counters_are_found_by_name),
        cmocka_unit_test(malformed_ip6_counters_are_refused),
        cmocka_unit_test(test_softnet),
        cmocka_unit_test(test_link),
        cmocka_unit_test(test_cpu_times),
        cmocka_unit_test(test_malformed_cpu_times),
        cmocka_unit_test(test_cpu_list),
        cmocka_unit_test(test_memory_group),
        cmocka_unit_test(test_this_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
