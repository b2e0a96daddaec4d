#!/usr/bin/env python3
"""weir replay -i: a capture at an interface, in network namespaces made for it.

    listen.py WEIR

Two pods, a namespace each, with a veth between them. Exits with 77 where that is not allowed.
"""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from at_work import AtWork, Failed, PATIENCE, check, pod, policy_of_db

WEB, DB = "weir%d-web" % os.getpid(), "weir%d-db" % os.getpid()

CLUSTER = (pod("web", "10.1.0.10") + pod("db", "10.1.0.20") +
           policy_of_db("ports: [{port: 5432, protocol: UDP}]"))

SEND = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("10.1.0.10", int(sys.argv[2])))
for i in range(int(sys.argv[3])):
    s.sendto(b"x" * int(sys.argv[4]), ("10.1.0.20", int(sys.argv[1])))
"""


def skip(why):
    print("SKIPPED: " + why)
    sys.exit(77)


def ip(*arguments):
    return subprocess.run(["ip", *arguments], capture_output=True, text=True)


def set_up():
    if os.geteuid() != 0:
        skip("network namespaces need root")
    if not shutil.which("ip"):
        skip("ip is not installed")
    if ip("netns", "add", WEB).returncode or ip("netns", "add", DB).returncode:
        skip("this kernel refuses network namespaces")
    for arguments in (["-n", WEB, "link", "add", "eth0", "type", "veth", "peer", "name", "eth0",
                       "netns", DB],
                      ["-n", WEB, "link", "add", "down0", "type", "dummy"],
                      ["-n", WEB, "address", "add", "10.1.0.10/24", "dev", "eth0"],
                      ["-n", DB, "address", "add", "10.1.0.20/24", "dev", "eth0"]):
        made = ip(*arguments)
        if made.returncode and "dummy" not in arguments:
            skip("no veth: " + made.stderr)
    for name in (WEB, DB):
        # no traffic but the test's own
        subprocess.run(["ip", "netns", "exec", name, "sysctl", "-qw",
                        "net.ipv6.conf.all.disable_ipv6=1"], capture_output=True)
        ip("-n", name, "link", "set", "lo", "up")
        ip("-n", name, "link", "set", "eth0", "up")


def tear_down():
    for name in (WEB, DB):
        ip("netns", "delete", name)


def in_web(*command):
    return ["ip", "netns", "exec", WEB, *command]


def send(port, from_port, count=1, size=100):
    subprocess.run(in_web("/usr/bin/python3", "-c", SEND, *map(str, (port, from_port, count, size))),
                   check=True, capture_output=True)


def listening(*arguments):
    return AtWork(*in_web(WEIR, "replay", "-f", "cluster.yaml", "-o", "jsonl", *arguments))


def wait_until_it_listens(weir):
    """A packet that is seen says that it listens."""
    def seen():
        send(9, 9)
        return any(f["to"].get("port") == 9 for f in weir.flows())
    weir.wait_for(seen, "it listens")


def flows_of_an_interface():
    weir = listening("-i", "eth0", "--provisional", "udp")
    wait_until_it_listens(weir)
    send(5432, 40000, 3)
    weir.wait_for(lambda: any(f["to"].get("port") == 5432 for f in weir.flows()), "a flow")
    weir.end()
    over = {f["to"]["port"]: f for f in weir.flows() if "provisional" not in f}
    check(over[5432]["verdict"] == "allow" and over[9]["verdict"] == "deny", over)
    check(over[5432]["packets"] == {"forward": 3, "reply": 0}, over)
    check(over[5432]["bytes"]["forward"] == 3 * 142, over)
    check(over[5432]["interfaces"] == ["eth0"], over)
    check(over[5432]["from"]["pod"] == "shop/web" and over[5432]["to"]["pod"] == "shop/db", over)
    check(weir.summary()["lost"] == 0, weir.summary())
    check(weir.summary()["packets"] == sum(f["packets"]["forward"] for f in over.values()), over)


def the_filter_keeps_the_others_out():
    weir = listening("-i", "eth0", "--for", "3", "udp port 5432")
    for _ in range(20):
        send(5433, 40000)
        send(5432, 40000)
        time.sleep(0.05)
    weir.end(None)
    check(weir.summary()["packets"] > 0, weir.objects(), weir.errors())
    check([f["to"]["port"] for f in weir.flows()] == [5432], weir.flows())


def what_was_under_way_is_read():
    weir = listening("-i", "eth0", "udp")
    deadline = time.monotonic() + 1.5
    sent = 0
    while time.monotonic() < deadline:
        send(5432, 40000, 50)
        sent += 50
    weir.end(signal.SIGTERM)
    # Some came before it listened, none is lost from then on: the last of them, too.
    check(weir.summary()["packets"] % 50 == 0 and weir.summary()["packets"] > 0,
          sent, weir.summary())


def what_is_lost_is_counted():
    """Whoever does not read for long enough loses packets."""
    weir = listening("-i", "eth0", "--provisional", "udp")
    wait_until_it_listens(weir)
    weir.process.send_signal(signal.SIGSTOP)
    sent = 60000  # of 1.4 KB: twice of what the kernel keeps
    send(5432, 40000, sent, 1400)
    weir.process.send_signal(signal.SIGCONT)
    weir.end()
    over = {f["to"]["port"]: f for f in weir.flows() if "provisional" not in f}
    lost = weir.summary()["lost"]
    check(lost > 0, weir.summary())
    check(over[5432]["packets"]["forward"] + lost == sent, over, weir.summary())
    check("eth0: %d packets were lost" % lost in weir.errors(), weir.errors())


def all_interfaces():
    weir = listening("-i", "any", "--provisional", "udp")
    wait_until_it_listens(weir)
    weir.end()
    check(weir.summary()["denied"] == weir.summary()["packets"], weir.summary())
    check(all(f["interfaces"] == ["eth0"] for f in weir.flows()), weir.flows())
    check(weir.errors() == "", weir.errors())


def refused(code, text, *arguments, wrap=()):
    done = subprocess.run(in_web(*wrap, WEIR, "replay", "-f", "cluster.yaml", *arguments),
                          capture_output=True, text=True, timeout=PATIENCE)
    check(done.returncode == code, "exit", done.returncode, done.stderr)
    check(text in done.stderr, done.stderr)
    check(done.stdout == "", done.stdout)


def what_cannot_be_listened_at_is_refused():
    refused(3, "none0: No such device exists", "-i", "none0")
    refused(2, "filter 'tcp and and'", "-i", "eth0", "tcp and and")
    if ip("-n", WEB, "link", "show", "down0").returncode == 0:
        refused(3, "down0: ", "-i", "down0")
    if shutil.which("setpriv"):
        refused(3, "eth0: ", "-i", "eth0",
                wrap=("setpriv", "--reuid", "65534", "--clear-groups", "--inh-caps=-all"))


def an_interface_that_goes_away_is_exit_3():
    ip("-n", WEB, "link", "add", "gone0", "type", "veth", "peer", "name", "gone1")
    ip("-n", WEB, "link", "set", "gone0", "up")
    weir = listening("-i", "gone0")
    time.sleep(1)
    ip("-n", WEB, "link", "delete", "gone0")
    weir.end(None, 3)
    check("gone0: " in weir.errors(), weir.errors())
    check(weir.summary()["packets"] >= 0, weir.objects())


TESTS = [flows_of_an_interface, the_filter_keeps_the_others_out, what_was_under_way_is_read,
         what_is_lost_is_counted, all_interfaces, what_cannot_be_listened_at_is_refused,
         an_interface_that_goes_away_is_exit_3]


def run(test):
    try:
        test()
        print("ok", test.__name__, flush=True)
        return True
    except Failed as why:
        print("FAILED", test.__name__, why, flush=True)
        return False


if __name__ == "__main__":
    WEIR = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        os.chdir(folder)
        pathlib.Path("cluster.yaml").write_text(CLUSTER)
        try:
            set_up()
            good = all([run(test) for test in TESTS])
        finally:
            tear_down()
            os.chdir("/")
    sys.exit(not good)
