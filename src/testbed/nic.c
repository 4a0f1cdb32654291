// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/nic — see nic.h. Called by life.c (taking, giving back) and cleanup.c (giving back
// what a dead run had taken).
#include "testbed/nic.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "linux/link.h"
#include "linux/link_state.h"
#include "linux/napi.h"
#include "linux/offload.h"

static json_t *note_state(const struct link_state *state)
{
    _cleanup_free_ char *messages = text_hex(state->messages, state->length);
    return json_pack("{s:i, s:I, s:s}", "index", state->index, "read_ns",
                     (json_int_t)state->read_ns, "messages", messages);
}

static int recall_state(const json_t *noted, struct link_state *ret)
{
    const char *messages = json_string_value(json_object_get(noted, "messages"));
    struct link_state state = {.index = (int)json_integer_value(json_object_get(noted, "index")),
                               .read_ns =
                                   (uint64_t)json_integer_value(json_object_get(noted, "read_ns"))};
    int rc = messages == NULL ? -EINVAL : text_unhex(messages, &state.messages, &state.length);
    if (rc == 0) {
        *ret = state;
    }
    return rc;
}

static json_t *note_mac(const uint8_t mac[6])
{
    json_t *list = json_array();
    for (size_t i = 0; i < 6; i++) {
        json_array_append_new(list, json_integer(mac[i]));
    }
    return list;
}

int nic_describe(const struct netns *home, const char *name, json_t **ret, struct error *err)
{
    struct link_info info;
    struct offloads offloads = {0};
    int rc = link_find(home, name, &info, err);
    if (rc < 0) {
        return rc;
    }
    bool has_offloads = offload_get(home, name, &offloads, NULL) == 0;
    int threaded = 0;
    bool has_threaded = napi_get_sysfs(home, name, &threaded, NULL) == 0;
    struct link_state state;
    rc = link_state_read(home, info.index, &state, err);
    if (rc < 0) {
        error_context(err, "interface %s", name);
        return rc;
    }
    _cleanup_free_ char *settings = link_settings_read(home, name);
    json_t *described = json_pack("{s:s, s:b, s:i, s:i, s:o, s:s}", "name", name, "up",
                                  (info.flags & IFF_UP) != 0, "mtu", (int)info.mtu, "master",
                                  info.master, "state", note_state(&state), "settings", settings);
    link_state_clear(&state);
    if (described == NULL) {
        return fail(err, ENOMEM, "describing %s", name);
    }
    json_object_set_new(described, "mac", note_mac(info.mac));
    if (has_offloads) {
        json_object_set_new(described, "offloads",
                            json_pack("{s:b, s:b, s:b}", "gro", offloads.gro, "gso", offloads.gso,
                                      "tso", offloads.tso));
    }
    if (has_threaded) {
        json_object_set_new(described, "threaded", json_integer(threaded));
    }
    *ret = described;
    return 0;
}

int nic_take(const struct netns *home, const char *name, const struct netns *to,
             const char *new_name, struct error *err)
{
    struct link_info info;
    int rc = link_find(home, name, &info, err);
    if (rc == 0 && info.master != 0) {
        rc = link_set_master(home, info.index, 0, err);
    }
    if (rc == 0) {
        rc = link_set_up(home, info.index, false, err);
    }
    if (rc == 0) {
        rc = link_move(home, info.index, to, new_name, err);
    }
    if (rc < 0) {
        error_context(err, "taking interface %s", name);
    }
    return rc;
}

// An interface recreated by its driver has the MAC address of its device.
static void restore_mac(const struct netns *home, const struct link_info *info,
                        const json_t *described)
{
    const json_t *saved = json_object_get(described, "mac");
    uint8_t mac[6];
    for (size_t i = 0; i < sizeof mac; i++) {
        mac[i] = (uint8_t)json_integer_value(json_array_get(saved, i));
    }
    if (json_array_size(saved) == sizeof mac && memcmp(mac, info->mac, sizeof mac) != 0) {
        (void)link_set_mac(home, info->index, mac, NULL);
    }
}

static void restore_settings(const struct netns *home, const char *name, int index,
                             const json_t *described)
{
    const json_t *saved = json_object_get(described, "offloads");
    if (saved != NULL) {
        struct offloads offloads = {.gro = json_is_true(json_object_get(saved, "gro")),
                                    .gso = json_is_true(json_object_get(saved, "gso")),
                                    .tso = json_is_true(json_object_get(saved, "tso"))};
        (void)offload_set(home, name, &offloads, NULL);
    }
    const json_t *threaded = json_object_get(described, "threaded");
    if (threaded != NULL) {
        (void)napi_set_sysfs(home, name, json_integer_value(threaded) != 0, NULL);
    }
    (void)link_set_mtu(home, index, (unsigned)json_integer_value(json_object_get(described, "mtu")),
                       NULL);
    const char *sysctls = json_string_value(json_object_get(described, "settings"));
    if (sysctls != NULL) {
        link_settings_restore(home, name, sysctls);
    }
    int master = (int)json_integer_value(json_object_get(described, "master"));
    if (master != 0) {
        (void)link_set_master(home, index, master, NULL);
    }
}

int nic_restore(const struct netns *home, const json_t *described, struct error *err)
{
    const char *name = json_string_value(json_object_get(described, "name"));
    struct link_info info = {0};
    int rc = name == NULL ? fail(err, EINVAL, "record of an interface")
                          : link_find(home, name, &info, err);
    if (rc < 0) {
        return rc;
    }
    restore_mac(home, &info, described);
    restore_settings(home, name, info.index, described);
    rc = link_set_up(home, info.index, json_is_true(json_object_get(described, "up")), err);
    if (rc < 0) {
        return rc;
    }
    struct link_state state = {0};
    rc = recall_state(json_object_get(described, "state"), &state);
    rc = rc < 0 ? fail(err, -rc, "record of interface %s", name)
                : link_state_restore(home, info.index, &state, err);
    link_state_clear(&state);
    return rc;
}

int nic_give_back(const struct netns *from, const char *now, const struct netns *home,
                  const json_t *described, struct error *err)
{
    const char *name = json_string_value(json_object_get(described, "name"));
    struct link_info info;
    int rc = link_find(from, now, &info, err);
    if (rc < 0 || name == NULL) {
        return rc < 0 ? rc : fail(err, EINVAL, "record of interface %s", now);
    }
    // The kernel would move it under its present name, and only then refuse the other one.
    struct link_info other;
    if (link_find(home, name, &other, NULL) == 0) {
        return fail(err, 0,
                    "giving back interface %s: another interface has this name; rename that one, "
                    "then run vrbench cleanup",
                    name);
    }
    if (info.master != 0) {
        (void)link_set_master(from, info.index, 0, NULL);
    }
    (void)link_set_up(from, info.index, false, NULL);
    (void)napi_set_sysfs(from, now, 0, NULL);
    rc = link_move(from, info.index, home, name, err);
    if (rc == 0) {
        rc = nic_restore(home, described, err);
    }
    if (rc < 0) {
        error_context(err, "giving back interface %s", name);
    }
    return rc;
}
