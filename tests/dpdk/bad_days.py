#!/usr/bin/env python3
"""bad_days.py WEIR COUNTER DAY...: what should not come to a port, and comes.

Runts, jumbo frames, floods of malformed packets and of new connections, a pool without a packet left, a
policy file that is half written: all is counted, weir run goes on, and ends when it is told. While it
runs, its cores ask for no memory: COUNTER is a library that counts (count_allocations.c).
"""
import contextlib
import os
import random
import signal
import struct
import sys
import tempfile
import time

from beside import same
from ends import write
from fastpath import FAILURES, Devices, Ports, await_words, check, finish, frames, run, start
from interfaces import namespaces, raw_socket, receive, send
from packets import ARP, CLUSTER, OPEN_PORT, POLICY, datagram, ip, known, write_pcap

TCP = 6


def seeds():
    """One of each kind that may pass."""
    syn = struct.pack(">HHIIBBHHH", 2000, 80, 1, 0, 5 << 4, 2, 1000, 0, 0)
    return [ARP + bytes(18)] + [
        packet
        for family in (4, 6)
        for packet in (
            datagram(family, OPEN_PORT, 2000, b"hello"),
            ip(family, TCP, syn),
            datagram(family, OPEN_PORT, 2001, bytes(24), identification=7, more=True),
        )
    ]


def runts():
    """Every beginning of every kind of packet, the empty one too."""
    return [packet[:length] for packet in seeds() for length in range(len(packet) + 1)]


def jumbos():
    # A port that is a file writes at most 16128 bytes of a packet.
    sizes = (1472, 1473, 2000, 2047, 2048, 2049, 4000, 4096, 8972, 9000, 9600, 16000)
    return [datagram(family, port, 2000, bytes(size)) for family in (4, 6) for port in (OPEN_PORT, 2000) for size in sizes]


def flood(count):
    """Packets with wrong bits, too short and too long; the seed is the same every time."""
    dice, good, out = random.Random(1), seeds() + known(50)[0], []
    for _ in range(count):
        packet = bytearray(dice.choice(good))
        for _ in range(dice.choice((1, 1, 2, 8, 40))):
            packet[dice.randrange(min(len(packet), 80))] = dice.randrange(256)
        cut = dice.choice((0, 0, dice.randrange(len(packet)), -dice.randrange(100)))
        out.append(bytes(packet[: len(packet) - cut]) if cut >= 0 else bytes(packet) + bytes(-cut))
    return out


def write_policy(folder):
    path = os.path.join(folder, "policy.yaml")
    write(path, CLUSTER + "---" + POLICY)
    return path


def all_counted(weir, name, packets, cores):
    """Fragments and errors may come to other cores before what they belong to; what is sent was allowed."""
    with tempfile.TemporaryDirectory() as folder:
        trace = os.path.join(folder, f"{name}.pcap")
        write_pcap(trace, packets)
        report, sent, back = run(weir, [write_policy(folder)], trace, [], cores, name)
    check(f"{name}, cores {cores}: counted", len(packets), report["packets"])
    check(f"{name}, cores {cores}: sent", report["allowed"] + report["not_ip"], len(sent))
    check(f"{name}, cores {cores}: as they came", set(), set(sent) - set(packets))
    check(f"{name}, cores {cores}: sent back", [], back)


def malformed(weir):
    """What is not well is judged as in any trace."""
    packets = runts() + jumbos() + flood(2000)
    with tempfile.TemporaryDirectory() as folder:
        trace = os.path.join(folder, "malformed.pcap")
        write_pcap(trace, packets)
        same(weir, [write_policy(folder)], trace, 1)
    all_counted(weir, "malformed", packets, 3)


def long_flood(weir):
    """More datagrams in pieces than a core remembers, so that who gives way depends on the run."""
    for cores in (1, 3):
        all_counted(weir, "flood", flood(100000), cores)


def new_connections(weir):
    """More than the table has room for."""
    count, room = 20000, 1000
    packets = [datagram(4, OPEN_PORT, 1 + i % 60000, source=bytes([192, 0, 2, i // 60000])) for i in range(count)]
    with tempfile.TemporaryDirectory() as folder:
        trace = os.path.join(folder, "new.pcap")
        write_pcap(trace, packets)
        report, sent, _ = run(weir, [write_policy(folder)], trace, ["--max-flows", str(room)], 1, "new connections")
    check("new connections: packets", count, report["packets"])
    check("new connections: sent", report["allowed"], len(sent))
    check("new connections: all judged", count, report["allowed"] + report["denied"])
    check("new connections: in the table", True, report["live"]["flows_inserted"] >= room)


def dry(weir):
    """Fragments whose first never comes hold every packet of the pool, until their time is up."""
    with tempfile.TemporaryDirectory() as folder:
        buffers, count = 128, 400
        trace = os.path.join(folder, "orphans.pcap")
        write_pcap(trace, [datagram(4, OPEN_PORT, 1, bytes(64), identification=i, offset=800) for i in range(count)])
        ports = Ports(folder, trace)
        process = start(weir, [write_policy(folder)], ports, ["--buffers", str(buffers), "--seconds", "2"], 1)
        report, _ = finish(process, "dry")
    received, missed = (report["ports"][0][name] for name in ("received", "missed"))
    check("dry: some came", True, 0 < received <= buffers)
    check("dry: the others are missed", count, received + missed)
    check("dry: what came waits", received, report["live"].get("fragments_waiting"))
    check("dry: as denied", received, report["denied"])


@contextlib.contextmanager
def between(weir, kind, mtu, options):
    """What runs on interfaces of a namespace, a socket where packets come in, and one where they come out."""
    with namespaces() as (middle, west, east), tempfile.TemporaryDirectory() as folder:
        for end, port in ((west, "port-west"), (east, "port-east")):
            end.run("ip", "link", "set", "eth0", "mtu", str(mtu))
            middle.run("ip", "link", "set", port, "mtu", str(mtu))
        ports = Devices(f"net_{kind}0,iface=port-west", f"net_{kind}1,iface=port-east")
        process = start(weir, [write_policy(folder)], ports, options, 1, within=middle.command())
        await_words(process, "ready", [])
        yield process, west.call(raw_socket), east.call(raw_socket)


def sizes_on_interface(weir, kind, mtu):
    """Frames of every size are counted; none comes out other than it came in, and those behind them pass."""
    good, allowed = known(60)
    # To af_packet the kernel gives no first fragment before it has the others.
    bad = [packet for packet in runts() if len(packet) >= 14 and packet not in seeds()]
    bad += [packet for packet in jumbos() if len(packet) <= 14 + mtu]
    with between(weir, kind, mtu, []) as (process, sender, receiver):
        send(sender, bad)
        strange = receive(receiver, len(bad))
        send(sender, good)
        passed = receive(receiver, len(allowed))
        process.send_signal(signal.SIGTERM)
        report, _ = finish(process, kind)
    check(f"{kind}: what comes behind", allowed, passed)
    check(f"{kind}: none is another", set(), set(strange) - set(bad))
    check(f"{kind}: received", len(bad) + len(good), report["packets"])
    check(f"{kind}: sent", len(strange) + len(passed), report["allowed"] + report["not_ip"])


def dry_recovers(weir):
    """When time is up for what holds the packets, others come again."""
    buffers, orphans = 128, 160
    frames_in, allowed = known(100)
    with between(weir, "af_packet", 1500, ["--buffers", str(buffers)]) as (process, sender, receiver):
        send(sender, [datagram(6, OPEN_PORT, 1, bytes(64), identification=i, offset=800) for i in range(orphans)])
        send(sender, frames_in)
        check("dry: nothing passes", [], receive(receiver, 0))
        receiver.settimeout(70)
        passed = receive(receiver, len(allowed))
        process.send_signal(signal.SIGTERM)
        report, _ = finish(process, "dry")
    check("dry: what came later", allowed, passed)
    check("dry: denied", orphans + len(frames_in) - len(allowed), report["denied"])


def half_written(weir):
    """While what is there of a policy file is no policy, the one in force stays."""
    with tempfile.TemporaryDirectory() as folder:
        policy, other = write_policy(folder), os.path.join(folder, "other.yaml")
        text = POLICY.replace("name: web", "name: other").replace("1000", "3000").replace("1009", "3009")
        write(other, text)
        process = start(weir, [policy, other], Devices("net_null0,no-rx=1", "net_null1,no-rx=1"), ["--seconds", "200"], 1)
        errors = []
        await_words(process, "ready", errors)
        refused = 0
        whole = text.replace("3009", "3008")
        for end in ("ersion", "Policy\n", "port: 3000", "UDP}"):
            part = whole[: whole.index(end) + len(end)]
            with open(other, "w", encoding="utf-8") as file:
                file.write(part)
            process.send_signal(signal.SIGHUP)
            await_words(process, "the old policy stays", errors)
            refused += 1
            errors.clear()
        with open(other, "w", encoding="utf-8") as file:
            file.write(whole)
        await_words(process, "a new policy is in force", errors)
        process.send_signal(signal.SIGTERM)
        report, _ = finish(process, "half written")
        check("half written: policies", 2, report["live"].get("policies"))
        check("half written: refused", True, report["live"].get("policies_refused", 0) >= refused)


def allocations(weir, counter):
    """By thread, while packets of all kinds come, none any more, and a new policy."""
    for again in ("", ",infinite_rx=1"):
        with tempfile.TemporaryDirectory() as folder:
            trace, told = os.path.join(folder, "trace.pcap"), os.path.join(folder, "told")
            write_pcap(trace, known(400)[0] + flood(400))
            policy = write_policy(folder)
            os.environ["LD_PRELOAD"], os.environ["WEIR_ALLOCATIONS"] = counter, told
            try:
                devices = Devices(f"net_pcap0,rx_pcap={trace}{again}", "net_null0,no-rx=1")
                process = start(weir, [policy], devices, ["--seconds", "200"], 2)
            finally:
                del os.environ["LD_PRELOAD"], os.environ["WEIR_ALLOCATIONS"]
            await_words(process, "ready", [])
            write(policy, CLUSTER + "---" + POLICY.replace("1009", "1008"))
            process.send_signal(signal.SIGHUP)
            await_words(process, "a new policy is in force", [])
            time.sleep(0.5)
            process.send_signal(signal.SIGTERM)
            report, _ = finish(process, "allocations")
            check("allocations: packets came", True, report["packets"] >= 800)
            with open(told, encoding="utf-8") as file:
                threads = [line.split(maxsplit=1) for line in file]
        check("allocations: of the thread that steers", True, int(threads[0][0]) > 1000)
        check("allocations: of others", [], threads[1:])


DAYS = {
    "malformed": lambda weir, counter: malformed(weir),
    "flood": lambda weir, counter: long_flood(weir),
    "af_packet": lambda weir, counter: sizes_on_interface(weir, "af_packet", 9000),
    "af_xdp": lambda weir, counter: sizes_on_interface(weir, "af_xdp", 3000),
    "new-connections": lambda weir, counter: new_connections(weir),
    "dry": lambda weir, counter: dry(weir),
    "dry-recovers": lambda weir, counter: dry_recovers(weir),
    "half-written": lambda weir, counter: half_written(weir),
    "allocations": allocations,
}


def main():
    weir, counter, *days = sys.argv[1:]
    for day in days:
        began = time.monotonic()
        DAYS[day](weir, counter)
        print(f"{day}: {time.monotonic() - began:.1f} s")
    print(f"{len(FAILURES)} failures")
    return 1 if FAILURES else 0


sys.exit(main())
