#!/usr/bin/env python3
"""Runs a command on a terminal of its own and prints what the terminal showed.

    terminal.py COLUMNS SECONDS ANSWER... -- COMMAND...

Each ANSWER is typed, with a line break, when the command asks: when what it
wrote last ends with "[y/N] ".  "^C" presses Ctrl-C instead, "^D" ends the input.
Exits with the command's status, 128 + n for signal n, 99 after SECONDS.
"""
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

QUESTION = b"[y/N] "
KEYS = {"^C": b"\x03", "^D": b"\x04"}


def follow(master, answers, deadline):
    """Reads until the command ends; returns what it wrote, None when late."""
    shown = b""
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            return None
        ready, _, _ = select.select([master], [], [], left)
        if not ready:
            return None
        try:
            piece = os.read(master, 65536)
        except OSError:  # EIO: the other side is closed
            return shown
        if not piece:
            return shown
        shown += piece
        if shown.endswith(QUESTION) and answers:
            answer = answers.pop(0)
            os.write(master, KEYS.get(answer, answer.encode() + b"\n"))


def main():
    columns, seconds = int(sys.argv[1]), float(sys.argv[2])
    end = sys.argv.index("--")
    answers, command = sys.argv[3:end], sys.argv[end + 1:]
    pid, master = pty.fork()
    if pid == 0:
        size = struct.pack("HHHH", 40, columns, 0, 0)
        fcntl.ioctl(0, termios.TIOCSWINSZ, size)
        os.execvp(command[0], command)
    shown = follow(master, answers, time.monotonic() + seconds)
    if shown is None:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        return 99
    _, status = os.waitpid(pid, 0)
    sys.stdout.buffer.write(shown.replace(b"\r\n", b"\n"))
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) \
        else 128 + os.WTERMSIG(status)


if __name__ == "__main__":
    sys.exit(main())
