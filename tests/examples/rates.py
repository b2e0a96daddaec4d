"""How many small datagrams a second go from a client to a server, between namespaces."""
import ctypes
import socket
import time

from ends import LIBC

PORT = 5355
OPEN = "{port: 5355, protocol: UDP}"
SMALL = b"x" * 18  # an Ethernet frame of 60 bytes


class Message(ctypes.Structure):
    _fields_ = [("name", ctypes.c_void_p), ("name_length", ctypes.c_uint32), ("vector", ctypes.c_void_p),
        ("vector_length", ctypes.c_size_t), ("control", ctypes.c_void_p), ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int), ("length", ctypes.c_uint)]


class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_char_p), ("length", ctypes.c_size_t)]


def blast(address, port, seconds):
    """Sends small datagrams as fast as it can, 64 a system call."""
    vector = Vector(SMALL, len(SMALL))
    messages = (Message * 64)()
    for message in messages:
        message.vector, message.vector_length = ctypes.addressof(vector), 1
    sent, end = 0, time.monotonic() + seconds
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.connect((address, port))
        while time.monotonic() < end:
            sent += max(0, LIBC.sendmmsg(datagrams.fileno(), messages, 64, 0))
    return sent


def received():
    """Packets that came by eth0, in this thread's namespace."""
    for line in open("/proc/thread-self/net/dev", encoding="utf-8"):
        if line.strip().startswith("eth0:"):
            return int(line.split(":")[1].split()[1])
    return 0


def rate(client, server, address, seconds):
    """Packets a second that are sent and that arrive."""
    held = server.call(hold, address)
    before = server.call(received)
    sent = client.call(blast, address, PORT, seconds)
    time.sleep(0.3)
    came = server.call(received) - before
    held.close()
    return sent / seconds, came / seconds


def hold(address):
    """Nobody is told that the port is unreachable, and nobody reads."""
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind((address, PORT))
    return datagrams


def compare(enforced, ways, rounds=5, seconds=2):
    """Prints what each way of joining the two lets through: {name: (begin, end)}, in turn. Where end returns
    a program, also what it takes of a processor."""
    enforced.policy.compile(OPEN)
    rows, programs = {name: [] for name in ways}, {name: [] for name in ways}
    for _ in range(rounds):
        for name, (begin, end) in ways.items():
            joined = begin()
            rows[name].append(rate(enforced.client, enforced.server, enforced.addresses["server"][0], seconds))
            used = end(joined)
            if used:
                programs[name].append(used)
    for name, rates in rows.items():
        sent, came = (sorted(column)[len(column) // 2] for column in zip(*rates))
        print(f"{name:32} {sent / 1000:6.0f} k/s sent {came / 1000:6.0f} k/s arrive", end="")
        if programs[name]:
            user, system = (sorted(column)[len(column) // 2] for column in zip(*programs[name]))
            print(f"   {user:.2f} us a packet in the program, {system:.2f} for it in the kernel", end="")
        print()


def end_and_tell(program):
    """Microseconds of a processor for each packet, in the program and in the kernel."""
    numbers, _ = program.end()
    return [seconds * 1e6 / numbers["packets"] for seconds in program.processor]
