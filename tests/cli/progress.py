#!/usr/bin/env python3
"""weir replay's progress on a terminal: "reading", then "writing" while files out are written.

    progress.py WEIR

Work is made slow from outside: the trace goes to a pipe that nobody reads for a while.
"""
import os
import pathlib
import pty
import struct
import subprocess
import sys
import tempfile
import threading
import time

PACKETS = 100000
WAIT = 1.0  # seconds; nothing is shown in the first half one

CLUSTER = """\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: app}
spec: {containers: [{name: c, image: i}]}
status: {phase: Running, podIP: 10.1.0.10, podIPs: [{ip: 10.1.0.10}]}
"""


def write_trace(path):
    frame = bytes(12) + b"\x08\x06" + bytes(46)
    record = struct.pack("<IIII", 1, 1, len(frame), len(frame)) + frame
    path.write_bytes(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1) + record * PACKETS)


def read_late(path, size):
    """The size of all that came, beginning after a while and pausing in between."""
    with open(path, "rb") as pipe:
        while True:
            time.sleep(WAIT if not size else 0)
            piece = pipe.read(1 << 20)
            if not piece:
                return
            size.append(len(piece))
            if len(size) == 2:
                time.sleep(WAIT)


def run(weir, folder, stderr):
    size = []
    reader = threading.Thread(target=read_late, args=(folder / "out.pcapng", size))
    reader.start()
    code = subprocess.call(
        [weir, "replay", "-f", folder / "cluster.yaml", "-r", folder / "trace.pcap",
         "-w", folder / "out.pcapng", "--summary"],
        stdout=subprocess.DEVNULL, stderr=stderr)
    reader.join()
    return code, sum(size)


def on_terminal(weir, folder):
    terminal, process_end = pty.openpty()
    shown = []

    def collect():
        while True:
            try:
                shown.append(os.read(terminal, 4096))
            except OSError:
                return

    collector = threading.Thread(target=collect)
    collector.start()
    result = run(weir, folder, process_end)
    os.close(process_end)
    collector.join()
    return result, b"".join(shown)


def main():
    weir = sys.argv[1]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "cluster.yaml").write_text(CLUSTER)
        write_trace(folder / "trace.pcap")
        os.mkfifo(folder / "out.pcapng")
        (code, size), shown = on_terminal(weir, folder)
        assert code == 0 and size > PACKETS * 60, (code, size)
        assert b"\rwriting [#" in shown, shown
        assert shown.endswith(b"\r\x1b[K"), shown
        with open(folder / "stderr", "wb") as stderr:
            code, size = run(weir, folder, stderr)
        assert code == 0 and size > PACKETS * 60, (code, size)
        assert (folder / "stderr").read_bytes() == b"", "no terminal, no progress"


main()
