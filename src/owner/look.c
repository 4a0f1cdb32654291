// SPDX-License-Identifier: GPL-3.0-or-later
// owner/look — see look.h. Called by owner.c, view.c and client.c.
#include "owner/look.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "linux/rights.h"

#define TESTBEDS "testbeds" // of an answer: an array of {"id", "name", "content"}

int look_share_socket(const char *path, struct error *err)
{
    gid_t group = 0;
    bool shared = rights_look_group(&group);
    if (shared && chown(path, (uid_t)-1, group) < 0) {
        // A container may lack CAP_CHOWN.
        log_note("owner", "%s admits root only, not the group " RIGHTS_LOOK_GROUP ": %s", path,
                 strerror(errno));
        shared = false;
    }
    if (chmod(path, shared ? 0660 : 0600) < 0) {
        return fail(err, errno, "%s", path);
    }
    return 0;
}

static bool peer_of(int fd, struct ucred *ret)
{
    socklen_t length = sizeof *ret;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, ret, &length) == 0;
}

bool look_peer_is_own(int fd)
{
    struct ucred peer;
    return peer_of(fd, &peer) && peer.uid == geteuid();
}

int look_refuse(int fd, const char *request, struct error *err)
{
    static const char *const looks[] = {"sample", "inspect", "cancel"};
    struct ucred peer;
    for (size_t i = 0; i < sizeof looks / sizeof looks[0]; i++) {
        if (text_equal(request, looks[i])) {
            return 0;
        }
    }
    return look_peer_is_own(fd)
               ? 0
               : fail_lacking(err,
                              "the request \"%s\" requires root: user %u may only look at testbeds "
                              "(group " RIGHTS_LOOK_GROUP ")",
                              request == NULL ? "" : request,
                              peer_of(fd, &peer) ? (unsigned)peer.uid : 0U);
}

// Copies the keys that exist; `keys` ends with NULL.
static json_t *copy_keys(const json_t *from, const char *const *keys)
{
    json_t *copy = json_object();
    for (size_t i = 0; keys[i] != NULL; i++) {
        json_t *value = json_object_get(from, keys[i]);
        if (value != NULL) {
            json_object_set(copy, keys[i], value);
        }
    }
    return copy;
}

static void add_public(const struct recorded *testbed, void *context)
{
    static const char *const of_testbed[] = {"topology", "uid", "kept", "usable", "mtu", NULL};
    static const char *const of_router[] = {
        "name",     "id",       "state",     "memory_bytes",   "start_ns",
        "since_ns", "restarts", "outage_ns", "convergence_ns", NULL};
    json_t *content = copy_keys(testbed->content, of_testbed);
    json_t *routers = json_array();
    size_t i = 0;
    json_t *router = NULL;
    json_array_foreach(json_object_get(testbed->content, "routers"), i, router)
    {
        json_array_append_new(routers, copy_keys(router, of_router));
    }
    json_object_set_new(content, "routers", routers);
    json_t *parties = json_object_get(json_object_get(testbed->content, "allocation"), "parties");
    if (parties != NULL) {
        json_object_set_new(content, "allocation", json_pack("{s:O}", "parties", parties));
    }
    json_array_append_new(context, json_pack("{s:s, s:s, s:o}", "id", testbed->id, "name",
                                             testbed->name, "content", content));
}

json_t *look_records(void)
{
    json_t *list = json_array();
    (void)recorded_each(add_public, list, NULL);
    return json_pack("{s:o}", TESTBEDS, list);
}

void look_each(const json_t *answer, void (*use)(const struct recorded *testbed, void *context),
               void *context)
{
    size_t i = 0;
    json_t *entry = NULL;
    json_array_foreach(json_object_get(answer, TESTBEDS), i, entry)
    {
        const struct recorded testbed = {json_string_value(json_object_get(entry, "id")),
                                         json_string_value(json_object_get(entry, "name")),
                                         json_object_get(entry, "content")};
        if (testbed.id != NULL && testbed.name != NULL) {
            use(&testbed, context);
        }
    }
}
