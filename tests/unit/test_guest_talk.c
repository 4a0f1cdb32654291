// SPDX-License-Identifier: GPL-3.0-or-later
// tests of image/ — what the host says to a router and hears of it: scripts for a serial console,
// and the answers of the tiny guest on its port.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/stop.h"
#include "base/text.h"
#include "machine/guest_channel.h"
#include "machine/serial_play.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#include "made_up_router.h"

// ---- serial scripts

static void test_script(void **state)
{
    (void)state;
    static const char text[] =
        "# a script\r\n\n  timeout 90 s\nexpect \"login: \"\n"
        "send \"root\\r\\n\\x1b\\e\\\\\\\"\\{\"\ntimeout 500 ms\n"
        "expect \"{name} {address.eth0} {ip.eth1} {prefix.eth1} {mask.eth0} {mac.eth0} {mtu.eth0} "
        "{neighbour.eth0} {neighbour_mac.eth0}\"";
    struct serial_script script = {0};
    assert_int_equal(serial_script_parse("f", text, sizeof text - 1, &router, &script, NULL), 0);
    assert_int_equal(script.count, 3);
    assert_int_equal(script.steps[0].deed, SERIAL_EXPECT);
    assert_int_equal(script.steps[0].timeout_ns, 90 * NS_PER_S);
    assert_int_equal(script.steps[0].line, 4);
    assert_string_equal(script.steps[0].text, "login: ");
    assert_int_equal(script.steps[1].deed, SERIAL_SEND);
    assert_string_equal(script.steps[1].text, "root\r\n\033\033\\\"{");
    assert_int_equal(script.steps[2].timeout_ns, 500 * NS_PER_MS);
    assert_string_equal(script.steps[2].text,
                        "r1 198.18.0.1/24 2001:2::1 64 255.255.255.0 52:54:00:00:00:0a 1500 "
                        "198.18.0.2 02:00:00:00:00:fe");
    serial_script_clear(&script);
}

static void test_wrong_script(void **state)
{
    (void)state;
    static const char text[] =
        "expect\nexpect \"open\nsay \"x\"\nsend \"\"\nsend \"a\\qb{nam}\" more\n"
        "send \"{ip.eth9}{up.eth0}{neighbour.eth2}{\"\ntimeout soon\n"
        "send \"a\" b\nexpect \"\t\"\n";
    struct serial_script script = {0};
    struct error err = ERROR_INIT;
    assert_true(serial_script_parse("s", text, sizeof text - 1, &router, &script, &err) < 0);
    assert_true(err.located);
    assert_int_equal(err.exit_status, EXIT_INPUT);
    static const char *const parts[] = {
        "s:1:7: expected a text in \"quotes\"\n",
        "\ns:2:8: this quote is not closed\n",
        "\ns:3:1: expected expect, send or timeout\n",
        "\ns:4:6: expected 1 to ",
        "\ns:5:8: unknown escape; there are \\r",
        "\ns:5:11: {nam} is unknown",
        "\ns:6:7: the router has no interface \"eth9\"\n",
        "\ns:6:16: an interface has no {up.eth0}\n",
        "\ns:6:25: an interface has no {neighbour.eth2}\n",
        "\ns:6:41: no } for this {",
        "\ns:7:9: ",
        "\ns:8:10: expected the end of the line\n",
        "\ns:9:9: a control character",
    };
    for (size_t i = 0; i < COUNT(parts); i++) {
        if (strstr(err.text, parts[i]) == NULL) {
            fail_msg("no %s in %s", parts[i], err.text);
        }
    }
    error_clear(&err);
    assert_true(serial_script_parse("s", "# x", 3, &router, &script, &err) < 0);
    assert_string_equal(err.text, "s:1:1: this script does nothing");
    error_clear(&err);
}

// A console in a process of its own: says, hears and says again.
static pid_t start_console(const int ends[2])
{
    int fd = ends[1];
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        char heard[16] = "";
        (void)!write(fd, "Booting\r\nr1 lo", 14);
        (void)!write(fd, "gin: ", 5);
        for (size_t length = 0; length < 5;) {
            ssize_t got = read(fd, heard + length, 5 - length);
            length += got > 0 ? (size_t)got : 5;
        }
        (void)!write(fd, strcmp(heard, "root\r") == 0 ? "welcome# " : "sorry", 9);
        (void)read(fd, heard, 1);
        _exit(0);
    }
    return pid;
}

static void test_play(void **state)
{
    (void)state;
    static const char text[] =
        "expect \"login: \"\nsend \"root\\r\"\nexpect \"# \"\ntimeout 50 ms\nexpect \"login\"\n";
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    pid_t pid = start_console(ends);
    close(ends[1]);
    struct serial_script script = {0};
    struct serial_port port;
    struct error err = ERROR_INIT;
    assert_int_equal(serial_script_parse("s", text, sizeof text - 1, &router, &script, NULL), 0);
    assert_int_equal(serial_port_of(&ends[0], &port, NULL), 0);
    // What was heard before does not count again.
    assert_int_equal(serial_script_play(&script, &port, &err), -ETIMEDOUT);
    assert_non_null(strstr(err.text, "line 5: the console did not say \"login\" but \"\""));
    error_clear(&err);
    script.count = 4;
    close(ends[0]);
    assert_int_equal(waitpid(pid, NULL, 0), pid);

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    close(ends[1]);
    assert_int_equal(serial_script_play(&script, &port, &err), -ECONNRESET);
    assert_non_null(strstr(err.text, "line 1: the console is gone"));
    error_clear(&err);
    close(ends[0]);
    serial_script_clear(&script);
}

// ---- what a guest says

static void test_answers(void **state)
{
    (void)state;
    struct guest_answer got = {0};
    assert_int_equal(guest_parse_answer("7 ok 1234 0", 11, &got, NULL), 0);
    assert_true(got.id == 7 && got.ok && got.number == 1234 && got.length == 0);
    assert_int_equal(guest_parse_answer("8 error 0 12", 12, &got, NULL), 0);
    assert_true(got.id == 8 && !got.ok && got.length == 12);
    static const char *const wrong[] = {"",
                                        "7",
                                        "7 ok",
                                        "7 ok 1",
                                        "7 ok 1 ",
                                        "7 ok 1 x",
                                        "7 ok 1 2 3",
                                        "7 yes 1 2",
                                        "-7 ok 1 2",
                                        "7  ok 1 2",
                                        "7 ok 1 2 ",
                                        " 7 ok 1 2",
                                        "7 ok 1 4194305",
                                        "18446744073709551616 ok 1 2",
                                        "7 ok 1 99999999999999999999"};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct error err = ERROR_INIT;
        if (guest_parse_answer(wrong[i], strlen(wrong[i]), &got, &err) == 0) {
            fail_msg("taken: %s", wrong[i]);
        }
        error_clear(&err);
    }
    assert_int_equal(got.id, 8);
}

static const char dev[] =
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop\n"
    "    lo: 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9\n"
    "  eth1:1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
    "  eth0: 100 200 300 400 0 0 0 0 500 600 700 800 0 0 0 0\n";
static const char snmp[] =
    "Ip: InHdrErrors InAddrErrors InDiscards OutDiscards OutNoRoutes ReasmOKs\n"
    "Ip: 1 2 3 4 5 6\nUdp: RcvbufErrors\nUdp: 7\n";

static char *counters_payload(const char *dev_text, const char *qdisc)
{
    return text_format("dev %zu\n%ssnmp %zu\n%snetstat 0\nsoftnet_stat 2\n1\nqdisc %zu\n%s",
                       strlen(dev_text), dev_text, strlen(snmp), snmp, strlen(qdisc), qdisc);
}

static void test_nic_and_words(void **state)
{
    (void)state;
    char nic[GUEST_NIC_MAX] = "?";
    assert_int_equal(guest_parse_nic("eth1", 4, nic, NULL), 0);
    assert_string_equal(nic, "eth1");
    assert_int_equal(guest_parse_nic("", 0, nic, NULL), 0);
    assert_string_equal(nic, "");
    assert_int_equal(guest_parse_nic("abcdefghijklmno", 15, nic, NULL), 0);
    static const char *const wrong[] = {"abcdefghijklmnop", "eth 1", "eth1\n", "a/b", "\xc3\xa9"};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_true(guest_parse_nic(wrong[i], strlen(wrong[i]), nic, NULL) < 0);
    }
    assert_true(guest_parse_nic("eth\0", 4, nic, NULL) < 0);
    char words[8] = "";
    guest_take_words("bird: \x1b[31mno", 14, words, sizeof words);
    assert_string_equal(words, "bird: ?");
    guest_take_words("", 0, words, sizeof words);
    assert_string_equal(words, "");
}

static void test_counters(void **state)
{
    (void)state;
    static const struct guest_link links[] = {{"eth0", 100}, {"eth1", 200}};
    struct namespace_counters got = {0};
    struct error err = ERROR_INIT;
    _cleanup_free_ char *payload = counters_payload(dev, "eth1 44\neth9 1\n");
    assert_int_equal(guest_parse_counters(payload, strlen(payload), links, 2, &got, &err), 0);
    const struct link_counters *eth0 = counters_link(&got, 100);
    const struct link_counters *eth1 = counters_link(&got, 200);
    assert_true(eth0->rx_bytes == 100 && eth0->rx_packets == 200 && eth0->rx_errors == 300 &&
                eth0->rx_dropped == 400 && eth0->tx_bytes == 500 && eth0->tx_packets == 600 &&
                eth0->tx_errors == 700 && eth0->tx_dropped == 800 && eth0->qdisc_egress == 0);
    assert_true(eth1->rx_bytes == 1 && eth1->tx_dropped == 12 && eth1->qdisc_egress == 44);
    assert_int_equal(got.ip.in_hdr_errors, 1);
    assert_int_equal(got.udp.rcvbuf_errors, 7);
    counters_clear(&got);
    for (size_t cut = 0; cut + 1 < strlen(payload); cut++) {
        assert_true(guest_parse_counters(payload, cut, links, 2, &got, &err) < 0);
        error_clear(&err);
    }
    static const struct guest_link absent[] = {{"eth7", 1}};
    assert_true(guest_parse_counters(payload, strlen(payload), absent, 1, &got, &err) < 0);
    assert_string_equal(err.text, "/proc/net/dev has no eth7");
    error_clear(&err);
    _cleanup_free_ char *odd = counters_payload("eth0: 1 2 3 x\neth1: 1\n", "");
    assert_true(guest_parse_counters(odd, strlen(odd), links, 1, &got, &err) < 0);
    assert_true(guest_parse_counters(odd, strlen(odd), links + 1, 1, &got, NULL) < 0);
    error_clear(&err);
    _cleanup_free_ char *queues = counters_payload(dev, "eth0 many\n");
    assert_true(guest_parse_counters(queues, strlen(queues), links, 2, &got, &err) < 0);
    error_clear(&err);
}

// A guest in a process of its own, which answers what it is given in advance; %s stands for the
// number of the last request.
static pid_t start_guest(const int ends[2], const char *const *answers)
{
    int fd = ends[1];
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        for (; *answers != NULL; answers++) {
            char line[256] = "";
            size_t length = 0;
            while (length < 2 || line[length - 1] != '\n') {
                if (read(fd, line + length, 1) != 1) {
                    _exit(0);
                }
                length++;
            }
            line[strcspn(line + 1, " ") + 1] = '\0';
            char answer[512];
            snprintf(answer, sizeof answer, *answers, line + 1);
            (void)!write(fd, answer, strlen(answer));
        }
        _exit(0);
    }
    return pid;
}

static void test_channel(void **state)
{
    (void)state;
    static const char *const answers[] = {"1 ok 0 3\nold%s ok 1234 0\n", "%s error 0 5\nno NIC",
                                          "%s ok 7 6\na\nb c\n", NULL};
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    pid_t pid = start_guest(ends, answers);
    close(ends[1]);
    struct guest_channel *guest = NULL;
    struct error err = ERROR_INIT;
    assert_int_equal(guest_adopt(ends[0], &guest, NULL), 0);
    uint64_t until = clock_monotonic_ns() + 60 * NS_PER_S;
    uint64_t boot_ms = 0;
    assert_int_equal(guest_await_ready(guest, until, &boot_ms, &err), 0);
    assert_int_equal(boot_ms, 1234);
    assert_true(guest_await_ready(guest, until, &boot_ms, &err) < 0);
    assert_string_equal(err.text, "the guest says: no NI");
    error_clear(&err);
    guest_close(guest);
    assert_int_equal(waitpid(pid, NULL, 0), pid);

    // A command; then no answer; then a closed connection.
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    pid = start_guest(ends, answers + 2);
    assert_int_equal(guest_adopt(ends[0], &guest, NULL), 0);
    static const char *const argv[] = {"sh", "-c", "a b", NULL};
    _cleanup_free_ char *output = NULL;
    size_t length = 0;
    int status = 0;
    assert_int_equal(guest_exec(guest, argv, until, &status, &output, &length, &err), 0);
    assert_int_equal(status, 7);
    assert_int_equal(length, 6);
    assert_string_equal(output, "a\nb c\n");
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(guest_await_ready(guest, clock_monotonic_ns(), NULL, &err), -ETIMEDOUT);
    error_clear(&err);
    close(ends[1]);
    assert_int_equal(guest_await_ready(guest, until, NULL, &err), -ECONNRESET);
    error_clear(&err);
    guest_close(guest);
}

// A guest that leaves a command unanswered. Its exit status is 0 if the request after the command
// begins with an empty line.
static pid_t start_busy_guest(const int ends[2])
{
    int fd = ends[1];
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        char heard[256] = "";
        size_t length = 0;
        while (strstr(heard, " words\n") == NULL) {
            if (length == sizeof heard - 1 || read(fd, heard + length, 1) != 1) {
                _exit(1);
            }
            length++;
        }
        const char *command = strstr(heard, " exec sleep 1000\n");
        const char *empty = command == NULL ? NULL : strstr(command, "\n\n");
        char answer[64];
        length = 0;
        if (empty != NULL) {
            empty += strspn(empty, "\n");
            length = (size_t)snprintf(answer, sizeof answer, "%.*s ok 0 0\n",
                                      (int)strcspn(empty, " "), empty);
        }
        _exit(length > 0 && write(fd, answer, length) == (ssize_t)length ? 0 : 1);
    }
    return pid;
}

// A command is killed if its time is over or the user interrupts it.
static void test_command_ends(void **state)
{
    (void)state;
    static const char *const argv[] = {"sleep", "1000", NULL};
    for (int interrupted = 0; interrupted < 2; interrupted++) {
        int ends[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        pid_t pid = start_busy_guest(ends);
        close(ends[1]);
        struct guest_channel *guest = NULL;
        struct error err = ERROR_INIT;
        assert_int_equal(guest_adopt(ends[0], &guest, NULL), 0);
        struct stop_flag stop;
        stop_flag_init(&stop);
        stop_use(&stop);
        uint64_t wait_ns = 50 * NS_PER_MS;
        if (interrupted != 0) {
            stop_flag_raise(&stop);
            wait_ns = 60 * NS_PER_S;
        }
        char *output = NULL;
        size_t length = 0;
        int status = 0;
        assert_int_equal(guest_exec(guest, argv, clock_monotonic_ns() + wait_ns, &status, &output,
                                    &length, &err),
                         interrupted != 0 ? -EINTR : -ETIMEDOUT);
        assert_null(output);
        assert_int_equal(stop_requested(), interrupted != 0);
        stop_use(NULL);
        stop_flag_clear(&stop);
        error_clear(&err);
        guest_close(guest);
        int ended = 0;
        assert_int_equal(waitpid(pid, &ended, 0), pid);
        assert_true(WIFEXITED(ended) && WEXITSTATUS(ended) == 0);
    }
}

static void refuse_command(const char *const *argv, const char *why)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    struct guest_channel *guest = NULL;
    struct error err = ERROR_INIT;
    char *output = NULL;
    size_t length = 0;
    int status = 0;
    assert_int_equal(guest_adopt(ends[0], &guest, NULL), 0);
    assert_true(guest_exec(guest, argv, clock_monotonic_ns() + NS_PER_S, &status, &output, &length,
                           &err) < 0);
    assert_int_equal(err.exit_status, EXIT_INPUT);
    assert_non_null(strstr(err.text, why));
    assert_int_equal(recv(ends[1], &status, 1, MSG_DONTWAIT), -1); // nothing was sent
    error_clear(&err);
    guest_close(guest);
    close(ends[1]);
}

// What the guest would drop or not answer is refused before it is sent.
static void test_refused_commands(void **state)
{
    (void)state;
    static const char *many[1026];
    for (size_t i = 0; i < COUNT(many) - 1; i++) {
        many[i] = "a";
    }
    refuse_command(many, "has 1025 words; a virtual machine takes at most 1024 words");
    _cleanup_free_ char *text = memory_new(65530, 1);
    memset(text, 'a', 65510); // with "exec " one byte too many
    const char *const long_word[] = {text, NULL};
    refuse_command(long_word, "takes 65515 bytes");
    memset(text, ' ', 22000);
    text[22000] = '\0';
    refuse_command(long_word, "takes 66005 bytes");
    static const char *const empty[] = {"echo", "", "b", NULL};
    refuse_command(empty, "word 2 of the command is empty");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_script),
        cmocka_unit_test(test_wrong_script),
        cmocka_unit_test(test_play),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_nic_and_words),
        cmocka_unit_test(test_counters),
        cmocka_unit_test(test_channel),
        cmocka_unit_test(test_command_ends),
        cmocka_unit_test(test_refused_commands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
