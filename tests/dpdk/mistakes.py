#!/usr/bin/env python3
"""mistakes.py WEIR: what a user gets wrong behind -- and in front of it, and what weir run says."""
import os
import subprocess
import sys
import tempfile

from fastpath import EAL, FAILURES, check, lcores
from ends import write
from packets import CLUSTER

COMMON = [*EAL, "--no-telemetry"]
BEHIND = [*COMMON, *lcores(1)]
NULLS = ["--vdev=net_null0", "--vdev=net_null1"]
MISTAKES = [
    ("no port", [], BEHIND, "there is no port: bind a NIC"),
    ("one port", [], [*BEHIND, NULLS[0]], "is odd (1): give one more, or --wiring one-armed"),
    ("no such driver", [], [*BEHIND, "--vdev=net_foo0", *NULLS], "EAL does not start"),
    # Of three ports the other two would be a pair that nobody asked for.
    ("no such file", [], [*BEHIND, "--vdev=net_pcap0,rx_pcap=none.pcap", *NULLS], "net_pcap0, named behind --, cannot be a port"),
    ("no such interface", [], [*BEHIND, "--vdev=net_af_packet0,iface=none", *NULLS], "net_af_packet0, named behind --, cannot be a port"),
    ("a name that begins another", [], [*BEHIND, "--vdev=net_pcap1,rx_pcap=none.pcap", "--vdev=net_pcap10,tx_pcap=/dev/null"], "net_pcap1, named behind --, cannot be a port"),
    ("no core for packets", [], [*COMMON, *lcores(0), *NULLS], "there is no core for packets"),
    ("no such core", [], [*COMMON, "-l", "0,4000", *NULLS], "EAL does not start"),
    ("little memory", [], [*BEHIND, "-m", "4", *NULLS], "give more with -m behind --, or take fewer with --buffers"),
    ("many buffers", ["--buffers", "16777216"], [*BEHIND, *NULLS], "no memory for 16777216 packets"),
    ("few buffers", ["--buffers", "1"], [*BEHIND, *NULLS], "--buffers 1: must be a whole number from 64"),
    ("no such MAC", ["--next-hop", "nowhere"], [*BEHIND, *NULLS], "must be an Ethernet address"),
    ("no EAL option", [], [*BEHIND, "--bogus"], "EAL does not start"),
    ("no --", ["eth0"], BEHIND, "what is EAL's stands behind --"),
]


def main():
    weir = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        cluster = os.path.join(folder, "cluster.yaml")
        write(cluster, CLUSTER)
        for name, front, behind, words in MISTAKES:
            command = [weir, "run", "-f", cluster, *front, "--", *behind]
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
            check(f"{name}: exit code", 2, done.returncode)
            check(f"{name}: it says {words}: {done.stderr}", True, words in done.stderr)
            check(f"{name}: and no more about ports", False, "already stopped" in done.stderr)
    print(f"{len(FAILURES)} failures")
    return 1 if FAILURES else 0


sys.exit(main())
