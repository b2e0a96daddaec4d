"""Starting weir run on ports that are files, and looking at what came of it."""
import hashlib
import json
import os
import struct
import subprocess
import sys
import tempfile

from packets import write_pcap

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from ends import FAILURES  # noqa: E402

EAL = ["--no-pci", "--iova-mode=va", "--log-level=error", "--no-huge", "-m", "512", "--no-shconf"]
HUGE_EAL = [*EAL[:3], "-m", "128", "--in-memory", "--single-file-segments"]
PREFIX = f"weir-test-{os.getpid()}"


def digest(value):
    """Short enough to print: of lists of frames their number and a hash."""
    if isinstance(value, list) and value and isinstance(value[0], bytes):
        return f"{len(value)} frames {hashlib.sha256(b''.join(value)).hexdigest()[:12]}"
    return value


def check(what, want, got):
    if want != got:
        want, got = digest(want), digest(got)
        FAILURES.append(f"{what}: expected {want}, got {got}")
        print("FAILED", FAILURES[-1])


def lcores(cores, first=0):
    """The first steers; all share the processors that there are, of which it has number first."""
    cpus = sorted(os.sched_getaffinity(0))
    return ["--lcores", ",".join(f"{i}@{cpus[(i + first) % len(cpus)]}" for i in range(cores + 1))]


def frames(path):
    """Frames of a pcap file, with the byte order it was written in."""
    data = open(path, "rb").read()
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    at, out = 24, []
    while at < len(data):
        length = struct.unpack(order + "I", data[at + 8 : at + 12])[0]
        out.append(data[at + 16 : at + 16 + length])
        at += 16 + length
    return out


def link_type(path):
    data = open(path, "rb").read(24)
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    return struct.unpack(order + "I", data[20:24])[0]


class Ports:
    """A pair of ports: what comes in by the first is a trace, by the second nothing."""

    def __init__(self, folder, trace):
        self.out = os.path.join(folder, "out.pcap")
        self.back = os.path.join(folder, "back.pcap")
        nothing = os.path.join(folder, "nothing.pcap")
        write_pcap(nothing, [])
        self.arguments = [
            f"--vdev=net_pcap0,rx_pcap={trace},tx_pcap={self.back}",
            f"--vdev=net_pcap1,rx_pcap={nothing},tx_pcap={self.out}",
        ]


class Devices:
    """Any ports."""

    def __init__(self, *arguments):
        self.arguments = [f"--vdev={argument}" for argument in arguments]


def start(weir, policies, ports, options, cores, eal=("--no-telemetry",), base=EAL, within=()):
    """The words of within are in front of weir's: a namespace to run in."""
    command = [*within, weir, "run", "-o", "json"]
    for path in policies:
        command += ["-f", path]
    command += options + ["--", *base, *eal] + lcores(cores) + ports.arguments
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process, what):
    out, err = process.communicate(timeout=60)
    check(f"{what}: exit code ({err.strip()})", 0, process.returncode)
    return json.loads(out) if out else {}, err


def run(weir, policies, trace, options, cores, what):
    with tempfile.TemporaryDirectory() as folder:
        ports = Ports(folder, trace)
        report, _ = finish(start(weir, policies, ports, ["--idle", "300"] + options, cores), what)
        return report, frames(ports.out), frames(ports.back)


def await_words(process, words, errors):
    """Until standard error has said the words."""
    for line in process.stderr:
        errors.append(line)
        if words in line:
            return
    check(f"it says '{words}'", True, "".join(errors))
