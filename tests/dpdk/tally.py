"""tally.py FOLDER: what weir run reports, beside what tcpdump saw at the other ends of its ports.

PORT.pcap is all that an end sent and received, PORT.mac its address; report is that of weir run. ARP may
go on while tcpdump begins and ends, so packets of IP are compared.
"""
import glob
import json
import os
import sys

from fastpath import FAILURES, check, frames


def main():
    folder = sys.argv[1]
    with open(os.path.join(folder, "report"), encoding="utf-8") as file:
        report = json.load(file)
    sent = received = 0
    for path in sorted(glob.glob(os.path.join(folder, "*.pcap"))):
        base = path.removesuffix(".pcap")
        with open(base + ".mac", encoding="ascii") as file:
            own = bytes.fromhex(file.read().strip().replace(":", ""))
        with open(base + ".tcpdump", encoding="utf-8") as file:
            check(f"{base}: tcpdump lost nothing", True, "\n0 packets dropped by kernel" in file.read())
        packets = [frame for frame in frames(path) if frame[12:14] == b"\x08\x00"]
        ours = sum(frame[6:12] == own for frame in packets)
        sent, received = sent + ours, received + len(packets) - ours
    check("received: as the ends sent", sent, report["packets"] - report["not_ip"])
    check("allowed: as the ends received", received, report["allowed"])
    check("denied", sent - received, report["denied"])
    # How often a denied opening is sent again is up to the clients.
    check("something of each", True, report["allowed"] > 100 and report["denied"] > 25)
    for port in report["ports"]:
        check(f"{port['port']}: lost", [0] * 3, [port[name] for name in ("unsent", "missed", "errors")])
    print(f"{sent} packets of IP, {received} allowed; on {len(report['ports'])} ports")
    return 1 if FAILURES else 0


sys.exit(main())
