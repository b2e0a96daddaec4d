#!/usr/bin/env python3
"""live.py WEIR: real clients and servers in network namespaces, with weir run as the wire between them.

A client's and a server's namespace have a veth each, whose other ends are the two ports of weir run
over af_packet. What the policy allows completes, what it denies times out, a new policy takes effect
on an open connection as --at-change says, and the counters are what tcpdump saw.
"""
import os
import signal
import subprocess
import sys
import tempfile
import time

from fastpath import Devices, await_words, finish, start
from ends import (DIGEST, FAILURES, Namespace, answers, check, connects, download, echoes, open_stream, pods, policy,
                  serve, wire, write)

ADDRESSES = {"client": ("10.1.0.1", "fd00:1::1"), "server": ("10.1.0.2", "fd00:1::2")}
OPEN = "{port: 8080}, {port: 5353, protocol: UDP}"
SHUT = "{port: 5353, protocol: UDP}"


class Run:
    """weir run between the two ports, in the middle."""

    def __init__(self, weir, middle, policies, options):
        ports = Devices(*(f"net_af_packet{i},iface=port-{name}" for i, name in enumerate(ADDRESSES)))
        self.process = start(weir, policies, ports, options, 1, within=middle.command())
        self.await_words("ready")

    def await_words(self, words):
        await_words(self.process, words, [])

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        return finish(self.process, "run")[0]


def allowed_and_denied(client):
    for address in ADDRESSES["server"]:
        check(f"download from {address}", DIGEST, client.call(download, address))
        check(f"{address} port 9090", False, client.call(connects, address, 9090))
    check("UDP 5353", True, client.call(answers, "10.1.0.2", 5353))
    check("UDP 5354", False, client.call(answers, "10.1.0.2", 5354))


def counters_match_tcpdump(weir, middle, client, policies, folder):
    dump = os.path.join(folder, "client.pcap")
    tcpdump = subprocess.Popen(
        middle.command("tcpdump", "-Z", "root", "-B", "16384", "-s", "2048", "--immediate-mode", "-Q", "in", "-i", "port-client", "-w", dump),
        stderr=subprocess.PIPE, text=True)
    tcpdump.stderr.readline()
    run = Run(weir, middle, policies, [])
    allowed_and_denied(client)
    time.sleep(0.5)
    report = run.end()
    tcpdump.send_signal(signal.SIGINT)
    _, words = tcpdump.communicate(timeout=10)
    captured = int(words.split(" packets captured")[0].split()[-1])
    check("tcpdump lost nothing", True, "\n0 packets dropped by kernel" in words)
    # It listens a little longer than weir does, to what nobody answers any more.
    received = report["ports"][0]["received"]
    check(f"received as tcpdump saw ({captured})", True, 0 <= captured - received <= 5)
    check("something is denied", True, report["denied"] >= 4)
    rules = report["rules"]
    check("connections by rule", {"NetworkPolicy shop/server ingress[0]"}, set(rules))
    # Two downloads and a datagram.
    check("how many", 3, sum(rules.values()))
    print(f"{report['packets']} packets, {report['allowed']} allowed, {report['denied']} denied; tcpdump saw {captured} of {received} come from the client")


def policy_changes(weir, middle, client, policies, changing, options, goes_on):
    at_change = " ".join(options)
    write(changing, policy(OPEN))
    run = Run(weir, middle, policies, ["--at-change", *options])
    stream = client.call(open_stream, "10.1.0.2", 8080)
    write(changing, policy(SHUT))
    run.await_words("a new policy is in force")
    check(f"--at-change {at_change}: the open connection", goes_on, client.call(echoes, stream))
    check(f"--at-change {at_change}: a new one", False, client.call(connects, "10.1.0.2", 8080))
    stream.close()
    run.end()
    write(changing, policy(OPEN))


def main():
    weir = sys.argv[1]
    names = {name: Namespace() for name in ("middle", "client", "server")}
    middle = names.pop("middle")
    try:
        wire(middle, {name: (names[name], *ADDRESSES[name]) for name in names})
        names["server"].call(serve)
        with tempfile.TemporaryDirectory() as folder:
            cluster, changing = os.path.join(folder, "cluster.yaml"), os.path.join(folder, "policy.yaml")
            write(cluster, pods(ADDRESSES))
            write(changing, policy(OPEN))
            policies = [cluster, changing]
            counters_match_tcpdump(weir, middle, names["client"], policies, folder)
            policy_changes(weir, middle, names["client"], policies, changing, ["revalidate"], False)
            policy_changes(weir, middle, names["client"], policies, changing, ["keep"], True)
    finally:
        for namespace in [middle, *names.values()]:
            namespace.end()
    print(f"{len(FAILURES)} failures", flush=True)
    os._exit(1 if FAILURES else 0)


main()
