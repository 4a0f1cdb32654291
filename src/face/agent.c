// SPDX-License-Identifier: GPL-3.0-or-later
// face/agent — see agent.h.
#include "face/agent.h"

#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>

#include <net-snmp/library/large_fd_set.h>

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
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
#include "face/xen_stats.h"
#include "linux/child.h"

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

// HOST-RESOURCES-MIB::hrProcessorLoad of CPU 0; net-snmp numbers the next CPUs from there.
static const oid processor_load[] = {1, 3, 6, 1, 2, 1, 25, 3, 3, 1, 2, 196608};
// UCD-SNMP-MIB::ssCpuRawIdle.0, ssCpuRawWait.0, ssCpuRawSteal.0: hundredths of a second of all CPUs
static const oid raw_idle[] = {1, 3, 6, 1, 4, 1, 2021, 11, 53, 0};
static const oid raw_wait[] = {1, 3, 6, 1, 4, 1, 2021, 11, 54, 0};
static const oid raw_steal[] = {1, 3, 6, 1, 4, 1, 2021, 11, 64, 0};

#define RAW_COUNT  3U  // of them
#define LOAD_MOST  16U // CPUs of which hrProcessorLoad is read
#define ASKED_MOST (RAW_COUNT + LOAD_MOST)

struct agent {
    struct child child;
    unsigned port;
    char community[33];
    uint64_t over_ns;
    bool watches;         // it reads the ordinary variables, too
    struct cpu_list cpus; // whose load it reads
    // The reading in progress.
    pthread_t thread;
    uint64_t at_ns;
    atomic_bool cancelled;
    char *text; // NULL = no answer
    struct agent_ordinary ordinary;
    struct error why;
};

// ---- asking

struct asked {
    oid name[MAX_OID_LEN];
    size_t length;
};

struct answer {
    bool over;  // it arrived, or will not arrive
    bool good;  // it has the values that were asked for; some may be absent
    char *text; // the first value, if it is a text
    size_t count;
    bool present[ASKED_MOST]; // the value is a number
    uint64_t numbers[ASKED_MOST];
};

static void take_value(struct answer *answer, const netsnmp_variable_list *value)
{
    size_t at = answer->count++;
    switch (value->type) {
    case ASN_OCTET_STR:
        if (at == 0 && value->val_len <= TEXT_MAX) {
            answer->text = text_copy_bytes((const char *)value->val.string, value->val_len);
        }
        break;
    case ASN_INTEGER:
    case ASN_COUNTER:
    case ASN_GAUGE:
    case ASN_TIMETICKS:
        answer->present[at] = value->val_len == sizeof(long);
        answer->numbers[at] = answer->present[at] ? (uint64_t)*value->val.integer : 0;
        break;
    default:
        break;
    }
}

static int take_answer(int operation, netsnmp_session *session, int request, netsnmp_pdu *pdu,
                       void *context)
{
    struct answer *answer = context;
    (void)session;
    (void)request;
    answer->over = true;
    if (operation != NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE || pdu->errstat != SNMP_ERR_NOERROR) {
        return 1;
    }
    for (const netsnmp_variable_list *value = pdu->variables;
         value != NULL && answer->count < ASKED_MOST; value = value->next_variable) {
        take_value(answer, value);
    }
    answer->good = answer->text != NULL || answer->present[0] || answer->count > 1;
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

// Sends one GET without retries. Returns 1 if an answer came, 0 if none came in time. The caller
// frees ret->text.
static int ask(const struct agent *agent, const struct asked *names, size_t count,
               uint64_t within_ns, struct answer *ret, struct error *err)
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
    for (size_t i = 0; i < count; i++) {
        snmp_add_null_var(pdu, names[i].name, names[i].length);
    }
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
    *ret = answer;
    return answer.good;
}

static struct asked asked_make(const oid *name, size_t length)
{
    struct asked asked = {.length = length};
    memcpy(asked.name, name, length * sizeof *name);
    return asked;
}

// ---- starting

int agent_check(struct error *err)
{
    _cleanup_free_ char *path = NULL;
    return child_find(PROGRAM, &path) == 0 || access(PROGRAM_USUAL, X_OK) == 0
               ? 0
               : fail_lacking(err, "reading CPU over SNMP requires snmpd, which is not installed: "
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

// A cache time of -1 makes snmpd run the script for each request (net-snmp, cache_handler.c): a
// cached text would be of the previous trial.
static int write_config(const struct agent *agent, const struct agent_spec *spec, const char *path,
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
    _cleanup_free_ char *text = text_format(
        "agentAddress udp:127.0.0.1:%u\n"
        "rocommunity %s 127.0.0.1\n"
        "[snmp] persistentDir %s\n"
        "extend -cacheTime -1 xen-stats %s xen-stats -d %.3f%s%s\n",
        agent->port, agent->community, spec->folder, self,
        (double)agent->over_ns / (double)NS_PER_S, spec->testbed_id == NULL ? "" : " --testbed ",
        spec->testbed_id == NULL ? "" : spec->testbed_id);
    (void)unlink(path);
    int rc = file_create(path, err);
    return rc == 0 ? file_write(path, text, err) : rc;
}

static int await_start(struct agent *agent, struct error *err)
{
    uint64_t until_ns = clock_monotonic_ns() + START_NS;
    while (clock_monotonic_ns() < until_ns) {
        struct child *children[] = {&agent->child};
        const struct asked name = asked_make(up_time, OID_LENGTH(up_time));
        struct answer answer = {.over = false};
        int rc = ask(agent, &name, 1, NS_PER_S / 5, &answer, err);
        free(answer.text);
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

int agent_open(const struct agent_spec *spec, struct agent **ret, struct error *err)
{
    struct agent *agent = memory_new(1, sizeof *agent);
    agent->child = (struct child)CHILD_INIT;
    agent->over_ns = spec->over_ns;
    _cleanup_free_ char *config = text_format("%s/snmpd.conf", spec->folder);
    _cleanup_free_ char *path = NULL;
    int rc = agent_check(err);
    if (rc == 0) {
        rc = draw_community(agent, err);
    }
    if (rc == 0) {
        rc = find_port(agent, err);
    }
    if (rc == 0) {
        rc = write_config(agent, spec, config, err);
    }
    if (rc == 0) {
        if (child_find(PROGRAM, &path) < 0) {
            path = text_copy(PROGRAM_USUAL);
        }
        const char *const argv[] = {PROGRAM, "-f", "-Ln", "-C", "-c", config, NULL};
        const struct child_spec program = {.path = path, .argv = argv};
        rc = child_start(&program, &agent->child, err);
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

int agent_watch(struct agent *agent, const struct cpu_list *cpus, struct error *err)
{
    agent->watches = true;
    agent->cpus = *cpus;
    return cpu_bind(agent->child.pid, cpus, err);
}

// ---- one reading

// Asks for the ordinary variables: first the raw ones, then the load of each watched CPU.
static bool ask_ordinary(struct agent *agent, struct answer *ret, uint64_t *ret_at_ns)
{
    struct asked names[ASKED_MOST] = {asked_make(raw_idle, OID_LENGTH(raw_idle)),
                                      asked_make(raw_wait, OID_LENGTH(raw_wait)),
                                      asked_make(raw_steal, OID_LENGTH(raw_steal))};
    size_t count = RAW_COUNT;
    for (size_t i = 0; i < agent->cpus.count && i < LOAD_MOST; i++) {
        names[count] = asked_make(processor_load, OID_LENGTH(processor_load));
        names[count++].name[OID_LENGTH(processor_load) - 1] += agent->cpus.cpus[i];
    }
    bool answered = ask(agent, names, count, PATIENCE_NS, ret, NULL) == 1 && ret->count == count;
    *ret_at_ns = clock_monotonic_ns();
    return answered;
}

static double load_of(const struct agent *agent, const struct answer *answer)
{
    double sum = 0.0;
    for (size_t i = RAW_COUNT; i < answer->count; i++) {
        sum += answer->present[i] ? (double)answer->numbers[i] : (double)NAN;
    }
    return agent->cpus.count <= LOAD_MOST ? sum : (double)NAN;
}

// Busy time between two answers, all CPUs together. The counters have 32 bits. snmpd reads them
// every 5 s only, so that they may grow by more than the time between the answers: then the CPUs
// look idle.
static double raw_between(const struct answer *before, const struct answer *after, double seconds)
{
    double idle = 0.0;
    for (size_t i = 0; i < RAW_COUNT; i++) {
        if (!before->present[i] || !after->present[i]) {
            return (double)NAN;
        }
        idle += (double)(uint32_t)(after->numbers[i] - before->numbers[i]);
    }
    return fmax(0.0, 100.0 * (double)sysconf(_SC_NPROCESSORS_ONLN) - idle / seconds);
}

static void read_text(struct agent *agent)
{
    const struct asked name = asked_make(output_full, OID_LENGTH(output_full));
    struct answer answer = {.over = false};
    int rc = ask(agent, &name, 1, agent->over_ns + PATIENCE_NS, &answer, &agent->why);
    agent->text = answer.text;
    if (rc == 0) {
        (void)fail(&agent->why, 0, "no answer arrived in time");
    }
}

static double seconds_between(uint64_t from_ns, uint64_t to_ns)
{
    return (double)(to_ns - from_ns) / (double)NS_PER_S;
}

static void *read_in_time(void *context)
{
    struct agent *agent = context;
    while (clock_monotonic_ns() < agent->at_ns && !atomic_load(&agent->cancelled)) {
        uint64_t step = clock_monotonic_ns() + STEP_US * NS_PER_US;
        if (stop_sleep_until(step < agent->at_ns ? step : agent->at_ns, NULL) < 0) {
            break;
        }
    }
    if (!agent->watches) {
        read_text(agent);
        return NULL;
    }
    struct agent_ordinary *ordinary = &agent->ordinary;
    struct answer before = {.over = false};
    struct answer after = {.over = false};
    uint64_t asked_ns = clock_monotonic_ns();
    uint64_t before_ns;
    uint64_t after_ns;
    bool answered = ask_ordinary(agent, &before, &before_ns);
    ordinary->answer_s = seconds_between(asked_ns, before_ns);
    ordinary->load_percent = answered ? load_of(agent, &before) : (double)NAN;
    read_text(agent);
    if (agent->text != NULL) {
        ordinary->late_s = fmax(0.0, seconds_between(before_ns, clock_monotonic_ns()) -
                                         (double)agent->over_ns / (double)NS_PER_S);
    }
    if (answered && ask_ordinary(agent, &after, &after_ns)) {
        ordinary->raw_percent = raw_between(&before, &after, seconds_between(before_ns, after_ns));
    }
    free(before.text);
    free(after.text);
    return NULL;
}

int agent_begin(struct agent *agent, uint64_t at_ns, struct error *err)
{
    agent->at_ns = at_ns;
    agent->text = NULL;
    agent->ordinary = (struct agent_ordinary){(double)NAN, (double)NAN, (double)NAN, (double)NAN};
    agent->why = (struct error)ERROR_INIT;
    atomic_store(&agent->cancelled, false);
    int failed = thread_start(&agent->thread, read_in_time, agent);
    return failed != 0 ? fail(err, failed, "starting the thread that queries over SNMP") : 0;
}

int agent_end(struct agent *agent, bool cancel, struct xen_stats *ret,
              struct agent_ordinary *ret_ordinary, struct error *err)
{
    atomic_store(&agent->cancelled, cancel);
    pthread_join(agent->thread, NULL);
    if (ret_ordinary != NULL) {
        *ret_ordinary = agent->ordinary;
    }
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
