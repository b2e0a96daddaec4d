#!/usr/bin/env python3
"""frames.py PROGRAM: tshark finds nothing wrong in generated frames, checksums included."""
import os
import shutil
import subprocess
import sys
import tempfile

if not shutil.which("tshark"):
    print("SKIPPED: no tshark")
    sys.exit(77)
SUMS = ("ip", "tcp", "udp", "icmp", "icmpv6", "sctp")
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "frames.pcap")
    subprocess.run([sys.argv[1], path], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    command = ["tshark", "-r", path, "-T", "fields", "-e", "frame.number", "-e", "_ws.malformed"]
    for name in ("ip", "tcp", "udp"):
        command += ["-o", f"{name}.check_checksum:TRUE"]
    command += ["-o", "sctp.checksum:CRC 32c"]
    for name in SUMS:
        command += ["-e", f"{name}.checksum.status"]
    command += ["-e", "ipv6.fraghdr.more"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
lines = [line.split("\t") for line in done.stdout.splitlines()]
failures = 0
for line in lines:
    # The sums of a datagram in fragments are looked at with the last of them.
    if line.pop() in ("1", "True"):
        continue
    statuses = [status for status in line[2:] if status]
    # 1 is good; every frame has the transport's. What a port's number makes tshark look for in a payload of zeros is no matter.
    is_malformed = line[1] and not (line[3] or line[4])
    if is_malformed or not statuses or any(status != "1" for status in statuses):
        failures += 1
        print("FAILED", dict(zip(("frame", "malformed") + SUMS, line)))
counts = {name: sum(bool(line[i + 2]) for line in lines) for i, name in enumerate(SUMS)}
print(f"{len(lines)} frames, sums looked at: {counts}, {failures} failures")
if len(lines) < 1000 or not all(counts.values()):
    failures += 1
sys.exit(1 if failures else 0)
