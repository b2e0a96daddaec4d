#!/usr/bin/env python3
"""What replay holds in memory grows with flows, not with packets.

    memory.py WEIR

Two traces of the same flows, one with ten times the packets of the other. The least bound on data
(RLIMIT_DATA: all memory that is written, whether touched or not, but no mapped file) that is enough
for the short trace has to be enough for the long one, with less to spare than a byte a packet costs.
"""
import os
import resource
import subprocess
import sys
import tempfile

FLOWS = 4000
PACKETS = 40000
TIMES = 12
MOST = 1024  # MiB
MIB = 1 << 20


def replay(weir, folder, trace, threads, limit):
    """Whether a bound is enough; None: no bound."""
    def bound():
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))

    done = subprocess.run(
        [weir, "replay", "-f", f"{folder}/cluster.yaml", "-r", f"{folder}/{trace}", "--summary",
         "-o", "jsonl", "--threads", str(threads)],
        preexec_fn=bound, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env={**os.environ, "MALLOC_ARENA_MAX": "1"}, check=False)
    return done.returncode == 0 and b'"packets"' in done.stdout


def least(weir, folder, trace, threads):
    """In MiB, between a bound that is not enough and one that is."""
    low, high = 1, MOST
    while low < high:
        middle = (low + high) // 2
        if replay(weir, folder, trace, threads, middle * MIB):
            high = middle
        else:
            low = middle + 1
    return high


def generate(weir, folder, name, packets, flows):
    subprocess.run([weir, "gen", "trace", "-f", f"{folder}/cluster.yaml", "-o", f"{folder}/{name}",
                    "--flows", str(flows), "--packets", str(packets), "--connections", "2000",
                    "--payload", "0"], check=True)


def main():
    weir = sys.argv[1]
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([weir, "gen", "cluster", "--pods", "100", "-o", f"{folder}/cluster.yaml"],
                       check=True)
        generate(weir, folder, "short.pcap", PACKETS, FLOWS)
        generate(weir, folder, "long.pcap", PACKETS * TIMES, FLOWS)
        generate(weir, folder, "wide.pcap", PACKETS * TIMES, FLOWS * TIMES)
        if not replay(weir, folder, "short.pcap", 1, MOST * MIB):
            if not replay(weir, folder, "short.pcap", 1, None):
                print("replay fails")
                return 1
            print(f"SKIPPED: this build takes more than {MOST} MiB for itself, as sanitizers do")
            return 77
        for threads in 1, 2:
            short = least(weir, folder, "short.pcap", threads)
            long = least(weir, folder, "long.pcap", threads)
            wide = least(weir, folder, "wide.pcap", threads)
            print(f"{threads} threads: {FLOWS} flows in {PACKETS} packets {short} MiB, in "
                  f"{PACKETS * TIMES} {long} MiB; {FLOWS * TIMES} flows {wide} MiB")
            # A byte for each of the packets more would be half of a MiB. Who of several threads is
            # first moves it by one.
            if long > short + (threads - 1):
                print("memory grows with packets")
                failed = True
            # what cannot tell flows from packets proves nothing
            if wide <= short + 2:
                print("memory does not grow with flows: is it measured?")
                failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
