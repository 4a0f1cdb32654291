// SPDX-License-Identifier: GPL-3.0-or-later
// fuzz_guest — what a guest says: the line of an answer, and behind it counters, an interface's
// name or a program's words.
#include <string.h>

#include "base/text.h"
#include "machine/guest_counters.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct guest_link links[] = {{"eth0", 5}, {"eth1", 6}};
    char *text = text_copy_bytes((const char *)data, size);
    const char *end = memchr(text, '\n', size);
    size_t head = end == NULL ? size : (size_t)(end - text);
    size_t begin = end == NULL ? size : head + 1;
    struct error err = ERROR_INIT;
    struct guest_answer answer = {0};
    if (guest_parse_answer(text, head, &answer, &err) == 0 && answer.length > GUEST_PAYLOAD_MAX) {
        __builtin_trap();
    }
    error_clear(&err);
    struct namespace_counters found = {0};
    if (guest_parse_counters(text + begin, size - begin, links, 2, &found, &err) == 0 &&
        (found.link_count != 2 || found.links[1].index != 6)) {
        __builtin_trap();
    }
    counters_clear(&found);
    error_clear(&err);
    char nic[GUEST_NIC_MAX] = "";
    if (guest_parse_nic(text + begin, size - begin, nic, &err) == 0 &&
        (strlen(nic) != size - begin || strpbrk(nic, " /\n") != NULL)) {
        __builtin_trap();
    }
    error_clear(&err);
    char words[8];
    guest_take_words(text + begin, size - begin, words, sizeof words);
    if (strlen(words) != (size - begin < sizeof words ? size - begin : sizeof words - 1)) {
        __builtin_trap();
    }
    free(text);
    return 0;
}
