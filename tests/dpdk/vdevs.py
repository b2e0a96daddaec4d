#!/usr/bin/env python3
"""vdevs.py WEIR [--huge] KIND...: a known trace through every kind of port that needs no NIC.

By one port come the packets; by the other go those that the policy allows, byte for byte and in their
order, no others, and the counters say so. Kinds: endless (net_pcap with infinite_rx), null, ring, rings
(one for each of three cores); with dpdk-testpmd at the other end memif, memif-client, vhost, virtio-user,
and vhost-again, where it comes a second time; af_packet and af_xdp on veths between network namespaces.
With --huge, memory is in huge pages, which are reserved for the time of the test.
"""
import argparse
import contextlib
import os
import shutil
import signal
import socket
import sys
import tempfile
import time

from fastpath import EAL, FAILURES, HUGE_EAL, Devices, Ports, await_words, check, finish, frames, start
from ends import skip
from interfaces import namespaces, raw_socket, receive, send
from packets import CLUSTER, POLICY, known, write_pcap
from testpmd import Testpmd

COUNT = 300
HUGE_PAGES = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"


@contextlib.contextmanager
def huge_pages(number):
    """So many more than there were, as long as it lasts."""

    def change(by):
        with open(HUGE_PAGES, encoding="ascii") as file:
            before = int(file.read())
        with open(HUGE_PAGES, "w", encoding="ascii") as file:
            file.write(str(before + by))
        with open(HUGE_PAGES, encoding="ascii") as file:
            return int(file.read()) - before

    got = change(number)
    try:
        yield got == number
    finally:
        change(-got)


class Trace:
    """The policy, the trace, and what is right."""

    def __init__(self, weir, folder, base):
        self.weir, self.folder, self.base = weir, folder, base
        self.frames, self.allowed = known(COUNT)
        self.path = os.path.join(folder, "trace.pcap")
        self.policy = os.path.join(folder, "policy.yaml")
        write_pcap(self.path, self.frames)
        with open(self.policy, "w", encoding="utf-8") as file:
            file.write(CLUSTER + "---" + POLICY)

    def start(self, devices, *options, **how):
        ports = devices if isinstance(devices, Ports) else Devices(*devices)
        return start(self.weir, [self.policy], ports, list(options), 1, base=self.base, **how)

    def compare(self, kind, report, passed):
        denied = len(self.frames) - len(self.allowed)
        check(f"{kind}: what passed", self.allowed, passed)
        check(f"{kind}: denied", denied, report["denied"])
        check(f"{kind}: allowed", len(self.allowed), report["allowed"] + report["not_ip"])
        first, second = report["ports"]
        check(f"{kind}: received", (COUNT, 0), (first["received"], second["received"]))
        check(f"{kind}: sent", (0, len(self.allowed)), (first["sent"], second["sent"]))
        lost = [port[name] for port in report["ports"] for name in ("unsent", "missed", "errors")]
        check(f"{kind}: lost", [0] * 6, lost)


def end(process, what):
    process.send_signal(signal.SIGTERM)
    return finish(process, what)[0]


# Ports with nobody at the other end.


def endless(trace):
    """The trace over and over, into nothing."""
    pcap, null = f"net_pcap0,rx_pcap={trace.path},infinite_rx=1", "net_null0,no-rx=1"
    report, _ = finish(trace.start((pcap, null), "--seconds", "1"), "endless")
    received = report["ports"][0]["received"]
    passing = [frame in trace.allowed for frame in trace.frames]
    allowed = received // COUNT * sum(passing) + sum(passing[: received % COUNT])
    check("endless: more than once", True, received > COUNT)
    check("endless: sent", allowed, report["ports"][1]["sent"])
    check("endless: denied", received - allowed, report["denied"])
    return f"{received} packets"


def null(trace):
    """Frames of nothing but zeros, which are not IP."""
    report, _ = finish(trace.start(("net_null0,size=64", "net_null1,size=1500"), "--seconds", "1"), "null")
    ports = report["ports"]
    for port, size in zip(ports, (64, 1500)):
        check("null: bytes", port["received"] * size, port["received_bytes"])
    check("null: something came", True, ports[0]["received"] > 0 and ports[1]["received"] > 0)
    check("null: all passed", ports[0]["received"], ports[1]["sent"])
    check("null: not IP", sum(port["received"] for port in ports), report["not_ip"])
    return f"{report['packets']} packets"


def ring(trace, cores=1):
    """What is allowed goes into a ring, comes out of it, passes again, and goes back."""
    ports = Ports(trace.folder, trace.path)
    ports.arguments[1] = "--vdev=net_ring0"
    process = start(trace.weir, [trace.policy], ports, ["--idle", "300"], cores, base=trace.base)
    report, _ = finish(process, "ring")
    back = frames(ports.back)
    check(f"ring, cores {cores}: what came back", sorted(trace.allowed), sorted(back))
    if cores == 1:
        check("ring: its order", trace.allowed, back)
    check("ring: through it", len(trace.allowed), report["ports"][1]["received"])
    check("ring: packets", COUNT + len(trace.allowed), report["packets"])
    check("ring: denied", COUNT - len(trace.allowed), report["denied"])
    return ""


def rings(trace):
    return ring(trace, cores=3)


# Ports whose other end is another program of DPDK's.


def devices_of_testpmd(trace, theirs):
    """By its first port comes the trace, by its third what passes goes; and those files."""
    nothing, out, back = (os.path.join(trace.folder, name) for name in ("nothing.pcap", "out.pcap", "back.pcap"))
    write_pcap(nothing, [])
    devices = [f"net_pcap0,rx_pcap={trace.path},tx_pcap={back}", theirs[0]]
    return devices + [f"net_pcap1,rx_pcap={nothing},tx_pcap={out}", theirs[1]], out, back


def with_testpmd(trace, kind, ours, theirs, who_waits, who_stays):
    """Who waits is there first, who stays is there last."""
    devices, out, back = devices_of_testpmd(trace, theirs)
    with contextlib.ExitStack() as stack:
        if who_waits == "testpmd":
            other = stack.enter_context(Testpmd(devices, trace.base))
            process = trace.start(ours)
            await_words(process, "ready", [])
        else:
            process = trace.start(ours)
            await_words(process, "ready", [])
            other = stack.enter_context(Testpmd(devices, trace.base))
        other.forward(links=(1, 3), packets=(2, len(trace.allowed)))
        if who_stays == "testpmd":
            report = end(process, kind)
    if who_stays == "weir":
        time.sleep(0.1)
        report = end(process, kind)
    trace.compare(kind, report, frames(out))
    check(f"{kind}: back", [], frames(back))
    return ""


# DPDK 22.11's driver of memif unmaps its rings under the core that polls them when the other end goes:
# seldom, and more often on busy processors, that core dies of it. So testpmd stays.


def memif_ports(trace, role):
    path = os.path.join(trace.folder, "memif.sock")
    return [f"net_memif{i},role={role},id={i},socket={path},socket-abstract=no" for i in range(2)]


def memif(trace):
    return with_testpmd(trace, "memif", memif_ports(trace, "server"), memif_ports(trace, "client"), "weir", "testpmd")


def memif_client(trace):
    ours, theirs = memif_ports(trace, "client"), memif_ports(trace, "server")
    return with_testpmd(trace, "memif-client", ours, theirs, "testpmd", "testpmd")


def vhost_ports(trace):
    sockets = [os.path.join(trace.folder, f"vhost{i}.sock") for i in range(2)]
    host = [f"net_vhost{i},iface={path}" for i, path in enumerate(sockets)]
    return host, [f"net_virtio_user{i},path={path},queue_size=1024" for i, path in enumerate(sockets)]


def vhost(trace):
    host, user = vhost_ports(trace)
    return with_testpmd(trace, "vhost", host, user, "weir", "weir")


def vhost_again(trace):
    """The other end goes, and another one comes in its place."""
    ours, theirs = vhost_ports(trace)
    devices, out, _ = devices_of_testpmd(trace, theirs)
    process = trace.start(ours)
    await_words(process, "ready", [])
    for time_of_day in ("first", "second"):
        with Testpmd(devices, trace.base) as other:
            other.forward(links=(1, 3), packets=(2, len(trace.allowed)))
        check(f"vhost-again: what passed to the {time_of_day}", trace.allowed, frames(out))
    report = end(process, "vhost-again")
    check("vhost-again: received", 2 * COUNT, report["packets"])
    return ""


def virtio_user(trace):
    host, user = vhost_ports(trace)
    return with_testpmd(trace, "virtio-user", user, host, "testpmd", "weir")


# Ports that are interfaces of the kernel's.


def on_interfaces(trace, kind):
    with namespaces() as (middle, west, east):
        devices = [f"net_{kind}{i},iface=port-{name}" for i, name in enumerate(("west", "east"))]
        process = trace.start(devices, within=middle.command())
        await_words(process, "ready", [])
        sender, receiver = west.call(raw_socket), east.call(raw_socket)
        send(sender, trace.frames)
        receiver.settimeout(20)
        passed = receive(receiver, len(trace.allowed))
        trace.compare(kind, end(process, kind), passed)
    return ""


def af_packet(trace):
    return on_interfaces(trace, "af_packet")


def af_xdp(trace):
    try:
        socket.socket(44, socket.SOCK_RAW).close()
    except OSError as error:
        print(f"SKIPPED: this kernel has no sockets of XDP: {error}")
        return ""
    return on_interfaces(trace, "af_xdp")


KINDS = {
    "endless": endless,
    "null": null,
    "ring": ring,
    "rings": rings,
    "memif": memif,
    "memif-client": memif_client,
    "vhost": vhost,
    "vhost-again": vhost_again,
    "virtio-user": virtio_user,
    "af_packet": af_packet,
    "af_xdp": af_xdp,
}
NEED_TESTPMD = [kind for kind in KINDS if kind.startswith(("memif", "vhost", "virtio"))]


def run_kinds(weir, kinds, base):
    for kind in kinds:
        with tempfile.TemporaryDirectory() as folder:
            began = time.monotonic()
            said = KINDS[kind](Trace(weir, folder, base))
            print(f"{kind}: {time.monotonic() - began:.1f} s {said}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("weir")
    parser.add_argument("--huge", action="store_true")
    parser.add_argument("kinds", nargs="+", choices=KINDS)
    arguments = parser.parse_args()
    if set(arguments.kinds) & set(NEED_TESTPMD) and not shutil.which("dpdk-testpmd"):
        skip("no dpdk-testpmd (package dpdk-dev)")
    if not arguments.huge:
        run_kinds(arguments.weir, arguments.kinds, EAL)
    elif not os.access(HUGE_PAGES, os.W_OK):
        skip("huge pages may not be reserved here")
    else:
        with huge_pages(160) as reserved:
            if not reserved:
                skip("there is no room for huge pages")
            run_kinds(arguments.weir, arguments.kinds, HUGE_EAL)
    print(f"{len(FAILURES)} failures")
    return 1 if FAILURES else 0


sys.exit(main())
