// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * owner/client — sends the requests of commands to this host's owner, and reads the testbeds of
 * runs.
 *
 * If a request needs an owner and none runs, the client starts one: this program as `vrbench
 * owner`. A failure in the owner is returned as the client's own error. A stop that is requested
 * meanwhile is forwarded to the owner, and the client still waits for the end of the request.
 */
#ifndef VRBENCH_OWNER_CLIENT_H
#define VRBENCH_OWNER_CLIENT_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"
#include "sampler/sample.h"

// The calling user: the one that sudo(8) names, else the process's.
uint64_t owner_caller_uid(void);
// A new request with the caller's identity; the caller adds arguments and passes it to
// owner_call().
json_t *owner_request(const char *what);
// Sends and frees a request and waits for its answer: returns 0 and a new reference (ret_answer may
// be NULL), or the owner's negative error.
int owner_call(json_t *request, json_t **ret_answer, struct error *err);

struct wire;
// Sends and frees a request, and returns once the owner has begun it: `ret_wire` is the open
// connection, `ret_begun` (a new reference) the message about it.
int owner_begin(json_t *request, struct wire *ret_wire, json_t **ret_begun, struct error *err);
// Cancels a request that has begun, and waits for its end. Does nothing if the connection is
// closed.
void owner_end(struct wire *wire);

// Sends and frees several requests, which the owner works on at the same time, and waits for all
// answers. `ret_done` reports which succeeded. Returns the first failure; logs further ones as
// warnings.
int owner_call_all(json_t **requests, size_t count, bool *ret_done, struct error *err);

// Takes all testbeds down and counts the removed ones. Returns the first failure, after the others
// have been tried.
int owner_down_all(unsigned *ret_count, struct error *err);

// Reads a sample of all testbeds, including those of running measurements, or of the one named
// `testbed` (name or id; NULL = all). An unknown name is bad input. Starts an owner only if a
// testbed exists without one.
int owner_sample(const char *testbed, bool networks, struct sample *ret, struct error *err);

// Reads the public part of the records of all testbeds of the owner (look_each() visits them), for
// users who may only look. An object without records if there is no owner; the caller frees it.
int owner_inspect(json_t **ret, struct error *err);

// ---- a connection for several requests, one after the other

struct owner_session;
// Connects to the owner, and starts one if none runs.
int owner_session_open(struct owner_session **ret, struct error *err);
void owner_session_close(struct owner_session *session); // NULL is fine
// Sends and frees a request and waits for its answer, as owner_call(); -EPIPE if the owner has
// ended.
int owner_session_call(struct owner_session *session, json_t *request, json_t **ret_answer,
                       struct error *err);
// Reads a sample of a testbed with the counters of its receive rings.
int owner_session_sample(struct owner_session *session, const char *testbed, struct sample *ret,
                         struct error *err);

#endif
