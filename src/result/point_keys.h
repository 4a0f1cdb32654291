// SPDX-License-Identifier: GPL-3.0-or-later
// result/point_keys — the keys of a point's JSON, a table for each struct. Called by point_json.c.
#ifndef VRBENCH_RESULT_POINT_KEYS_H
#define VRBENCH_RESULT_POINT_KEYS_H

#include <stddef.h>

enum key_kind {
    TEXT,         // char *, never empty
    TEXT_MAYBE,   // char *, absent if NULL
    NUMBER,       // unsigned
    NUMBER_SET,   // unsigned, absent if 0
    COUNT,        // uint64_t
    COUNT_SET,    // uint64_t, absent if 0
    COUNT_ELSE,   // uint64_t, absent if and only if the bool at `aux`, of an earlier key, is true
    REAL,         // double, not negative
    REAL_MAYBE,   // double, not negative, absent if NaN
    SIGNED_MAYBE, // double, absent if NaN
    REAL_FLAG,    // double, not negative; the bool at `aux` = present
    TRUTH,        // bool
    TRUTH_SET,    // bool, absent if false
    SCHEMA,       // the constant RESULT_SCHEMA
    LOSS_RATIO,   // lost / tx, counts at `aux` and `at` (and rx at `size`), absent if tx is 0
    CPU_TOTAL,    // REAL_MAYBE, absent if neither the host nor a router was metered
    OBJECT_FLAG,  // a nested struct; the bool at `aux` = present
    LIST,         // pointer to structs, their number (size_t) at `aux`
    LIST_MAYBE,   // as LIST, absent if empty
    COUNTS,       // pointer to uint64_t, their number (size_t) at `aux`
    TEXTS_MAYBE,  // pointer to texts (char *), their number (size_t) at `aux`, absent if none
};

struct key {
    const char *name;
    enum key_kind kind;
    size_t at, aux;
    const struct key *members; // of OBJECT_FLAG, LIST, LIST_MAYBE; the last row has the name NULL
    size_t size;               // of LIST, LIST_MAYBE: size of one struct; else see above
};

extern const struct key point_keys[]; // of struct point

#endif
