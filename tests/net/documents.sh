#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Documents: the messages that troubleshooting.md explains are those of the program, links lead to files and
# headings that exist, the index names every document, and the gallery shows what the program prints.
# Runs beside others: it measures nothing.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
cd "$SOURCE_ROOT" || exit 1
plan 6

sed -n 's/^| `\([^`]*\)` |.*/\1/p' docs/troubleshooting.md | sort -u >"$T/messages"
ok "messages are explained" [ "$(wc -l <"$T/messages")" -gt 10 ]
unknown=$(while IFS= read -r message; do
    # C sources have quotes with a backslash.
    grep -rqF --include='*.[ch]' -- "$(printf '%s' "$message" | sed 's/"/\\"/g')" src || printf '%s\n' "$message"
done <"$T/messages")
is "  each is in the source" "$unknown" ""

absent=$(for file in docs/*.md; do
    [ "$file" = docs/README.md ] || grep -q "(${file#docs/})" docs/README.md || echo "$file"
done)
is "the index names every document" "$absent" ""

# A heading's anchor: lower case, without punctuation, "-" for blanks.
anchors() {
    sed -n 's/^##* //p' "$1" | sed 's/[`*]//g' | tr '[:upper:]' '[:lower:]' | sed 's/[^[:alnum:] _-]//g; s/ /-/g'
}
broken=$(for file in README.md CONTRIBUTING.md NEWS.md SECURITY.md docs/*.md; do
    grep -oE '\]\([^) ]+\)' "$file" | sed 's/^](//; s/)$//' | grep -vE '^https?:' | sort -u | while read -r link; do
        path=${link%%#*}
        target=$file
        [ -z "$path" ] || target=$(dirname "$file")/$path
        [ -e "$target" ] || { echo "$file: $link"; continue; }
        case $link in
        *'#'*) anchors "$target" | grep -qxF -- "${link#*#}" || echo "$file: $link" ;;
        esac
    done
done)
is "links lead somewhere" "$broken" ""

is "the gallery has ten scenarios" "$(grep -c '^```mermaid' docs/gallery.md)" 10
ok "  whose pictures are what the commands print" scripts/gallery "$VRBENCH" check
