#!/usr/bin/env python3
"""nfqueue.py WEIR NFQUEUE_FILTER [--valgrind | --measure]: a router whose FORWARD chain is enforced by the example.

A client and a server in namespaces of their own, a router between them, without connection tracking.
What the policy allows completes, what it denies times out; the program's counters equal the kernel's
own, packet by packet; policies are replaced and refused on SIGHUP; a queue that is full or that
nobody reads closes or opens as its options say.
"""
import ctypes
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from enforcers import VALGRIND, Policy, Program
from ends import (DIGEST, FAILURES, LIBC, Namespace, answers, check, connects, download, echoes, open_stream, route,
                  serve, skip)

ADDRESSES = {"client": ("10.1.1.1", "fd00:1::1"), "server": ("10.1.2.1", "fd00:2::1")}
CLIENT, SERVER = ADDRESSES["client"], ADDRESSES["server"]
OPEN = "{port: 8080}, {port: 53}, {port: 53, protocol: UDP}, {port: 5353, protocol: UDP}"
SHUT = "{port: 53}, {port: 53, protocol: UDP}, {port: 5353, protocol: UDP}"
RULE = "NetworkPolicy shop/server ingress[0]"
QUEUE = ["-j", "NFQUEUE", "--queue-num", "0"]
SEED = 1


class Router:
    """Its tables: what is forwarded is queued, and what is sent on is counted."""

    def __init__(self, namespace):
        self.namespace = namespace
        for tables, addresses in (("iptables", [CLIENT[0], SERVER[0]]), ("ip6tables", [CLIENT[1], SERVER[1]])):
            if subprocess.run(namespace.command(tables, "-A", "FORWARD", *QUEUE), stderr=subprocess.DEVNULL, check=False).returncode:
                skip(f"{tables} cannot queue here")
            # The router's own errors and neighbour discovery are not forwarded.
            for address in addresses:
                namespace.run(tables, "-t", "mangle", "-A", "POSTROUTING", "-s", address)

    def count(self, table, chain):
        """Packets that the rules of a chain saw, of both families."""
        total = 0
        for tables in ("iptables", "ip6tables"):
            lines = self.namespace.run(tables, "-t", table, "-vnxL", chain).splitlines()
            total += sum(int(line.split()[0]) for line in lines[2:])
        return total

    def counts(self):
        return {"queued": self.count("filter", "FORWARD"), "sent": self.count("mangle", "POSTROUTING")}

    def bypass(self, tables, on):
        self.namespace.run(tables, "-R", "FORWARD", "1", *QUEUE, *(["--queue-bypass"] if on else []))


def serve_names(server, folder):
    """A real DNS server in the namespace; None where there is none."""
    dnsmasq = shutil.which("dnsmasq", path=os.environ["PATH"] + ":/usr/sbin")
    if not dnsmasq or not shutil.which("dig"):
        print("SKIPPED in part: no dnsmasq or no dig: no DNS")
        return None
    process = subprocess.Popen(server.command(dnsmasq, "-k", "-h", "-R", "-C", "/dev/null", "-u", "root", "--no-dhcp-interface=*",
        f"--pid-file={folder}/dnsmasq.pid", "--address=/shop.test/192.0.2.7"))
    for _ in range(100):
        if "192.0.2.7" in subprocess.run(server.command("dig", "+short", "+tries=1", "+time=1", "@127.0.0.1", "shop.test"),
                stdout=subprocess.PIPE, text=True, check=False).stdout:
            return process
        time.sleep(0.05)
    check("dnsmasq answers", True, False)
    return process


def dig(client, *options):
    done = subprocess.run(client.command("dig", "+short", "+tries=1", "+time=2", *options, "shop.test"),
        stdout=subprocess.PIPE, text=True, check=False)
    return done.stdout.strip()


def pings(namespace, address, count, patience):
    """How many of so many are answered, the last within so many seconds."""
    done = subprocess.run(namespace.command("ping", "-n", "-q", "-i", "0.1", "-W", str(patience), "-c", str(count), address),
        stdout=subprocess.PIPE, text=True, check=False)
    return int(done.stdout.split(" received")[0].split()[-1])


def interleave(client, server, seed, n):
    """Datagrams to an open and a shut port in a random order, at once: how many came of those."""
    sinks = {port: server.call(sink, port) for port in (5353, 5354)}
    ports = random.Random(seed).choices(list(sinks), k=n)
    client.call(send_all, ports)
    time.sleep(0.5)
    came = {port: drain(socket) for port, socket in sinks.items()}
    check(f"datagrams by port (seed {seed})", {5353: ports.count(5353), 5354: 0}, came)
    return ports.count(5353), ports.count(5354)


def sink(port):
    SO_RCVBUFFORCE = 33
    datagrams = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    datagrams.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 24)
    datagrams.bind((SERVER[1], port))
    datagrams.setblocking(False)
    return datagrams


def drain(datagrams):
    n = 0
    try:
        while True:
            datagrams.recv(100)
            n += 1
    except BlockingIOError:
        datagrams.close()
        return n


def send_all(ports):
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as datagrams:
        for port in ports:
            datagrams.sendto(b"anybody?", (SERVER[1], port))


class Test:
    def __init__(self, weir, program, wrapper):
        self.program, self.wrapper = program, wrapper
        self.folder = tempfile.TemporaryDirectory()
        self.ends = {name: Namespace() for name in ("router", "client", "server")}
        self.client, self.server = self.ends["client"], self.ends["server"]
        self.policy = Policy(weir, self.folder.name, ADDRESSES)
        self.names = None

    def set_up(self):
        route(self.ends["router"], {name: (self.ends[name], *ADDRESSES[name]) for name in ADDRESSES})
        self.router = Router(self.ends["router"])
        self.server.call(serve)
        self.names = serve_names(self.server, self.folder.name)
        self.policy.compile(OPEN)

    def start(self, *options, wrapper=()):
        return Program(self.ends["router"], [self.program, *options, self.policy.path], wrapper)

    def end(self):
        if self.names:
            self.names.kill()
            self.names.wait()
        for namespace in self.ends.values():
            namespace.end()
        self.folder.cleanup()

    def what_is_allowed_and_denied(self):
        """How many connections the rule of the policy decides."""
        rows = [(f"download from {address}", DIGEST, download, address) for address in SERVER]
        rows += [(f"{address} port 9090", False, connects, address, 9090) for address in SERVER]
        rows += [(f"ping {address}", 0, pings, self.client, address, 2, 1) for address in SERVER]
        rows += [(f"ping {address} from the server", 3, pings, self.server, address, 3, 5) for address in CLIENT]
        rows += [("UDP 5353", True, answers, SERVER[0], 5353), ("UDP 5354", False, answers, SERVER[0], 5354)]
        if self.names:
            rows += [("a name, by UDP", "192.0.2.7", dig, self.client, f"@{SERVER[0]}"),
                ("a name, by TCP and IPv6", "192.0.2.7", dig, self.client, "+tcp", f"@{SERVER[1]}")]
        for row, got in zip(rows, self.client.together(*(row[2:] for row in rows))):
            check(row[0], row[1], got)
        return 5 if self.names else 3

    def counters_are_the_kernels(self):
        program = self.start(wrapper=self.wrapper)
        before = self.router.counts()
        connections = self.what_is_allowed_and_denied()
        allowed, denied = interleave(self.client, self.server, SEED, 2000)
        after = self.router.counts()
        numbers, rules = program.end()
        check("packets, as iptables queued them", after["queued"] - before["queued"], numbers["packets"])
        check("allowed, as iptables saw them leave", after["sent"] - before["sent"], numbers["allowed"])
        check("none is lost", 0, numbers["lost"])
        # One flow of datagrams is allowed, once.
        check("connections by rule", {RULE: connections + 1}, rules)
        # Pings, datagrams, and what TCP sends again.
        check("denied", True, denied + 5 <= numbers["denied"] <= denied + 5 + 2 * 4)
        print(f"{numbers['packets']} packets, {numbers['allowed']} allowed, {numbers['denied']} denied, as iptables counted")

    def policies_are_replaced(self):
        program = self.start(wrapper=self.wrapper)
        stream = self.client.call(open_stream, SERVER[0], 8080)
        self.policy.compile(SHUT)
        program.reload("a new policy is in force")
        check("an open connection, a new one, and what both policies allow", [False, False, True],
            self.client.together((echoes, stream), (connects, SERVER[0], 8080), (answers, SERVER[0], 5353)))
        self.policy.spoil()
        program.reload("the old policy stays")
        check("under the old policy", True, self.client.call(answers, SERVER[0], 5353))
        self.policy.compile(OPEN)
        program.reload("a new policy is in force")
        check("opened again", DIGEST, self.client.call(download, SERVER[0]))
        program.end()
        stream.close()

    def full_queues(self, options, lost):
        """Ten datagrams to a program that does not read, whose queue holds four."""
        datagrams = self.server.call(sink, 5353)
        program = self.start("--length", "4", *options)
        program.freeze()
        self.client.call(send_all, [5353] * 10)
        time.sleep(0.2)
        program.thaw()
        time.sleep(0.3)
        numbers, _ = program.end()
        check(f"arrived {options}", 10 - lost, drain(datagrams))
        check(f"lost {options}", lost, numbers["lost"])
        check(f"judged {options}", 4, numbers["packets"])

    def nobody_reads(self):
        check("without a program", False, self.client.call(answers, SERVER[0], 5353))
        self.router.bypass("iptables", True)
        check("without a program, --queue-bypass", True, self.client.call(answers, SERVER[0], 5353))
        self.router.bypass("iptables", False)

    def a_queue_has_one_reader(self):
        first = self.start()
        second = subprocess.run(self.ends["router"].command(self.program, self.policy.path),
            stderr=subprocess.PIPE, text=True, check=False)
        check("exit code of a second reader", 2, second.returncode)
        check("what it says", "nfqueue-filter: queue 0: Operation not permitted\n", second.stderr)
        first.end()

    def run(self):
        self.counters_are_the_kernels()
        if not self.wrapper:
            self.full_queues([], 6)
            self.full_queues(["--fail-open"], 0)
            self.nobody_reads()
            self.a_queue_has_one_reader()
        self.policies_are_replaced()


# Measuring.

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


def rate(client, server, seconds):
    """Packets a second that are sent and that arrive."""
    held = server.call(sink4)
    before = server.call(received)
    sent = client.call(blast, SERVER[0], 5355, seconds)
    time.sleep(0.3)
    came = server.call(received) - before
    held.close()
    return sent / seconds, came / seconds


def sink4():
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind((SERVER[0], 5355))
    return datagrams


def measure(test):
    test.policy.compile("{port: 5355, protocol: UDP}")
    rows = {}
    for round_number in range(3):
        test.router.namespace.run("iptables", "-I", "FORWARD", "1", "-j", "ACCEPT")
        rows.setdefault("forwarded by the kernel alone", []).append(rate(test.client, test.server, 3))
        test.router.namespace.run("iptables", "-D", "FORWARD", "1")
        program = test.start()
        rows.setdefault("judged by nfqueue-filter", []).append(rate(test.client, test.server, 3))
        numbers, _ = program.end()
        print(f"round {round_number + 1}: {numbers['packets']} judged, {numbers['lost']} lost")
    for name, rates in rows.items():
        sent, came = (sorted(column)[1] for column in zip(*rates))
        print(f"{name:32} {sent / 1000:8.0f} k/s sent {came / 1000:8.0f} k/s arrive")


def main():
    weir, program, *mode = sys.argv[1:]
    test = Test(weir, program, VALGRIND if mode == ["--valgrind"] else ())
    try:
        test.set_up()
        if mode == ["--measure"]:
            measure(test)
        else:
            test.run()
    finally:
        test.end()
    print(f"{len(FAILURES)} failures")
    os._exit(1 if FAILURES else 0)


main()
