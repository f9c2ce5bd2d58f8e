"""Sockets to listen on: bound here once, or handed over by systemd. Whoever forks generations keeps them open.

A listener that is closed resets what waits in its queue, so a descriptor is passed on and never bound again.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import socket

from outreach_async.protocol.errors import ConfigurationError

_FIRST_PASSED = 3


def listen(host: str, port: int, backlog: int) -> socket.socket:
    """Bind and listen. Raises ConfigurationError that says what is in the way."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=backlog)
    except OSError as error:
        raise ConfigurationError(*_refusal(host, port, error)) from None


def passed_on() -> list[socket.socket]:
    """Give the sockets that systemd listens on for us, in the order of its unit; none when it does not.

    Raises ConfigurationError for one that takes no connections. Source of the fact: sd_listen_fds(3).
    """
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return []
    count = os.environ.get("LISTEN_FDS", "")
    for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"):
        os.environ.pop(name, None)
    sockets = [adopt(_FIRST_PASSED + number) for number in range(int(count) if count.isdecimal() else 0)]
    for each in sockets:
        if each.type != socket.SOCK_STREAM or not each.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            raise ConfigurationError(
                f"the socket that systemd passes as descriptor {each.fileno()} takes no connections",
                hint="Give it by ListenStream=, and Accept=no, in the socket unit.",
            )
        os.set_inheritable(each.fileno(), False)  # noqa: FBT003  # the call takes no keyword
    return sockets


def address(name: object) -> str:
    """Give the address of a socket's name: a URL, or the path of one that has no port."""
    if not isinstance(name, tuple):
        return f"unix:{os.fsdecode(name)}" if isinstance(name, str | bytes) else ""
    host, port = name[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def from_here(listening: socket.socket) -> str:
    """Give the URL at which this machine reaches a socket; empty for one without a port."""
    name = listening.getsockname()
    if not isinstance(name, tuple):
        return ""
    host, port = name[:2]
    bound = ipaddress.ip_address(host)
    # One that is bound to every address of the machine is reached at its own.
    return address(("::1" if bound.version == 6 else "127.0.0.1", port) if bound.is_unspecified else (host, port))


def identity(listening: socket.socket) -> str:
    """Give what names a socket, and so its queue, to every process of this machine that has it."""
    found = os.fstat(listening.fileno())
    return f"{found.st_dev}-{found.st_ino}"


def adopt(descriptor: int) -> socket.socket:
    """Give the socket of a descriptor that another process bound. Raises ConfigurationError when it is none."""
    try:
        found = socket.socket(fileno=descriptor)
    except OSError as error:
        raise ConfigurationError(f"descriptor {descriptor} is no socket to listen on: {error.strerror}") from None
    found.setblocking(False)  # noqa: FBT003
    return found


def _refusal(host: str, port: int, error: OSError) -> tuple[str]:
    if error.errno == errno.EADDRINUSE:
        text = f"port {port} on {host} is taken. Stop what listens there, or give another port."
    elif error.errno == errno.EACCES:
        text = f"port {port} needs more rights than this process has. Give one above 1023, or let systemd listen."
    else:
        text = f"{host} port {port} cannot be listened on: {error.strerror or error}. Give another host or port."
    return (text,)
