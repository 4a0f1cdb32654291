// SPDX-License-Identifier: GPL-3.0-or-later
// face/agent — see agent.h. Called by measure/trial for scenarios with `method: study`.
#include "face/agent.h"

#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>

#include <net-snmp/library/large_fd_set.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/stop.h"
#include "base/text.h"
#include "base/thread.h"
#include "linux/child.h"
#include "testbed/record.h"

#define PROGRAM       "snmpd"
#define PROGRAM_USUAL "/usr/sbin/snmpd"
#define START_NS      (10U * NS_PER_S) // time limit for the first answer
#define PATIENCE_NS   (5U * NS_PER_S)  // time limit beyond the script's measuring time
#define STEP_US       50000            // interval of checks for a reason to give up
#define TEXT_MAX      65536U

// NET-SNMP-EXTEND-MIB::nsExtendOutputFull."xen-stats", SNMPv2-MIB::sysUpTime.0
static const oid output_full[] = {1, 3, 6,   1,   4,   1,   8072, 1,   3,   2,   3,  1,
                                  2, 9, 'x', 'e', 'n', '-', 's',  't', 'a', 't', 's'};
static const oid up_time[] = {1, 3, 6, 1, 2, 1, 1, 3, 0};

struct agent {
    struct child child;
    unsigned port;
    char community[33];
    uint64_t over_ns;
    // The reading in progress.
    pthread_t thread;
    uint64_t at_ns;
    atomic_bool cancelled;
    char *text; // NULL = no answer
    struct error why;
};

// ---- asking

struct answer {
    bool over;  // it arrived, or will not arrive
    char *text; // NULL = not a text
    bool good;  // the answer has a value
};

static int take_answer(int operation, netsnmp_session *session, int request, netsnmp_pdu *pdu,
                       void *context)
{
    struct answer *answer = context;
    (void)session;
    (void)request;
    answer->over = true;
    if (operation != NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE || pdu->errstat != SNMP_ERR_NOERROR ||
        pdu->variables == NULL) {
        return 1;
    }
    const netsnmp_variable_list *value = pdu->variables;
    answer->good = value->type == ASN_OCTET_STR || value->type == ASN_TIMETICKS;
    if (value->type == ASN_OCTET_STR && value->val_len <= TEXT_MAX) {
        answer->text = text_copy_bytes((const char *)value->val.string, value->val_len);
    }
    return 1;
}

// Waits for the answer in small steps, so that a stop is noticed.
static void await_answer(void *handle, const struct agent *agent, const struct answer *answer)
{
    while (!answer->over && !stop_requested() && !atomic_load(&agent->cancelled)) {
        netsnmp_large_fd_set fds;
        int count = 0;
        int block = 0;
        struct timeval step = {.tv_usec = STEP_US};
        netsnmp_large_fd_set_init(&fds, FD_SETSIZE);
        NETSNMP_LARGE_FD_ZERO(&fds);
        snmp_sess_select_info2_flags(handle, &count, &fds, &step, &block, NETSNMP_SELECT_NOFLAGS);
        step = (struct timeval){.tv_usec = STEP_US};
        int ready = netsnmp_large_fd_set_select(count, &fds, NULL, NULL, &step);
        if (ready > 0) {
            snmp_sess_read2(handle, &fds);
        } else {
            snmp_sess_timeout(handle);
        }
        netsnmp_large_fd_set_cleanup(&fds);
    }
}

// Sends one GET without retries. Returns 1 if an answer came (with its text, if it is one), 0 if
// none came in time.
static int ask(const struct agent *agent, const oid *name, size_t length, uint64_t within_ns,
               char **ret_text, struct error *err)
{
    char peer[64];
    unsigned char community[sizeof agent->community];
    struct answer answer = {.over = false};
    netsnmp_session wanted;
    snmp_sess_init(&wanted);
    snprintf(peer, sizeof peer, "udp:127.0.0.1:%u", agent->port);
    wanted.version = SNMP_VERSION_2c;
    wanted.peername = peer;
    memcpy(community, agent->community, sizeof community);
    wanted.community = community;
    wanted.community_len = strlen(agent->community);
    wanted.retries = 0;
    wanted.timeout = (long)(within_ns / NS_PER_US);
    wanted.callback = take_answer;
    wanted.callback_magic = &answer;
    void *handle = snmp_sess_open(&wanted);
    if (handle == NULL) {
        return fail(err, 0, "querying over SNMP: %s", snmp_api_errstring(wanted.s_snmp_errno));
    }
    netsnmp_pdu *pdu = snmp_pdu_create(SNMP_MSG_GET);
    snmp_add_null_var(pdu, name, length);
    if (snmp_sess_send(handle, pdu) == 0) {
        snmp_free_pdu(pdu);
        answer.over = true;
    }
    await_answer(handle, agent, &answer);
    snmp_sess_close(handle);
    if (stop_requested()) {
        free(answer.text);
        return fail_interrupted(err);
    }
    *ret_text = answer.text;
    return answer.good;
}

// ---- starting

int agent_check(struct error *err)
{
    _cleanup_free_ char *path = NULL;
    return child_find(PROGRAM, &path) == 0 || access(PROGRAM_USUAL, X_OK) == 0
               ? 0
               : fail_lacking(err, "method: study reads CPU with snmpd, which is not installed: "
                                   "apt-get install snmpd");
}

static int draw_community(struct agent *agent, struct error *err)
{
    unsigned char bytes[16];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
        return fail(err, errno, "drawing a community");
    }
    for (size_t i = 0; i < sizeof bytes; i++) {
        snprintf(agent->community + 2 * i, 3, "%02x", bytes[i]);
    }
    return 0;
}

// Finds an unused UDP port on loopback.
static int find_port(struct agent *agent, struct error *err)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    _cleanup_close_ int probe = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (probe < 0 || bind(probe, (struct sockaddr *)&address, sizeof address) < 0 ||
        getsockname(probe, (struct sockaddr *)&address, &length) < 0) {
        return fail(err, errno, "finding a port of loopback");
    }
    agent->port = ntohs(address.sin_port);
    return 0;
}

static int write_config(const struct agent *agent, const char *testbed_id, const char *path,
                        struct error *err)
{
    char self[4096];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length < 0) {
        return fail(err, errno, "/proc/self/exe");
    }
    self[length] = '\0';
    if (strpbrk(self, " \t\n\"'#\\") != NULL) {
        return fail(err, 0, "snmpd cannot run %s: the path has blanks or quotes", self);
    }
    _cleanup_free_ char *text =
        text_format("agentAddress udp:127.0.0.1:%u\n"
                    "rocommunity %s 127.0.0.1\n"
                    "[snmp] persistentDir " RECORD_ROOT "/%s\n"
                    "extend -cacheTime 1 xen-stats %s xen-stats -d %.3f --testbed %s\n",
                    agent->port, agent->community, testbed_id, self,
                    (double)agent->over_ns / (double)NS_PER_S, testbed_id);
    (void)unlink(path);
    int rc = file_create(path, err);
    return rc == 0 ? file_write(path, text, err) : rc;
}

static int await_start(struct agent *agent, struct error *err)
{
    uint64_t until_ns = clock_monotonic_ns() + START_NS;
    while (clock_monotonic_ns() < until_ns) {
        struct child *children[] = {&agent->child};
        _cleanup_free_ char *text = NULL;
        int rc = ask(agent, up_time, OID_LENGTH(up_time), NS_PER_S / 5, &text, err);
        if (rc != 0) {
            return rc < 0 ? rc : 0;
        }
        rc = child_wait(children, 1, clock_monotonic_ns() + NS_PER_S / 50, err);
        if (rc < 0) {
            return rc;
        }
        if (agent->child.ended) {
            return fail(err, 0, "snmpd has ended: %s", agent->child.err.text);
        }
    }
    return fail(err, 0, "snmpd does not answer on 127.0.0.1:%u", agent->port);
}

int agent_open(const char *testbed_id, uint64_t over_ns, struct agent **ret, struct error *err)
{
    struct agent *agent = memory_new(1, sizeof *agent);
    agent->child = (struct child)CHILD_INIT;
    agent->over_ns = over_ns;
    _cleanup_free_ char *config = text_format(RECORD_ROOT "/%s/snmpd.conf", testbed_id);
    _cleanup_free_ char *path = NULL;
    int rc = agent_check(err);
    if (rc == 0) {
        rc = draw_community(agent, err);
    }
    if (rc == 0) {
        rc = find_port(agent, err);
    }
    if (rc == 0) {
        rc = write_config(agent, testbed_id, config, err);
    }
    if (rc == 0) {
        if (child_find(PROGRAM, &path) < 0) {
            path = text_copy(PROGRAM_USUAL);
        }
        const char *const argv[] = {PROGRAM, "-f", "-Ln", "-C", "-c", config, NULL};
        const struct child_spec spec = {.path = path, .argv = argv};
        rc = child_start(&spec, &agent->child, err);
    }
    if (rc == 0) {
        rc = await_start(agent, err);
    }
    if (rc < 0) {
        agent_close(agent);
        return rc;
    }
    *ret = agent;
    return 0;
}

void agent_close(struct agent *agent)
{
    if (agent != NULL) {
        child_end(&agent->child);
        free(agent);
    }
}

// ---- one reading

static void *read_in_time(void *context)
{
    struct agent *agent = context;
    while (clock_monotonic_ns() < agent->at_ns && !atomic_load(&agent->cancelled)) {
        uint64_t step = clock_monotonic_ns() + STEP_US * NS_PER_US;
        if (stop_sleep_until(step < agent->at_ns ? step : agent->at_ns, NULL) < 0) {
            break;
        }
    }
    int rc = ask(agent, output_full, OID_LENGTH(output_full), agent->over_ns + PATIENCE_NS,
                 &agent->text, &agent->why);
    if (rc == 0) {
        (void)fail(&agent->why, 0, "no answer arrived in time");
    }
    return NULL;
}

int agent_begin(struct agent *agent, uint64_t at_ns, struct error *err)
{
    agent->at_ns = at_ns;
    agent->text = NULL;
    agent->why = (struct error)ERROR_INIT;
    atomic_store(&agent->cancelled, false);
    int failed = thread_start(&agent->thread, read_in_time, agent);
    return failed != 0 ? fail(err, failed, "starting the thread that queries over SNMP") : 0;
}

int agent_end(struct agent *agent, bool cancel, struct xen_stats *ret, struct error *err)
{
    atomic_store(&agent->cancelled, cancel);
    pthread_join(agent->thread, NULL);
    _cleanup_free_ char *text = agent->text;
    if (text == NULL) {
        error_move(err, &agent->why);
        error_context(err, "reading CPU over SNMP");
        return -EIO;
    }
    error_clear(&agent->why);
    int rc = xen_stats_parse(text, ret, err);
    if (rc == 0 && ret->count == 0) {
        rc = fail(err, 0, "the answer is empty");
    }
    if (rc < 0) {
        error_context(err, "reading CPU over SNMP");
    }
    return rc;
}
