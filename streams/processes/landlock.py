"""Landlock: a process permanently drops access to every file, port and process that it does not name.

Available without privileges since Linux 5.13. Earlier grants stay (open descriptors, mapped libraries). It
applies to the calling thread and everything that it starts, so call it before starting other threads. Newer
kernels can refuse more: `version` returns what this kernel supports; the rest is skipped.
https://docs.kernel.org/userspace-api/landlock.html
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from stat import S_ISDIR

# The same numbers on all architectures that Python has wheels for.
CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION = 1
_RULE_PATH, _RULE_PORT = 1, 2

# linux/landlock.h
_WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 1, 1 << 2, 1 << 3
_CONNECT_TCP = 1 << 1
#: File rights by the version that introduced them: the first 13 are to execute, write, read, list, remove and
#: create; later ones are to move between folders (2), truncate (3) and control devices (5).
_FILES = {1: (1 << 13) - 1, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
#: Rights to bind and to connect TCP ports.
_PORTS = {4: 0b11}
#: Scopes: connect to abstract Unix sockets of, and send signals to, processes outside of the sandbox.
_SCOPES = {6: 0b11}


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("ports", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _PathRule(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


class _PortRule(ctypes.Structure):
    _fields_ = (("allowed", ctypes.c_uint64), ("port", ctypes.c_uint64))


def version() -> int:
    """The Landlock version of the kernel; 0 if it has none or blocks the call."""
    try:
        return system_call(CREATE_RULESET, None, 0, _ASK_VERSION)
    except OSError:
        return 0


def restrict(
    read: Iterable[Path],
    *,
    write: Iterable[Path] = (),
    ports: Iterable[int] = (),
) -> bool:
    """Restrict this process. It can then read only `read` (files, and folders with their content), write only
    to the existing files `write` and connect by TCP only to `ports`. It can run no program, and create and
    remove nothing.

    Paths that do not exist are skipped. Returns False, and restricts nothing, if the kernel has no Landlock.
    Raises OSError if the kernel refuses; needs PR_SET_NO_NEW_PRIVS.
    """
    known = version()
    if known == 0:
        return False
    ruleset = _Ruleset(_known(_FILES, known), _known(_PORTS, known), _known(_SCOPES, known))
    rules = system_call(CREATE_RULESET, ctypes.byref(ruleset), ctypes.sizeof(ruleset), 0)
    try:
        for paths, rights in ((read, _READ_FILE | _READ_DIR), (write, _WRITE_FILE)):
            for path in paths:
                with contextlib.suppress(FileNotFoundError, NotADirectoryError, PermissionError):
                    _allow(rules, path, rights)
        for port in ports if known >= min(_PORTS) else ():
            rule = _PortRule(_CONNECT_TCP, port)
            system_call(_ADD_RULE, rules, _RULE_PORT, ctypes.byref(rule), 0)
        system_call(_RESTRICT_SELF, rules, 0)
    finally:
        os.close(rules)
    return True


def _known(rights: dict[int, int], version: int) -> int:
    return sum(bits for since, bits in rights.items() if since <= version)


def _allow(rules: int, path: Path, rights: int) -> None:
    found = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not S_ISDIR(os.fstat(found).st_mode):
            rights &= ~_READ_DIR
        rule = _PathRule(rights, found)
        system_call(_ADD_RULE, rules, _RULE_PATH, ctypes.byref(rule), 0)
    finally:
        os.close(found)


def system_call(number: int, *arguments: object) -> int:
    """The result of the system call. Raises OSError, also if the platform lacks the call."""
    if sys.platform != "linux":
        raise OSError("no Landlock on this platform")
    values = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    answer = int(ctypes.CDLL(None, use_errno=True).syscall(ctypes.c_long(number), *values))
    if answer < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return answer
