#!/usr/bin/env python3
"""live.py WEIR: real clients and servers in network namespaces, with weir run as the wire between them.

A client's and a server's namespace have a veth each, whose other ends are the two ports of weir run
over af_packet. What the policy allows completes, what it denies times out, a new policy takes effect
on an open connection as --at-change says, and the counters are what tcpdump saw.
"""
import ctypes
import fcntl
import hashlib
import http.server
import json
import os
import signal
import socket
import socketserver
import struct
import subprocess
import sys
import tempfile
import threading
import time

EAL = ["--no-huge", "-m", "512", "--no-shconf", "--no-pci", "--no-telemetry", "--iova-mode=va", "--log-level=error"]
LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
ADDRESSES = {"client": ("10.1.0.1", "fd00:1::1"), "server": ("10.1.0.2", "fd00:1::2")}
FAILURES = []
BODY = bytes(i * 7 & 0xFF for i in range(300_000))

CLUSTER = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: client, namespace: shop, labels: {app: client}}
spec: {nodeName: n1, containers: [{name: c, image: c}]}
status: {phase: Running, podIP: 10.1.0.1, podIPs: [{ip: 10.1.0.1}, {ip: "fd00:1::1"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: server, namespace: shop, labels: {app: server}}
spec: {nodeName: n2, containers: [{name: s, image: s}]}
status: {phase: Running, podIP: 10.1.0.2, podIPs: [{ip: 10.1.0.2}, {ip: "fd00:1::2"}]}
"""

POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: server, namespace: shop}
spec:
  podSelector: {matchLabels: {app: server}}
  ingress:
    - from: [{podSelector: {matchLabels: {app: client}}}]
      ports: [%s]
"""
OPEN = "{port: 8080}, {port: 5353, protocol: UDP}"
SHUT = "{port: 5353, protocol: UDP}"


def check(what, want, got):
    if want != got:
        FAILURES.append(what)
        print(f"FAILED {what}: expected {want}, got {got}")


def skip(why):
    print("SKIPPED:", why)
    sys.exit(77)


def sh(*words):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


class Namespace:
    """A network namespace without a name, held by a process that sleeps: it is gone when that is."""

    def __init__(self):
        self.holder = subprocess.Popen(["unshare", "--net", "sleep", "600"])
        own = os.readlink("/proc/self/ns/net")
        for _ in range(200):
            if os.readlink(f"/proc/{self.holder.pid}/ns/net") != own:
                return
            if self.holder.poll() is not None:
                skip("network namespaces are not allowed here")
            time.sleep(0.01)
        skip("no network namespace")

    def run(self, *words):
        sh("nsenter", "-t", str(self.holder.pid), "-n", *words)

    def enter(self):
        """This thread's network is the namespace's from now on."""
        with open(f"/proc/{self.holder.pid}/ns/net", "rb") as file:
            if LIBC.setns(file.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")

    def call(self, function, *arguments):
        """What the function returns when it is called within the namespace."""
        out = []

        def body():
            self.enter()
            out.append(function(*arguments))

        thread = threading.Thread(target=body)
        thread.start()
        thread.join()
        return out[0]

    def end(self):
        self.holder.kill()
        self.holder.wait()


def leave_checksums_to_software(interface):
    """Frames between veths have no checksums yet, unless the sender is told to make them."""
    ETHTOOL_STXCSUM, SIOCETHTOOL = 0x17, 0x8946
    value = ctypes.create_string_buffer(struct.pack("II", ETHTOOL_STXCSUM, 0))
    request = struct.pack("16sP", interface.encode(), ctypes.addressof(value))
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCETHTOOL, request)


def wire(middle, ends):
    """A veth from the middle to each end: port-NAME there, eth0 here."""
    for name, end in ends.items():
        ipv4, ipv6 = ADDRESSES[name]
        middle.run("ip", "link", "add", f"port-{name}", "type", "veth", "peer", "name", "eth0", "netns", str(end.holder.pid))
        middle.run("sysctl", "-qw", f"net.ipv6.conf.port-{name}.disable_ipv6=1")
        middle.run("ip", "link", "set", f"port-{name}", "up")
        end.run("sysctl", "-qw", "net.ipv6.conf.eth0.accept_dad=0", "net.ipv6.conf.eth0.router_solicitations=0")
        end.call(leave_checksums_to_software, "eth0")
        end.run("ip", "address", "add", f"{ipv4}/24", "dev", "eth0")
        end.run("ip", "address", "add", f"{ipv6}/64", "dev", "eth0", "nodad")
        end.run("ip", "link", "set", "eth0", "up")
        end.run("ip", "link", "set", "lo", "up")


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, *arguments):
        pass


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.sendall(b"hello\n")
        while data := self.request.recv(1000):
            self.request.sendall(data)


class UdpEcho(socketserver.BaseRequestHandler):
    def handle(self):
        data, sender = self.request
        sender.sendto(data, self.client_address)


class Http6(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6

    def handle_error(self, request, client_address):
        """Connections that a policy ends break."""


class Echo6(socketserver.ThreadingTCPServer):
    address_family = socket.AF_INET6
    allow_reuse_address = True
    daemon_threads = True


def serve():
    """Dual-stack servers; their listening sockets stay in the namespace in which they are made."""
    servers = [
        Http6(("::", 8080), Handler),
        Echo6(("::", 9090), Echo),
        socketserver.UDPServer(("0.0.0.0", 5353), UdpEcho),
        socketserver.UDPServer(("0.0.0.0", 5354), UdpEcho),
    ]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()


def download(address):
    with socket.create_connection((address, 8080), timeout=10) as stream:
        stream.sendall(b"GET / HTTP/1.0\r\n\r\n")
        data = b""
        while part := stream.recv(65536):
            data += part
        return hashlib.sha256(data.split(b"\r\n\r\n", 1)[1]).hexdigest()


def connects(address, port):
    try:
        with socket.create_connection((address, port), timeout=1.5):
            return True
    except TimeoutError:
        return False


def answers(address, port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.settimeout(1.5)
        datagrams.sendto(b"anybody?", (address, port))
        try:
            return datagrams.recv(100) == b"anybody?"
        except TimeoutError:
            return False


def echoes(stream):
    """Whether an open HTTP connection still carries bytes."""
    try:
        stream.sendall(b"GET / HTTP/1.0\r\n\r\n")
        return len(stream.recv(1000)) > 0
    except TimeoutError:
        return False


def open_stream(address, port):
    stream = socket.create_connection((address, port), timeout=5)
    stream.settimeout(2)
    return stream


class Run:
    """weir run between the two ports, in the middle."""

    def __init__(self, weir, middle, policies, options):
        cpus = sorted(os.sched_getaffinity(0))
        lcores = f"0@{cpus[0]},1@{cpus[-1]}"
        command = ["nsenter", "-t", str(middle.holder.pid), "-n", weir, "run", "-o", "json"]
        for path in policies:
            command += ["-f", path]
        command += options + ["--", *EAL, "--lcores", lcores]
        command += [f"--vdev=net_af_packet{i},iface=port-{name}" for i, name in enumerate(ADDRESSES)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.errors = []
        self.await_words("ready")

    def await_words(self, words):
        for line in self.process.stderr:
            self.errors.append(line)
            if words in line:
                return
        check(f"it says '{words}'", True, "".join(self.errors))

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        out, _ = self.process.communicate(timeout=30)
        check("exit code", 0, self.process.returncode)
        return json.loads(out)


def write(path, text):
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(path + ".new", path)


def allowed_and_denied(client):
    digest = hashlib.sha256(BODY).hexdigest()
    for address in ADDRESSES["server"]:
        check(f"download from {address}", digest, client.call(download, address))
        check(f"{address} port 9090", False, client.call(connects, address, 9090))
    check("UDP 5353", True, client.call(answers, "10.1.0.2", 5353))
    check("UDP 5354", False, client.call(answers, "10.1.0.2", 5354))


def counters_match_tcpdump(weir, middle, client, policies, folder):
    dump = os.path.join(folder, "client.pcap")
    tcpdump = subprocess.Popen(
        ["nsenter", "-t", str(middle.holder.pid), "-n", "tcpdump", "-Z", "root", "-B", "16384", "-s", "2048", "--immediate-mode", "-Q", "in", "-i", "port-client", "-w", dump],
        stderr=subprocess.PIPE, text=True)
    tcpdump.stderr.readline()
    run = Run(weir, middle, policies, [])
    allowed_and_denied(client)
    time.sleep(0.5)
    report = run.end()
    tcpdump.send_signal(signal.SIGINT)
    _, words = tcpdump.communicate(timeout=10)
    captured = int(words.split(" packets captured")[0].split()[-1])
    check("tcpdump lost nothing", True, "\n0 packets dropped by kernel" in words)
    # It listens a little longer than weir does, to what nobody answers any more.
    received = report["ports"][0]["received"]
    check(f"received as tcpdump saw ({captured})", True, 0 <= captured - received <= 5)
    check("something is denied", True, report["denied"] >= 4)
    rules = report["rules"]
    check("connections by rule", {"NetworkPolicy shop/server ingress[0]"}, set(rules))
    # Two downloads and a datagram.
    check("how many", 3, sum(rules.values()))
    print(f"{report['packets']} packets, {report['allowed']} allowed, {report['denied']} denied; tcpdump saw {captured} of {received} come from the client")


def policy_changes(weir, middle, client, policies, changing, at_change, goes_on):
    write(changing, POLICY % OPEN)
    run = Run(weir, middle, policies, ["--at-change", at_change])
    stream = client.call(open_stream, "10.1.0.2", 8080)
    write(changing, POLICY % SHUT)
    run.await_words("a new policy is in force")
    check(f"--at-change {at_change}: the open connection", goes_on, client.call(echoes, stream))
    check(f"--at-change {at_change}: a new one", False, client.call(connects, "10.1.0.2", 8080))
    stream.close()
    run.end()
    write(changing, POLICY % OPEN)


def main():
    weir = sys.argv[1]
    if os.geteuid() != 0:
        skip("not root: no network namespaces")
    names = {name: Namespace() for name in ("middle", "client", "server")}
    middle = names.pop("middle")
    try:
        wire(middle, names)
        names["server"].call(serve)
        with tempfile.TemporaryDirectory() as folder:
            cluster, changing = os.path.join(folder, "cluster.yaml"), os.path.join(folder, "policy.yaml")
            write(cluster, CLUSTER)
            write(changing, POLICY % OPEN)
            policies = [cluster, changing]
            counters_match_tcpdump(weir, middle, names["client"], policies, folder)
            policy_changes(weir, middle, names["client"], policies, changing, "revalidate", False)
            policy_changes(weir, middle, names["client"], policies, changing, "keep", True)
    finally:
        for namespace in [middle, *names.values()]:
            namespace.end()
    print(f"{len(FAILURES)} failures")
    os._exit(1 if FAILURES else 0)


main()
