// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * scenario/startup — what a router gets whenever it starts, beside its interfaces and routes: files
 * (`files`), kernel settings (`sysctl`), packet filter rules (`nft`) and commands (`run`).
 *
 * read.c reads the files that it names and check.c applies the rules between keys; testbed/startup
 * applies the result in every life of a router. Commands are split into words here: no shell sees
 * them.
 */
#ifndef VRBENCH_SCENARIO_STARTUP_H
#define VRBENCH_SCENARIO_STARTUP_H

#include "scenario/scenario.h"
#include "scenario/yaml.h"

#define STARTUP_PATH_MAX 1000U // bytes of a file's path in the router

// Splits a command at blanks. '…' and "…" group, and \ quotes the next character (outside of '…').
// There are no expansions. `ret_words` gets a new array that ends with NULL; free it with
// startup_words_free(). Fails if a quote is not closed, or if there is no word or an empty one.
int startup_split(const char *command, char ***ret_words, struct error *err);
void startup_words_free(char **words); // NULL is fine

// Returns the file of a setting below /proc/sys, a new string. As sysctl(8) has it, "." separates
// names, unless the name contains "/": net.ipv4.ip_forward, net/ipv4/conf/eth0.1/rp_filter. NULL if
// it is not such a name.
char *startup_sysctl_path(const char *name);

// Reads the files and rulesets of all routers, relative to `folder`.
void startup_read(struct scenario *scenario, const struct yaml_node *root, const char *folder,
                  struct scenario_problems *problems);
// Adds a problem for each file or setting that the router cannot get.
void startup_check(const struct scenario *scenario, const struct yaml_node *root,
                   struct scenario_problems *problems);

#endif
