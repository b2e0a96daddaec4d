#!/usr/bin/env python3
"""vanish.py WEIR: an interface is deleted under a port. What it does not send is counted, the rest goes on."""
import os
import socket
import subprocess
import sys
import tempfile

from fastpath import EAL, FAILURES, await_words, check, finish, lcores
from packets import ARP, CLUSTER

PACKETS = 100


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def main():
    weir = sys.argv[1]
    if os.geteuid() != 0:
        print("SKIPPED: not root: no network namespaces")
        return 77
    if len(sys.argv) == 2:
        os.execvp("unshare", ["unshare", "-n", sys.executable, *sys.argv, "inside"])
    for near, far in (("port-a", "far-a"), ("port-b", "far-b")):
        ip("link", "add", "name", near, "type", "veth", "peer", "name", far)
        ip("link", "set", near, "up")
        ip("link", "set", far, "up")
    with tempfile.TemporaryDirectory() as folder:
        cluster = os.path.join(folder, "cluster.yaml")
        open(cluster, "w", encoding="utf-8").write(CLUSTER)
        command = [weir, "run", "-f", cluster, "-o", "json", "--idle", "3000", "--", *EAL, "--no-telemetry", *lcores(1)]
        command += ["--vdev=net_af_packet0,iface=port-a", "--vdev=net_af_packet1,iface=port-b"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        await_words(process, "ready", [])
        ip("link", "del", "port-a")
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
            sender.bind(("far-b", 0))
            for _ in range(PACKETS):
                sender.send(ARP)
        report, _ = finish(process, "a port vanishes")
    gone, left = report["ports"]
    check("the other port receives", True, left["received"] >= PACKETS)
    check("what could not be sent is counted", True, gone["errors"] + gone["unsent"] >= PACKETS)
    print(f"{len(FAILURES)} failures: {gone}")
    return 1 if FAILURES else 0


sys.exit(main())
