"""Three network namespaces in a row, and raw sockets at their ends."""
import contextlib
import socket
import time

import fastpath  # noqa: F401: it knows where ends is
from ends import Namespace, wire


def raw_socket():
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    raw.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)  # SO_RCVBUFFORCE
    raw.bind(("eth0", 0))
    raw.settimeout(2)
    return raw


def send(raw, packets):
    for at in range(0, len(packets), 32):
        for packet in packets[at : at + 32]:
            raw.send(packet)
        # An interface of weir's holds 512, and weir may wait for a processor.
        time.sleep(0.02)


def receive(raw, count):
    """So many, and what comes behind them."""
    got = []
    with contextlib.suppress(TimeoutError):
        while True:
            if len(got) == count:
                raw.settimeout(0.2)
            got.append(raw.recv(65536))
    return got


@contextlib.contextmanager
def namespaces():
    """Three in a row: weir runs in the middle one."""
    row = middle, west, east = [Namespace() for _ in range(3)]
    try:
        wire(middle, {"west": (west, "10.9.0.1", "fd09::1"), "east": (east, "10.9.0.2", "fd09::2")})
        for silent in (west, east):
            silent.run("sysctl", "-qw", "net.ipv6.conf.eth0.disable_ipv6=1")
        yield row
    finally:
        for namespace in row:
            namespace.end()
