#!/usr/bin/env python3
"""formats.py WEIR MANIFESTS: what weir bench prints is what its formats promise."""
import csv
import json
import re
import struct
import subprocess
import sys
import tempfile

ARGUMENTS = ["bench", "--shape", "100-pods", "--engine", "linear", "--keys", "300",
             "--seconds", "0.001"]


def run(weir, *more, codes=(0, 4), engine="weir", sides="all"):
    done = subprocess.run([weir, *ARGUMENTS, "--engine", engine, "--sides", sides, *more],
                          capture_output=True, text=True, check=False)
    assert done.returncode in codes, done.stderr
    return done.stdout


def check_json(weir):
    report = json.loads(run(weir, "-o", "json"))
    # Writing through other memory takes long: one kernel only.
    cold = json.loads(run(weir, "-o", "json", "--caches", "all", engine="weir/scalar", sides="both"))
    assert report["machine"]["cores"] > 0 and report["versions"]["weir"] and report["seed"] == 1
    assert {case["engine"] for case in report["cases"]} > {"weir", "weir/scalar", "linear"}
    assert {case["sides"] for case in report["cases"]} == {"both", "egress", "ingress"}
    assert {case["caches"] for case in cold["cases"]} == {"warm", "cold"}
    for case in report["cases"] + cold["cases"]:
        assert case["outcome"] == "measured" and case["unit"] == "verdicts/s"
        assert case["verdict_digest"] == case["reference_digest"]
        assert re.fullmatch("[0-9a-f]{64}", case["policy_hash"])
        assert re.fullmatch("[0-9a-f]{64}", case["keys_hash"])
        assert len(case["samples"]) == 5
        assert min(case["samples"]) <= case["p5"] <= case["median"] <= case["p95"]
        assert sorted(case["samples"])[2] == case["median"]
        assert ("weir_ratio" in case) == case["peer"]
    return report


def check_seed(weir, report):
    """The seed decides the keys and not the policy."""
    again = json.loads(run(weir, "-o", "json", "--check", codes=(0,)))
    other = json.loads(run(weir, "-o", "json", "--check", "--seed", "2", codes=(0,)))
    for one in (again, other):
        assert one["cases"][0]["policy_hash"] == report["cases"][0]["policy_hash"]
        assert one["cases"][0]["outcome"] == "right" and "median" not in one["cases"][0]
    assert again["cases"][0]["keys_hash"] == report["cases"][0]["keys_hash"]
    assert other["cases"][0]["keys_hash"] != report["cases"][0]["keys_hash"]


def check_programs(weir):
    """Rules as a BPF program: right where they fit, interpreted or compiled, and else declined."""
    listed = subprocess.run([weir, "bench", "--list"], capture_output=True, text=True, check=True)
    engines = ["bpf"] + ["bpf-jit"] * ("  bpf-jit " in listed.stdout)
    for shape, outcome in (("20-pods", "right"), ("100-pods", "declined")):
        words = [weir, "bench", "--shape", shape, "--check", "--keys", "300", "-o", "json"]
        for engine in engines:
            words += ["--engine", engine]
        done = subprocess.run(words, capture_output=True, check=True, timeout=60)
        cases = json.loads(done.stdout)["cases"]
        assert [(case["engine"], case["outcome"]) for case in cases] == [
            (engine, outcome) for engine in engines], cases


def check_csv(weir):
    rows = list(csv.DictReader(run(weir, "-o", "csv").splitlines()))
    assert len(rows) >= 9 and all(None not in row for row in rows)
    for row in rows:
        assert row["outcome"] == "measured" and float(row["median"]) > 0
        assert bool(row["weir_ratio"]) == (row["engine"] == "linear")


def check_html(weir):
    page = run(weir, "-o", "html")
    assert page.startswith("<!DOCTYPE html>") and page.rstrip().endswith("</html>")
    assert page.count("<svg") == 3 and page.count("<rect") >= 9
    assert not re.search(r"https?:|src=|href=|@import|<script", page)


def packet(source, destination, port):
    """An Ethernet frame of TCP's first packet, behind its pcap record header."""
    tcp = struct.pack(">HHIIBBHHH", 40000, port, 1, 0, 0x50, 2, 1024, 0, 0)
    addresses = bytes(int(part) for part in (source + "." + destination).split("."))
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 40, 0, 0, 64, 6, 0) + addresses
    frame = bytes(12) + b"\x08\x00" + ip + tcp
    return struct.pack("<IIII", 1, 0, len(frame), len(frame)) + frame


def check_own(weir, manifests):
    """Manifests with -f, and the keys of a trace with -r."""
    own = [weir, "bench", "-f", manifests, "--check", "-o", "json"]
    report = json.loads(subprocess.run(own, capture_output=True, check=True).stdout)
    assert report["cases"][0]["workload"] == manifests
    assert all(case["outcome"] in ("right", "declined") for case in report["cases"])
    with tempfile.NamedTemporaryFile(suffix=".pcap") as trace:
        trace.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for port in (80, 81, 5432):
            trace.write(packet("198.51.100.1", "203.0.113.9", port))
        trace.flush()
        own += ["-r", trace.name]
        report = json.loads(subprocess.run(own, capture_output=True, check=True).stdout)
        assert {case["keys"] for case in report["cases"]} == {3}
        assert {case["allowed"] for case in report["cases"]} == {3}
        trace.truncate(24)
        done = subprocess.run(own, capture_output=True, check=False)
        assert done.returncode == 2 and b"no packet" in done.stderr


def main():
    weir = sys.argv[1]
    check_own(weir, sys.argv[2])
    check_seed(weir, check_json(weir))
    check_programs(weir)
    check_csv(weir)
    check_html(weir)


main()
