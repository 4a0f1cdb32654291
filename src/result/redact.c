// SPDX-License-Identifier: GPL-3.0-or-later
// result/redact — see redact.h. Called by result/store.
#include "result/redact.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/text.h"

// Names that a secret follows. A key may have a prefix (vncpasswd, spice_password), but no suffix.
static const char *const names[] = {
    "password",           // YAML, BIRD "password "x"", FRR "neighbor A password x"
    "passwd",             // vncpasswd, spicepasswd
    "passphrase",         //
    "secret",             //
    "psk",                //
    "private_key",        //
    "private-key",        //
    "authentication-key", // FRR: ip ospf authentication-key x
    "key-string",         // FRR: key chain
    "area-password",      // IS-IS
    "domain-password",    //
    "rocommunity",        // snmpd.conf
    "rwcommunity",        //
    "authentication string",
};

static bool is_word(char letter)
{
    return isalnum((unsigned char)letter) != 0 || letter == '_' || letter == '-';
}

// Returns the end of the first "digest-key " in a line, or NULL.
static const char *find_digest(const char *line)
{
    static const char digest[] = "digest-key ";
    const char *found =
        memmem(line, (size_t)(strchrnul(line, '\n') - line), digest, sizeof digest - 1);
    return found == NULL ? NULL : found + sizeof digest - 1;
}

// Whether a secret's name ends before `at`. `digest` is find_digest() of the line.
static bool ends_name(const char *text, const char *at, const char *digest)
{
    if (is_word(*at)) {
        return false;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t length = strlen(names[i]);
        if ((size_t)(at - text) >= length && strncasecmp(at - length, names[i], length) == 0) {
            return true;
        }
    }
    // FRR: ip ospf message-digest-key 1 md5 x
    return digest != NULL && at - digest >= 3 && strncasecmp(at - 3, "md5", 3) == 0;
}

// Finds the value after a name: returns its length and sets its start; 0 = none.
static size_t find_value(const char *after, const char **ret_value)
{
    const char *at = after + strspn(after, "\"'"); // end of a quoted key
    at += strspn(at, " \t");
    if (*at == ':' || *at == '=') {
        at++;
        at += strspn(at, " \t");
    } else if (at == after) {
        return 0;
    }
    char quote = *at == '"' || *at == '\'' ? *at : '\0';
    *ret_value = quote == '\0' ? at : at + 1;
    if (quote == '\0') {
        size_t length = strcspn(at, "\n;,]}\"'");
        while (length > 0 && (at[length - 1] == ' ' || at[length - 1] == '\r')) {
            length--;
        }
        return length;
    }
    size_t length = 0;
    while (at[1 + length] != '\0' && at[1 + length] != '\n' && at[1 + length] != quote) {
        length +=
            at[1 + length] == '\\' && at[2 + length] != '\0' && at[2 + length] != '\n' ? 2 : 1;
    }
    return length;
}

char *redact_text(const char *text)
{
    char *made = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&made, &size);
    if (out == NULL) {
        return text_copy(REDACTED);
    }
    const char *digest = NULL;
    for (const char *at = text; *at != '\0';) {
        const char *value = NULL; // ends within its line
        digest = at == text || at[-1] == '\n' ? find_digest(at) : digest;
        size_t length = at > text && ends_name(text, at, digest) ? find_value(at, &value) : 0;
        if (length == 0) {
            (void)fputc(*at++, out);
            continue;
        }
        (void)fwrite(at, 1, (size_t)(value - at), out);
        (void)fputs(REDACTED, out);
        at = value + length;
    }
    (void)fclose(out);
    return made;
}

json_t *redact_json(const json_t *json)
{
    if (json_is_string(json)) {
        _cleanup_free_ char *text = redact_text(json_string_value(json));
        return json_string(text);
    }
    if (json_is_array(json)) {
        json_t *list = json_array();
        for (size_t i = 0; i < json_array_size(json); i++) {
            json_array_append_new(list, redact_json(json_array_get(json, i)));
        }
        return list;
    }
    if (json_is_object(json)) {
        json_t *object = json_object();
        const char *key = NULL;
        json_t *value = NULL;
        json_object_foreach((json_t *)json, key, value)
        {
            json_object_set_new(object, key, redact_json(value));
        }
        return object;
    }
    return json_deep_copy(json);
}
