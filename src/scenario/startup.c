// SPDX-License-Identifier: GPL-3.0-or-later
// scenario/startup — see startup.h.
#include "scenario/startup.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "scenario/catalogue.h"

// ---- words of a command

// Copies one word of `*at` without its quotes. Returns false if a quote is not closed.
static bool take_word(const char **at, char *word)
{
    char quote = '\0';
    const char *from = *at;
    for (; *from != '\0' && (quote != '\0' || (*from != ' ' && *from != '\t')); from++) {
        if (*from == quote) {
            quote = '\0';
        } else if (quote == '\0' && (*from == '\'' || *from == '"')) {
            quote = *from;
        } else if (*from == '\\' && quote != '\'') {
            if (*++from == '\0') {
                return false;
            }
            *word++ = *from;
        } else {
            *word++ = *from;
        }
    }
    *word = '\0';
    *at = from;
    return quote == '\0';
}

int startup_split(const char *command, char ***ret_words, struct error *err)
{
    size_t length = strlen(command);
    char **words = memory_new_array(char *, length / 2 + 2);
    size_t count = 0;
    const char *at = command;
    const char *why = NULL;
    while (why == NULL && *(at += strspn(at, " \t")) != '\0') {
        words[count] = memory_new(length + 1, 1);
        if (!take_word(&at, words[count])) {
            why = "a quote is not closed";
        } else if (*words[count] == '\0') {
            why = "it has an empty word";
        }
        count++;
    }
    if (why == NULL && count == 0) {
        why = "it has no word";
    }
    if (why != NULL) {
        startup_words_free(words);
        return fail_input(err, "expected a command: %s", why);
    }
    *ret_words = words;
    return 0;
}

void startup_words_free(char **words)
{
    for (size_t i = 0; words != NULL && words[i] != NULL; i++) {
        free(words[i]);
    }
    free(words);
}

// ---- settings

char *startup_sysctl_path(const char *name)
{
    bool slashes = strchr(name, '/') != NULL;
    bool part_begins = true; // no part is empty or begins with a dot, as ".." would
    for (const char *at = name; *at != '\0'; at++) {
        bool separates = *at == (slashes ? '/' : '.');
        bool good = isalnum((unsigned char)*at) || strchr("_-./", *at) != NULL;
        if (!good || (part_begins && (separates || *at == '.'))) {
            return NULL;
        }
        part_begins = separates;
    }
    if (part_begins) {
        return NULL;
    }
    char *path = text_format("/proc/sys/%s", name);
    for (char *at = path; !slashes && *at != '\0'; at++) {
        *at = *at == '.' ? '/' : *at;
    }
    return path;
}

// ---- files

// Whether a path is absolute, names something below a folder, and has no part that is empty, "."
// or "..".
static bool is_plain_path(const char *path)
{
    size_t parts = 0;
    bool good = *path == '/' && strlen(path) <= STARTUP_PATH_MAX;
    while (good && *path == '/') {
        size_t length = strcspn(++path, "/");
        good = length > 0 && !(length == 1 && path[0] == '.') &&
               !(length == 2 && path[0] == '.' && path[1] == '.');
        path += length;
        parts++;
    }
    return good && parts >= 2;
}

static void check_files(const struct yaml_node *files, struct scenario_problems *problems)
{
    static const char *const kernels[] = {"/proc/", "/sys/", "/dev/"};
    for (size_t i = 0; files != NULL && i < files->child_count; i++) {
        const struct yaml_node *node = files->children[i];
        bool good = is_plain_path(node->key);
        for (const char *at = node->key; good && *at != '\0'; at++) {
            good = iscntrl((unsigned char)*at) == 0;
        }
        if (!good) {
            yaml_key_problem(
                node, problems,
                text_format("files: expected an absolute path in the router of at most %u bytes, "
                            "below a folder, as in /etc/lab.conf; not \"%.60s\"",
                            STARTUP_PATH_MAX, node->key));
        }
        for (size_t k = 0; good && k < sizeof kernels / sizeof kernels[0]; k++) {
            if (text_starts(node->key, kernels[k])) {
                yaml_key_problem(node, problems,
                                 text_format("files: %.60s is the kernel's; expected a path that "
                                             "is not below /proc, /sys or /dev",
                                             node->key));
            }
        }
    }
}

static void read_files(struct scenario_startup *startup, struct yaml_node *files,
                       const char *folder, struct scenario_problems *problems)
{
    size_t sum = 0;
    for (size_t i = 0; i < startup->file_count && i < files->child_count; i++) {
        struct scenario_file *file = &startup->files[i];
        struct yaml_node *node = files->children[i];
        if (node->wrong || file->file == NULL) {
            continue;
        }
        _cleanup_free_ char *path =
            text_format("%s%s", *file->file == '/' ? "" : folder, file->file);
        size_t length = 0;
        file->text = yaml_read_named(node, path, SCENARIO_CONFIG_MAX, &length, problems);
        sum += length;
        if (sum > SCENARIO_CONFIG_MAX) {
            yaml_problem(node, problems,
                         text_format("files: the files of a router have more than %u bytes in all",
                                     SCENARIO_CONFIG_MAX));
            return;
        }
    }
}

// ---- reading and checking

void startup_read(struct scenario *scenario, const struct yaml_node *root, const char *folder,
                  struct scenario_problems *problems)
{
    const struct yaml_node *routers = yaml_child(root, "routers");
    for (size_t i = 0; i < scenario->router_count; i++) {
        struct scenario_startup *startup = &scenario->routers[i].startup;
        struct yaml_node *files = yaml_sound(routers->children[i], "files");
        struct yaml_node *node = yaml_sound(routers->children[i], "nft");
        if (files != NULL) {
            read_files(startup, files, folder, problems);
        }
        if (node != NULL && startup->nft != NULL) {
            _cleanup_free_ char *path =
                text_format("%s%s", *startup->nft == '/' ? "" : folder, startup->nft);
            size_t length = 0;
            startup->nft_text = yaml_read_named(node, path, SCENARIO_CONFIG_MAX, &length, problems);
        }
    }
}

// Settings outside of net belong to the computer, which routers in namespaces share with it.
static void check_sysctls(const struct yaml_node *sysctls, bool own_kernel,
                          struct scenario_problems *problems)
{
    for (size_t i = 0; sysctls != NULL && i < sysctls->child_count; i++) {
        struct yaml_node *node = sysctls->children[i];
        _cleanup_free_ char *path = startup_sysctl_path(node->key);
        if (path == NULL) {
            yaml_key_problem(node, problems,
                             text_format("sysctl: \"%.60s\" is not the name of a setting; expected "
                                         "one as in net.ipv4.ip_forward",
                                         node->key));
        } else if (!own_kernel && !text_starts(path, "/proc/sys/net/")) {
            yaml_key_problem(
                node, problems,
                text_format("sysctl: %.60s is a setting of this computer, whose kernel "
                            "the router shares; expected a setting below net",
                            node->key));
        }
    }
}

static void check_router(const struct scenario *scenario, size_t number,
                         const struct yaml_node *router, struct scenario_problems *problems)
{
    static const char *const keys[] = {"files", "sysctl", "nft", "run"};
    const struct catalogue_platform *platform =
        scenario->platform == NULL ? NULL : catalogue_platform(scenario->platform);
    bool virtual = platform != NULL && platform->kind == PLATFORM_MACHINES;
    bool own_system =
        scenario->routers[number].image != NULL ||
        (scenario->routers[number].daemon == DAEMON_NONE && yaml_child(router, "config") != NULL);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const struct yaml_node *node = yaml_child(router, keys[i]);
        if (node != NULL && own_system) {
            yaml_key_problem(
                node, problems,
                text_format("%s: expected without %s: a router with a system of its "
                            "own is configured by that system",
                            keys[i],
                            scenario->routers[number].image != NULL ? "an image" : "config"));
        }
    }
    const struct yaml_node *nft = yaml_child(router, "nft");
    if (nft != NULL && virtual && !own_system) {
        yaml_key_problem(nft, problems,
                         text_format("nft: the tiny guest of platform %s has no nft; expected a "
                                     "platform whose routers are namespaces or containers",
                                     scenario->platform));
    }
    const struct yaml_node *files = yaml_sound(router, "files");
    if (files != NULL && platform != NULL && platform->kind == PLATFORM_NAMESPACES &&
        scenario->routers[number].daemon != DAEMON_NONE) {
        yaml_key_problem(files, problems,
                         text_format("files: a daemon on platform %s has files of its own; "
                                     "expected files without daemon, or another platform",
                                     scenario->platform));
    }
    check_files(files, problems);
    check_sysctls(yaml_sound(router, "sysctl"), virtual, problems);
}

void startup_check(const struct scenario *scenario, const struct yaml_node *root,
                   struct scenario_problems *problems)
{
    const struct yaml_node *routers = yaml_child(root, "routers");
    for (size_t i = 0; i < scenario->router_count; i++) {
        check_router(scenario, i, routers->children[i], problems);
    }
}
