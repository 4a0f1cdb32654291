// SPDX-License-Identifier: GPL-3.0-or-later
// tests of result/redact — what configurations call a secret is taken out, and nothing else.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "result/redact.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

struct example {
    const char *text, *redacted;
};

static void check(const struct example *examples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        _cleanup_free_ char *got = redact_text(examples[i].text);
        assert_string_equal(got, examples[i].redacted);
    }
}

static void secrets_of_routing_daemons_are_taken_out(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"neighbor 192.0.2.1 password hunter2\nneighbor 192.0.2.1 remote-as 65000\n",
         "neighbor 192.0.2.1 password (redacted)\nneighbor 192.0.2.1 remote-as 65000\n"},
        {"enable password 8 hunter2\npassword hunter2\n",
         "enable password (redacted)\npassword (redacted)\n"},
        {" ip ospf authentication-key hunter2\n", " ip ospf authentication-key (redacted)\n"},
        {" ip ospf message-digest-key 1 md5 hunter2\n",
         " ip ospf message-digest-key 1 md5 (redacted)\n"},
        {" message-digest-key 1\n ip md5 x\n ip message-digest-key 1 MD5 hunter2\n md5 x\n",
         " message-digest-key 1\n ip md5 x\n ip message-digest-key 1 MD5 (redacted)\n md5 x\n"},
        {"md5 message-digest-key md5\n", "md5 message-digest-key md5\n"},
        {" ip ospf authentication message-digest\n", " ip ospf authentication message-digest\n"},
        {"  key-string hunter2\r\n", "  key-string (redacted)\r\n"},
        {" ip rip authentication string hunter2\n", " ip rip authentication string (redacted)\n"},
        {"interface \"eth0\" { authentication cryptographic; password \"hunter2\" { id 1; }; };",
         "interface \"eth0\" { authentication cryptographic; password \"(redacted)\" { id 1; }; "
         "};"},
        {"algorithm keyed md5;\n", "algorithm keyed md5;\n"},
        {"password \"with \\\" a quote\";", "password \"(redacted)\";"},
    };
    check(examples, sizeof examples / sizeof examples[0]);
}

static void secrets_of_machines_are_taken_out(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"vncpasswd = 'hunter2'\nmemory = 64\n", "vncpasswd = '(redacted)'\nmemory = 64\n"},
        {"vfb = [ 'type=vnc,vncpasswd=hunter2,vnclisten=0.0.0.0' ]\n",
         "vfb = [ 'type=vnc,vncpasswd=(redacted),vnclisten=0.0.0.0' ]\n"},
        {"r1: { password: hunter2, weight: 256 }", "r1: { password: (redacted), weight: 256 }"},
        {"\"passwd\": \"$6$abc\"", "\"passwd\": \"(redacted)\""},
        {"PASSWORD=hunter2", "PASSWORD=(redacted)"},
    };
    check(examples, sizeof examples / sizeof examples[0]);
}

static void all_else_remains(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "password",
        "password:\n",
        "service password-encryption\n",
        "bgp community-list standard a permit 65000:1\n",
        "name: passwords\nnetworks: { NET0: { router: r1 } }\n",
        "config: /etc/frr/secrets.conf\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        _cleanup_free_ char *got = redact_text(texts[i]);
        assert_string_equal(got, texts[i]);
    }
}

// Without this, a line of a megabyte took minutes.
static void long_line_is_read_once(void **state)
{
    (void)state;
    enum { LENGTH = 1000000 };
    static const char *const parts[] = {" ", "md5 ", "digest-key"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        char *text = memory_new(LENGTH + 1, 1);
        for (size_t at = 0; at < LENGTH; at++) {
            text[at] = parts[i][at % strlen(parts[i])];
        }
        alarm(30);
        _cleanup_free_ char *got = redact_text(text);
        alarm(0);
        assert_string_equal(got, text);
        free(text);
    }
}

static void json_is_redacted_in_depth(void **state)
{
    (void)state;
    json_t *json = json_pack("{s:{s:[s, i]}, s:s}", "scenario", "configs", "password hunter2\n", 7,
                             "name", "a");
    json_t *redacted = redact_json(json);
    json_t *wanted = json_pack("{s:{s:[s, i]}, s:s}", "scenario", "configs",
                               "password " REDACTED "\n", 7, "name", "a");
    assert_true(json_equal(redacted, wanted) == 1);
    json_decref(json);
    json_decref(redacted);
    json_decref(wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets_of_routing_daemons_are_taken_out),
        cmocka_unit_test(secrets_of_machines_are_taken_out),
        cmocka_unit_test(all_else_remains),
        cmocka_unit_test(long_line_is_read_once),
        cmocka_unit_test(json_is_redacted_in_depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
