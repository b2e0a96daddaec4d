#!/usr/bin/env python3
"""weir replay --follow: what it prints of a trace that is written meanwhile, and when.

    follow.py WEIR MAKE_TRACE

The trace is written in pieces that end inside of records, as buffers of capture programs do.
"""
import concurrent.futures
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

from at_work import AtWork, Failed, check, pod, policy_of_db

# Closed, closed later, a question without an answer, one that is never closed.
TRACE = """\
0.000 tcp 10.1.0.10 40000 10.1.0.20 5432 S
0.001 tcp 10.1.0.20 5432 10.1.0.10 40000 SA
0.002 tcp 10.1.0.10 40000 10.1.0.20 5432 FA
0.003 tcp 10.1.0.20 5432 10.1.0.10 40000 FA
0.004 tcp 10.1.0.10 40000 10.1.0.20 5432 A
1.000 tcp 10.1.0.11 40001 10.1.0.20 5432 S
1.500 udp 10.1.0.10 40002 10.1.0.20 53
2.000 arp
9.000 tcp 10.1.0.10 40003 10.1.0.20 5432 S
9.001 tcp 10.1.0.20 5432 10.1.0.10 40003 SA
9.002 tcp 10.1.0.10 40003 10.1.0.20 5432 A
"""
LATER = """\
20.000 tcp 10.1.0.20 5432 10.1.0.10 40003 R
"""

CLUSTER = (pod("web", "10.1.0.10") + pod("job", "10.1.0.11") + pod("db", "10.1.0.20") +
           policy_of_db("from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 5432}]"))


def followed(*arguments, stdin=subprocess.DEVNULL, output="jsonl"):
    return AtWork(WEIR, "replay", "-f", "cluster.yaml", "-o", output, *arguments, stdin=stdin)


def append(data, path="trace.pcap"):
    with open(path, "ab") as file:
        file.write(data)


def in_pieces(data, count=9):
    size = len(data) // count + 1
    for at in range(0, len(data), size):
        append(data[at:at + size])
        time.sleep(0.05)


def make(text, header=True):
    made = subprocess.run([MAKE_TRACE], input=text.encode(), capture_output=True, check=True).stdout
    return made if header else made[24:]


def replayed(*arguments):
    done = subprocess.run([WEIR, "replay", "-f", "cluster.yaml", "-r", "whole.pcap", "-o", "jsonl",
                           *arguments], capture_output=True, text=True, check=True)
    objects = [json.loads(line) for line in done.stdout.splitlines()]
    return objects[:-1], objects[-1]["summary"]


def by_number(flows):
    return sorted(flows, key=lambda flow: flow["flow"])


def without_interfaces(flows):
    return [{k: v for k, v in flow.items() if k != "interfaces"} for flow in flows]


def flows_are_printed_at_their_end():
    append(b"")
    weir = followed("-r", "trace.pcap", "--follow")
    in_pieces(make(TRACE))
    weir.wait_for(lambda: len(weir.flows()) == 1, "the closed connection is printed")
    check(weir.flows()[0]["state"] == "closed", weir.text())
    check(weir.flows()[0]["packets"] == {"forward": 3, "reply": 2}, weir.text())
    append(make(LATER, header=False))
    # By the clock: nothing comes any more, and three seconds after the reset it is over.
    weir.wait_for(lambda: len(weir.flows()) == 2, "time passes while nothing is captured")
    check(weir.flows()[1]["from"]["port"] == 40003, weir.text())
    weir.end()
    check(len(weir.flows()) == 4, weir.text())
    pathlib.Path("whole.pcap").write_bytes(make(TRACE + LATER))
    flows, summary = replayed()
    check(without_interfaces(by_number(weir.flows())) == without_interfaces(flows), weir.text())
    check(weir.summary() == summary, weir.text())
    check(weir.errors() == "", weir.errors())


def provisional_lines_on_request():
    append(make(TRACE))
    weir = followed("-r", "trace.pcap", "--follow", "--provisional")
    weir.wait_for(lambda: len([f for f in weir.flows() if f.get("provisional")]) == 3, "so far")
    append(make(LATER, header=False))
    weir.wait_for(lambda: len([f for f in weir.flows() if f.get("provisional")]) == 4, "a change")
    last = [f for f in weir.flows() if f.get("provisional")][-1]
    check(last["state"] == "closed" and last["flow"] == 4, last)
    weir.end(signal.SIGTERM)
    over = [f for f in weir.flows() if "provisional" not in f]
    check(sorted(f["flow"] for f in over) == [1, 2, 3, 4], weir.text())
    check(weir.summary()["packets"] == 12, weir.text())


def every_format_goes_along():
    for output, wanted in (("table", "deny so far"), ("wide", "deny so far"),
                           ("csv", ",provisional\n"), ("json", '"provisional": true')):
        pathlib.Path("trace.pcap").write_bytes(make(TRACE))
        weir = followed("-r", "trace.pcap", "--follow", "--provisional", output=output)
        weir.wait_for(lambda: wanted in weir.text(), output)
        weir.end()
        if output == "json":
            whole = json.loads(weir.text())
            check(whole["summary"]["packets"] == 11 and len(whole["flows"]) == 7, weir.text())
        else:
            check("packets    11 = 10 allowed + 1 denied" in weir.text() + weir.errors() or
                  "11 = " in weir.text() + weir.errors(), weir.text(), weir.errors())


def a_pipe_ends_by_itself():
    weir = followed("-r", "-", "--follow", stdin=subprocess.PIPE)
    data = make(TRACE)
    for at in range(0, len(data), 100):
        weir.process.stdin.write(data[at:at + 100])
        weir.process.stdin.flush()
        time.sleep(0.01)
    weir.wait_for(lambda: len(weir.flows()) == 1, "a flow while the pipe is open")
    weir.process.stdin.close()
    weir.end(None)
    check(weir.summary()["packets"] == 11, weir.text())
    check(weir.flows()[0]["interfaces"] == ["stdin"], weir.text())


def a_time_may_be_set():
    append(make(TRACE))
    began = time.monotonic()
    weir = followed("-r", "trace.pcap", "--follow", "--for", "1").end(None)
    check(1 <= time.monotonic() - began < 10, "took", time.monotonic() - began)
    check(len(weir.flows()) == 4 and weir.summary()["packets"] == 11, weir.text())


def a_replaced_file_is_left_for_the_new_one():
    append(make(TRACE))
    weir = followed("-r", "trace.pcap", "--follow")
    weir.wait_for(lambda: len(weir.flows()) == 1, "the first file is read")
    os.rename("trace.pcap", "old.pcap")
    append(make(LATER))
    weir.wait_for(lambda: "another file has its name now" in weir.errors(), "words about it")
    weir.end()
    check(weir.summary()["packets"] == 12, weir.text())
    check(len(weir.flows()) == 4, weir.text())


def a_shortened_file_is_read_anew():
    append(make(TRACE))
    weir = followed("-r", "trace.pcap", "--follow")
    weir.wait_for(lambda: len(weir.flows()) == 1, "the file is read")
    os.truncate("trace.pcap", 0)
    weir.wait_for(lambda: "became shorter" in weir.errors(), "words about it")
    append(make(LATER))
    weir.end()
    check(weir.summary()["packets"] == 12, weir.text())


def a_packet_that_is_not_complete_is_told():
    append(make(TRACE)[:-1])
    weir = followed("-r", "trace.pcap", "--follow", "--for", "1").end(None)
    check("last packet is not complete" in weir.errors(), weir.errors())
    check(weir.summary()["packets"] == 10, weir.text())


def t19_damage_is_exit_3_with_what_was_readable():
    append(make(TRACE) + b"\xff" * 40)
    weir = followed("-r", "trace.pcap", "--follow").end(None, 3)
    check(weir.summary()["packets"] == 11 and len(weir.flows()) == 4, weir.text())
    check("trace.pcap: " in weir.errors() and "a record of 4294967295 bytes" in weir.errors(),
          weir.errors())


def the_filter_holds():
    append(make(TRACE))
    weir = followed("-r", "trace.pcap", "--follow", "--for", "1", "udp").end(None)
    check(weir.summary()["packets"] == 1, weir.text())


def a_clock_that_is_set_back_ends_nothing():
    append(make("5000 udp 10.1.0.10 1 10.1.0.20 2\n10 tcp 10.1.0.10 3 10.1.0.20 5432 S\n"))
    weir = followed("-r", "trace.pcap", "--follow", "--provisional")
    weir.wait_for(lambda: len(weir.flows()) == 2, "both are told")
    append(make("11 tcp 10.1.0.20 5432 10.1.0.10 3 SA\n", header=False))
    weir.wait_for(lambda: any(f["state"] == "established" for f in weir.flows()), "an answer")
    weir.end()
    over = [f for f in weir.flows() if "provisional" not in f]
    check([f["packets"] for f in by_number(over)] == [{"forward": 1, "reply": 0},
                                                      {"forward": 1, "reply": 1}], weir.text())


def t26_fail_on_looks_at_all_that_was():
    append(make(TRACE))
    followed("-r", "trace.pcap", "--follow", "--for", "1", "--fail-on", "deny").end(None, 1)


def the_summary_alone():
    append(make(TRACE))
    weir = followed("-r", "trace.pcap", "--follow", "--for", "1", "--summary").end(None)
    check(len(weir.objects()) == 1 and weir.summary()["packets"] == 11, weir.text())


TESTS = [flows_are_printed_at_their_end, provisional_lines_on_request, every_format_goes_along,
         a_pipe_ends_by_itself, a_time_may_be_set, a_replaced_file_is_left_for_the_new_one,
         a_shortened_file_is_read_anew, a_packet_that_is_not_complete_is_told,
         t19_damage_is_exit_3_with_what_was_readable, the_filter_holds,
         a_clock_that_is_set_back_ends_nothing, t26_fail_on_looks_at_all_that_was, the_summary_alone]


def run(test):
    """Most of the time is waiting, so that all run at once, in a process and a folder each."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        pathlib.Path("cluster.yaml").write_text(CLUSTER)
        try:
            test()
            print("ok " + test.__name__ + "\n", end="", flush=True)
            return True
        except Failed as why:
            print("FAILED %s %s\n" % (test.__name__, why), end="", flush=True)
            return False
        finally:
            os.chdir("/")


if __name__ == "__main__":
    WEIR, MAKE_TRACE = (os.path.abspath(path) for path in sys.argv[1:3])
    with concurrent.futures.ProcessPoolExecutor(len(TESTS)) as pool:
        sys.exit(not all(list(pool.map(run, TESTS))))
