#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""type.py SHELL TEXT — types TEXT, Tab and Enter in an interactive bash, zsh or fish with the completion of
$VRBENCH, and prints the arguments with which the shell then executes vrbench. Exit status 1 if it executes nothing
within 20 s; then prints what the terminal shows."""
import os
import pty
import re
import select
import sys
import time

# vrbench is a function here: it answers the completion's requests, and prints other arguments.
POSIX = """vrbench() { if [ "$1" = completion ]; then "$VRBENCH" "$@"; else printf '<%s''>\\n' "$*"; fi; }"""
SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"],
             [POSIX, 'source <("$VRBENCH" completion bash)', "PS1='ready''> '"]),
    "zsh": (["zsh", "-f", "-i"],
            [POSIX, "autoload -Uz compinit && compinit -u -D", 'source <("$VRBENCH" completion zsh)',
             "PS1='ready''> '"]),
    "fish": (["fish", "--no-config", "-i"],
             ['function vrbench; if test "$argv[1]" = completion; $VRBENCH $argv; else; '
              "printf '<%s''>\\n' \"$argv\"; end; end",
              "$VRBENCH completion fish | source", "function fish_prompt; echo -n 'ready''> '; end"]),
}


def main():
    shell, text = sys.argv[1:]
    command, preparation = SHELLS[shell]
    child, terminal = pty.fork()
    if child == 0:
        os.environ["TERM"] = "dumb" if shell != "fish" else "xterm"
        os.execvp(command[0], command)
    seen = ""
    until = time.monotonic() + 20

    def wait_for(pattern):
        nonlocal seen
        while not (match := re.search(pattern, seen)):
            left = until - time.monotonic()
            if left <= 0 or not select.select([terminal], [], [], left)[0]:
                print(seen)
                os.kill(child, 9)
                sys.exit(1)
            try:
                seen += os.read(terminal, 65536).decode(errors="replace")
            except OSError:  # the shell has ended
                print(seen)
                sys.exit(1)
        seen = seen[match.end():]
        return match

    for line in preparation:
        os.write(terminal, line.encode() + b"\n")
    wait_for("ready> ")
    os.write(terminal, text.encode() + b"\t\n")
    print(wait_for("<([^<>\r\n]*)>").group(1).strip())
    os.kill(child, 9)


main()
