"""Network namespaces with real clients and servers in them, for tests of what packets are let through.

Namespaces have no names: each is held by a process, and gone when that is.
"""
import ctypes
import fcntl
import hashlib
import http.server
import os
import socket
import socketserver
import struct
import subprocess
import sys
import threading
import time

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
FAILURES = []
BODY = bytes(i * 7 & 0xFF for i in range(300_000))
DIGEST = hashlib.sha256(BODY).hexdigest()


def check(what, want, got):
    if want != got:
        FAILURES.append(what)
        print(f"FAILED {what}: expected {want}, got {got}")


def skip(why):
    print("SKIPPED:", why)
    sys.exit(77)


def write(path, text):
    """The file is whole at any time."""
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(path + ".new", path)


class Namespace:
    def __init__(self):
        if os.geteuid() != 0:
            skip("not root: no network namespaces")
        self.holder = subprocess.Popen(["unshare", "--net", "sleep", "600"])
        own = os.readlink("/proc/self/ns/net")
        for _ in range(200):
            if os.readlink(f"/proc/{self.holder.pid}/ns/net") != own:
                return
            if self.holder.poll() is not None:
                skip("network namespaces are not allowed here")
            time.sleep(0.01)
        skip("no network namespace")

    def command(self, *words):
        return ["nsenter", "-t", str(self.holder.pid), "-n", *words]

    def run(self, *words):
        """What the command prints; it must not fail."""
        return subprocess.run(self.command(*words), check=True, stdout=subprocess.PIPE, text=True).stdout

    def enter(self):
        """This thread's network is the namespace's from now on."""
        with open(f"/proc/{self.holder.pid}/ns/net", "rb") as file:
            if LIBC.setns(file.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")

    def together(self, *calls):
        """What functions return that are called within the namespace at once: (function, argument...) each."""
        out = [None] * len(calls)

        def body(i, function, *arguments):
            self.enter()
            out[i] = function(*arguments)

        threads = [threading.Thread(target=body, args=(i, *call)) for i, call in enumerate(calls)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return out

    def call(self, function, *arguments):
        return self.together((function, *arguments))[0]

    def end(self):
        self.holder.kill()
        self.holder.wait()


# Wiring.


def leave_checksums_to_software(interface):
    """Frames between veths have no checksums yet, unless the sender is told to make them."""
    ETHTOOL_STXCSUM, SIOCETHTOOL = 0x17, 0x8946
    value = ctypes.create_string_buffer(struct.pack("II", ETHTOOL_STXCSUM, 0))
    request = struct.pack("16sP", interface.encode(), ctypes.addressof(value))
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCETHTOOL, request)


def connect(middle, port, end, ipv4, ipv6):
    """A veth: the port of that name in the middle, eth0 with these addresses at the end."""
    middle.run("ip", "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", str(end.holder.pid))
    end.run("sysctl", "-qw", "net.ipv6.conf.eth0.accept_dad=0", "net.ipv6.conf.eth0.router_solicitations=0",
        "net.ipv6.conf.eth0.mldv2_unsolicited_report_interval=1")
    end.run("ip", "address", "add", f"{ipv4}/24", "dev", "eth0")
    end.run("ip", "address", "add", f"{ipv6}/64", "dev", "eth0", "nodad")
    end.run("ip", "link", "set", "eth0", "up")
    end.run("ip", "link", "set", "lo", "up")


def wire(middle, ends):
    """The middle forwards nothing by itself: ends maps names to (namespace, IPv4, IPv6)."""
    for name, (end, ipv4, ipv6) in ends.items():
        connect(middle, f"port-{name}", end, ipv4, ipv6)
        end.call(leave_checksums_to_software, "eth0")
        middle.run("sysctl", "-qw", f"net.ipv6.conf.port-{name}.disable_ipv6=1")
        middle.run("ip", "link", "set", f"port-{name}", "up")


def route(router, ends):
    """The middle is a router, each end in a network of its own."""
    router.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
    for name, (end, ipv4, ipv6) in ends.items():
        gateway4, gateway6 = ipv4.rsplit(".", 1)[0] + ".254", ipv6.rsplit("::", 1)[0] + "::fe"
        connect(router, f"port-{name}", end, ipv4, ipv6)
        router.run("sysctl", "-qw", f"net.ipv6.conf.port-{name}.accept_dad=0")
        router.run("ip", "address", "add", f"{gateway4}/24", "dev", f"port-{name}")
        router.run("ip", "address", "add", f"{gateway6}/64", "dev", f"port-{name}", "nodad")
        router.run("ip", "link", "set", f"port-{name}", "up")
        end.run("ip", "route", "add", "default", "via", gateway4)
        end.run("ip", "route", "add", "default", "via", gateway6)


# Servers.


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


# Clients.


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


def open_stream(address, port):
    stream = socket.create_connection((address, port), timeout=5)
    stream.settimeout(2)
    return stream


def echoes(stream):
    """Whether an open HTTP connection still carries bytes."""
    try:
        stream.sendall(b"GET / HTTP/1.0\r\n\r\n")
        return len(stream.recv(1000)) > 0
    except TimeoutError:
        return False


# Manifests.


def pods(addresses):
    """A namespace with a pod for each name: {name: (IPv4, IPv6)}."""
    text = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"
    for name, (ipv4, ipv6) in addresses.items():
        text += f"""---
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: shop, labels: {{app: {name}}}}}
spec: {{nodeName: node-{name}, containers: [{{name: c, image: c}}]}}
status: {{phase: Running, podIP: {ipv4}, podIPs: [{{ip: {ipv4}}}, {{ip: "{ipv6}"}}]}}
"""
    return text


def policy(ports):
    """The client may reach these ports of the server: flow-style YAML, without brackets."""
    return f"""
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: server, namespace: shop}}
spec:
  podSelector: {{matchLabels: {{app: server}}}}
  ingress:
    - from: [{{podSelector: {{matchLabels: {{app: client}}}}}}]
      ports: [{ports}]
"""
