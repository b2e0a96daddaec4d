"""Running the examples that enforce a policy between a client and a server, and what clients see."""
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from ends import (DIGEST, FAILURES, Namespace, answers, check, connects, download, echoes, open_stream, pods,  # noqa: E402
                  policy, serve, write)

VALGRIND = ["valgrind", "-q", "--error-exitcode=99", "--leak-check=full", "--show-leak-kinds=all",
    "--suppressions=" + os.path.join(os.path.dirname(os.path.abspath(__file__)), "libxdp.supp")]
OPEN = "{port: 8080}, {port: 53}, {port: 53, protocol: UDP}, {port: 5353, protocol: UDP}"
SHUT = "{port: 53}, {port: 53, protocol: UDP}, {port: 5353, protocol: UDP}"
RULE = "NetworkPolicy shop/server ingress[0]"
SEED = 1


# Clients and servers.


def serve_names(server, folder):
    """A real DNS server in the namespace; None where there is none."""
    dnsmasq = shutil.which("dnsmasq", path=os.environ["PATH"] + ":/usr/sbin")
    if not dnsmasq or not shutil.which("dig"):
        print("SKIPPED in part: no dnsmasq or no dig: no DNS")
        return None
    process = subprocess.Popen(server.command(dnsmasq, "-k", "-h", "-R", "-C", "/dev/null", "-u", "root", "--no-dhcp-interface=*",
        f"--pid-file={folder}/dnsmasq.pid", "--address=/shop.test/192.0.2.7"))
    for _ in range(100):
        if "192.0.2.7" in subprocess.run(server.command("dig", "+short", "+tries=1", "+time=1", "@127.0.0.1", "shop.test"),
                stdout=subprocess.PIPE, text=True, check=False).stdout:
            return process
        time.sleep(0.05)
    check("dnsmasq answers", True, False)
    return process


def dig(client, *options):
    done = subprocess.run(client.command("dig", "+short", "+tries=1", "+time=2", *options, "shop.test"),
        stdout=subprocess.PIPE, text=True, check=False)
    return done.stdout.strip()


def pings(namespace, address, count, patience):
    """How many of so many are answered, the last within so many seconds."""
    done = subprocess.run(namespace.command("ping", "-n", "-q", "-i", "0.1", "-W", str(patience), "-c", str(count), address),
        stdout=subprocess.PIPE, text=True, check=False)
    return int(done.stdout.split(" received")[0].split()[-1])


def sink(address, port):
    """Takes datagrams, and keeps them until they are counted."""
    SO_RCVBUFFORCE = 33
    datagrams = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    datagrams.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 24)
    datagrams.bind((address, port))
    datagrams.setblocking(False)
    return datagrams


def drain(datagrams):
    n = 0
    try:
        while True:
            datagrams.recv(100)
            n += 1
    except BlockingIOError:
        datagrams.close()
        return n


def send_all(address, ports):
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as datagrams:
        for port in ports:
            datagrams.sendto(b"anybody?", (address, port))


# What runs between them.


class Policy:
    """A compiled policy of a client and a server, which can be replaced."""

    def __init__(self, weir, folder, addresses):
        self.weir = weir
        self.cluster = os.path.join(folder, "cluster.yaml")
        self.source = os.path.join(folder, "policy.yaml")
        self.path = os.path.join(folder, "policy.weir")
        write(self.cluster, pods(addresses))

    def compile(self, ports):
        write(self.source, policy(ports))
        subprocess.run([self.weir, "compile", "-f", self.cluster, "-f", self.source, "-o", self.path],
            check=True, stderr=subprocess.DEVNULL)

    def spoil(self):
        write(self.path, "no policy\n")


class Program:
    """An enforcer that runs in a namespace."""

    def __init__(self, namespace, command, wrapper=()):
        self.process = subprocess.Popen(namespace.command(*wrapper, *command),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.errors = []
        self.await_words("ready")

    def await_words(self, words):
        for line in self.process.stderr:
            self.errors.append(line)
            if words in line:
                return
        check(f"it says '{words}'", True, "".join(self.errors))

    def reload(self, words):
        self.process.send_signal(signal.SIGHUP)
        self.await_words(words)

    def freeze(self):
        """No thread of it runs from now on."""
        self.process.send_signal(signal.SIGSTOP)
        tasks = f"/proc/{self.process.pid}/task"
        for task in os.listdir(tasks):
            while "\nState:\tT" not in open(f"{tasks}/{task}/status", encoding="utf-8").read():
                time.sleep(0.01)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def processor_time(self):
        """Seconds so far, in the program and for it in the kernel."""
        words = open(f"/proc/{self.process.pid}/stat", encoding="utf-8").read().rsplit(")", 1)[1].split()
        return [int(word) / os.sysconf("SC_CLK_TCK") for word in words[11:13]]

    def end(self):
        """The report as {name: number}, rules as {name: connections}."""
        self.processor = self.processor_time()
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=30)
        check(f"exit code ({''.join(self.errors) + err})", 0, self.process.returncode)
        numbers, rules = {}, {}
        for line in out.splitlines():
            name, number, *rest = line.split(None, 2)
            if name == "rule":
                rules[rest[0]] = int(number)
            else:
                numbers[name] = int(number)
            if name == "packets":
                numbers["allowed"], numbers["denied"] = map(int, re.findall(r"(\d+) (?:allowed|denied)", line))
        return numbers, rules


class Enforced:
    """A client, a server, and between them a namespace where the program runs."""

    addresses = {}

    def __init__(self, weir, program, wrapper):
        self.program, self.wrapper = program, wrapper
        self.folder = tempfile.TemporaryDirectory()
        self.ends = {name: Namespace() for name in ("middle", "client", "server")}
        self.middle, self.client, self.server = self.ends.values()
        self.policy = Policy(weir, self.folder.name, self.addresses)
        self.names = None

    def set_up(self):
        self.join({name: (self.ends[name], *self.addresses[name]) for name in self.addresses})
        self.server.call(serve)
        self.names = serve_names(self.server, self.folder.name)
        self.policy.compile(OPEN)

    def join(self, ends):
        raise NotImplementedError

    def start(self, *options, wrapper=()):
        raise NotImplementedError

    def kernels_counts(self):
        """What the kernel has counted so far: packets to the program, and from it."""
        raise NotImplementedError

    def end(self):
        if self.names:
            self.names.kill()
            self.names.wait()
        for namespace in self.ends.values():
            namespace.end()
        self.folder.cleanup()

    def what_is_allowed_and_denied(self):
        """How many connections the rule of the policy decides."""
        server, client = self.addresses["server"], self.addresses["client"]
        rows = [(f"download from {address}", DIGEST, download, address) for address in server]
        rows += [(f"{address} port 9090", False, connects, address, 9090) for address in server]
        rows += [(f"ping {address}", 0, pings, self.client, address, 2, 1) for address in server]
        rows += [(f"ping {address} from the server", 3, pings, self.server, address, 3, 5) for address in client]
        rows += [("UDP 5353", True, answers, server[0], 5353), ("UDP 5354", False, answers, server[0], 5354)]
        if self.names:
            rows += [("a name, by UDP", "192.0.2.7", dig, self.client, f"@{server[0]}"),
                ("a name, by TCP and IPv6", "192.0.2.7", dig, self.client, "+tcp", f"@{server[1]}")]
        for row, got in zip(rows, self.client.together(*(row[2:] for row in rows))):
            check(row[0], row[1], got)
        return 5 if self.names else 3

    def interleave(self, seed, n):
        """Datagrams to an open and a shut port in a random order, at once: how many are denied."""
        address = self.addresses["server"][1]
        sinks = {port: self.server.call(sink, address, port) for port in (5353, 5354)}
        ports = random.Random(seed).choices(list(sinks), k=n)
        self.client.call(send_all, address, ports)
        time.sleep(0.5)
        came = {port: drain(datagrams) for port, datagrams in sinks.items()}
        check(f"datagrams by port (seed {seed})", {5353: ports.count(5353), 5354: 0}, came)
        return ports.count(5354)

    def counters_are_the_kernels(self, *options):
        program = self.start(*options, wrapper=self.wrapper)
        before = self.kernels_counts()
        connections = self.what_is_allowed_and_denied()
        denied = self.interleave(SEED, 2000)
        after = self.kernels_counts()
        numbers, rules = program.end()
        check(f"packets, as the kernel counted them {options}", after[0] - before[0], numbers["packets"])
        check(f"allowed, as the kernel saw them leave {options}", after[1] - before[1], numbers["allowed"])
        check(f"none is lost {options}", 0, numbers["lost"])
        # One flow of datagrams is allowed, once.
        check(f"connections by rule {options}", {RULE: connections + 1}, rules)
        # Pings, datagrams, and what TCP sends again.
        check(f"denied {options}", True, denied + 5 <= numbers["denied"] <= denied + 5 + 2 * 4)
        print(f"{numbers['packets']} packets, {numbers['allowed']} allowed, {numbers['denied']} denied, as the kernel counted")

    def policies_are_replaced(self):
        address = self.addresses["server"][0]
        program = self.start(wrapper=self.wrapper)
        stream = self.client.call(open_stream, address, 8080)
        self.policy.compile(SHUT)
        program.reload("a new policy is in force")
        check("an open connection, a new one, and what both policies allow", [False, False, True],
            self.client.together((echoes, stream), (connects, address, 8080), (answers, address, 5353)))
        self.policy.spoil()
        program.reload("the old policy stays")
        check("under the old policy", True, self.client.call(answers, address, 5353))
        self.policy.compile(OPEN)
        program.reload("a new policy is in force")
        check("opened again", DIGEST, self.client.call(download, address))
        program.end()
        stream.close()

    def test(self):
        raise NotImplementedError

    def measure(self):
        raise NotImplementedError


def main(kind):
    weir, program, *mode = sys.argv[1:]
    enforced = kind(weir, program, VALGRIND if mode == ["--valgrind"] else ())
    try:
        enforced.set_up()
        if mode == ["--measure"]:
            enforced.measure()
        else:
            enforced.test()
    finally:
        enforced.end()
    print(f"{len(FAILURES)} failures")
    os._exit(1 if FAILURES else 0)
