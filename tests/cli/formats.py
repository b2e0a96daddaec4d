#!/usr/bin/env python3
"""Every format in which captures come, from bytes written here to the flows that weir prints.

    formats.py WEIR
"""
import gzip
import json
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys

import rows
from rows import DB, JOB, SYN, WEB, check, ethernet, pcap, same, tcp, udp, weir

BASE = 1700000000


def option(order, code, value):
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def block(order, kind, body, options=b""):
    if options:
        options += bytes(4)
    length = 12 + len(body) + len(options)
    return struct.pack(order + "II", kind, length) + body + options + struct.pack(order + "I", length)


def section(order):
    return block(order, 0x0a0d0d0a, struct.pack(order + "IHHq", 0x1a2b3c4d, 1, 0, -1))


def interface(order, link=1, name=None, resolution=None, offset=None, snaplen=0):
    options = option(order, 2, name.encode()) if name else b""
    options += option(order, 9, bytes([resolution])) if resolution is not None else b""
    options += option(order, 14, struct.pack(order + "q", offset)) if offset is not None else b""
    return block(order, 1, struct.pack(order + "HHI", link, 0, snaplen), options)


def packet(order, number, time, frame, comment=None):
    body = struct.pack(order + "IIIII", number, time >> 32, time & 0xffffffff, len(frame), len(frame))
    return block(order, 6, body + frame + bytes(-len(frame) % 4),
                 option(order, 1, comment.encode()) if comment else b"")


def simple(order, frame, kept=None):
    return block(order, 3, struct.pack(order + "I", len(frame)) + frame[:kept] +
                 bytes(-len(frame[:kept]) % 4))


def flows_of(*arguments, stdin=None):
    out, errors = weir(*arguments, "-o", "jsonl", stdin=stdin)
    same(errors, "")
    return [json.loads(line) for line in out.splitlines()[:-1]]


def flows_in(data, name="t.pcapng"):
    pathlib.Path(name).write_bytes(data)
    return flows_of("-r", name)


def seconds(flow):
    return flow["first"][17:-1]


def cooked(payload):
    """Linux cooked capture."""
    return struct.pack("!HHH8sH", 0, 1, 6, bytes(8), 0x0800) + payload


def pcapng_of_many_sections_and_interfaces():
    for first, second in ("<>", "><", "<<"):
        data = section(first)
        data += interface(first, 1, "eth0", 9) + interface(first, 113, "any0")
        data += block(first, 0x0bad, b"12345678")
        data += packet(first, 0, (BASE + 1) * 10**9 + 1, ethernet(tcp(WEB, 1, DB, 80, SYN)))
        data += packet(first, 1, (BASE + 2) * 10**6 + 2, cooked(tcp(WEB, 2, DB, 80, SYN)))
        data += interface(first, 101, "late", 0x80 | 10, BASE)
        data += packet(first, 2, 3 * 1024 + 512, tcp(WEB, 3, DB, 80, SYN))
        data += section(second)
        data += interface(second, 12 + 89, "eth0", 3)
        data += packet(second, 0, (BASE + 4) * 1000 + 7, tcp(WEB, 4, DB, 80, SYN))
        flows = flows_in(data)
        same([(f["from"]["port"], seconds(f), f["interfaces"]) for f in flows],
             [(1, "21.000000001", ["eth0"]), (2, "22.000002000", ["any0"]),
              (3, "23.500000000", ["late"]), (4, "24.007000000", ["eth0"])], first, second)
        check(all(f["verdict"] == "allow" for f in flows), flows)


def simple_packets():
    frame = ethernet(udp(WEB, 1, DB, 53, b"x" * 100))
    data = section("<") + interface("<", snaplen=60) + packet("<", 0, BASE * 10**6, ethernet(
        udp(WEB, 2, DB, 53))) + simple("<", frame, 60)
    flows = flows_in(data)
    same([(f["from"]["port"], f["bytes"]["forward"], seconds(f)) for f in flows],
         [(2, 42, "20.000000000"), (1, 142, "20.000000000")])


def comments_are_kept_through_w():
    data = section(">") + interface(">") + packet(">", 0, BASE * 10**6, ethernet(
        tcp(WEB, 1, DB, 80, SYN)), "seen by a colleague")
    pathlib.Path("in.pcapng").write_bytes(data)
    weir("-r", "in.pcapng", "-w", "out.pcapng")
    out = pathlib.Path("out.pcapng").read_bytes()
    check(0 < out.find(b"seen by a colleague") < out.find(b"weir: allow"), out)


RECORDS = [(i / 8, tcp(WEB if i % 3 else JOB, 1000 + i % 7, DB, 80, SYN)) for i in range(60)]


def without_names(flows):
    for flow in flows:
        flow.pop("interfaces")
    return flows


def compressed_files_and_streams():
    data = pcap(RECORDS)
    plain = without_names(flows_in(data, "t.pcap"))
    members = gzip.compress(data[:500]) + gzip.compress(data[500:])
    same(without_names(flows_in(members, "members.gz")), plain)
    same(without_names(flows_in(gzip.compress(data), "no-such-name")), plain)
    for stream in (data, members):
        same(without_names(flows_of("-r", "-", stdin=stream)), plain)
    if not shutil.which("zstd"):
        print("zstd is not installed: tests/pcap/capture.c alone reads .zst")
        return
    frames = b"".join(subprocess.run(["zstd", "-qc"], input=part, capture_output=True).stdout
                      for part in (data[:500], data[500:]))
    same(without_names(flows_in(frames, "t.pcap.zst")), plain)
    same(without_names(flows_of("-r", "-", stdin=frames)), plain)


def rotated_sets_in_any_order_and_folders():
    plain = without_names(flows_in(pcap(RECORDS), "t.pcap"))
    parts = [pcap(RECORDS[i:i + 10]) for i in range(0, 60, 10)]
    os.makedirs("set/deep/er")
    folders = ["set", "set/deep", "set/deep/er"]
    # names whose order is not that of the times, and every second one compressed
    paths = ["%s/ring%d" % (folders[i % 3], 9 - i) for i in range(len(parts))]
    for i, (path, part) in enumerate(zip(paths, parts)):
        pathlib.Path(path).write_bytes(gzip.compress(part) if i % 2 else part)
    for seed in range(5):
        random.Random(seed).shuffle(paths)
        same(without_names(flows_of(*(word for path in paths for word in ("-r", path)))), plain)
    pathlib.Path("set/deep/README").write_text("no trace")
    out, errors = weir("-r", "set", "-o", "jsonl")
    same(without_names([json.loads(line) for line in out.splitlines()[:-1]]), plain)
    check("set/deep/README: " in errors and "skipped" in errors, errors)


def what_others_write():
    """mergecap puts captures of several link types into one pcapng file."""
    if not shutil.which("mergecap"):
        print("mergecap is not installed: nobody else's pcapng files were read")
        return
    pathlib.Path("a.pcap").write_bytes(pcap(RECORDS[::2]))
    pathlib.Path("b.pcap").write_bytes(pcap([(t, p) for t, p in RECORDS[1::2]], link=101,
                                            order=">"))
    subprocess.run(["mergecap", "-w", "merged.pcapng", "a.pcap", "b.pcap"], check=True,
                   capture_output=True)
    same(without_names(flows_of("-r", "merged.pcapng")),
         without_names(flows_of("-r", "a.pcap", "-r", "b.pcap")))


TESTS = [pcapng_of_many_sections_and_interfaces, simple_packets, comments_are_kept_through_w,
         compressed_files_and_streams, rotated_sets_in_any_order_and_folders, what_others_write]

if __name__ == "__main__":
    rows.WEIR = os.path.abspath(sys.argv[1])
    sys.exit(not all([rows.run(test) for test in TESTS]))
