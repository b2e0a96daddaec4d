"""dpdk-testpmd, DPDK's own forwarder, as the other end of ports."""
import os
import re
import subprocess
import threading
import time

from fastpath import check, lcores


class Testpmd:
    """Forwards between its first two ports and between its next two, once it is told to."""

    def __init__(self, devices, base):
        command = ["dpdk-testpmd", *base, "--no-telemetry", f"--file-prefix=weir-other-{os.getpid()}", *lcores(1, 1)]
        command += [f"--vdev={device}" for device in devices]
        command += ["--", "-i", "--total-num-mbufs=16384", "--no-flush-rx", "--port-topology=paired"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.said = ""
        threading.Thread(target=self.listen, daemon=True).start()
        self.await_words("testpmd> ", 0)

    def listen(self):
        while more := os.read(self.process.stdout.fileno(), 65536):
            self.said += more.decode()

    def await_words(self, pattern, since, ask_again=None):
        """Until it has said what the pattern matches; a question is asked every now and then."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if ask_again:
                self.tell(ask_again)
            for _ in range(10):
                if re.search(pattern, self.said[since:]):
                    return
                time.sleep(0.01)
        check(f"dpdk-testpmd: {ask_again}: {pattern}", True, self.said[since:][-3000:])

    def tell(self, words):
        self.process.stdin.write(f"{words}\n")
        self.process.stdin.flush()

    def ask(self, question, pattern):
        self.await_words(pattern, len(self.said), question)

    def forward(self, links, packets):
        """Once the links are up; until so many packets have gone out by the port."""
        for port in links:
            self.ask(f"show port info {port}", "Link status: up")
        self.tell("start")
        port, count = packets
        self.ask(f"show port stats {port}", rf"TX-packets: {count}\b")
        time.sleep(0.1)
        self.tell("stop")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Its files are whole when it has ended."""
        self.tell("quit")
        self.process.wait(timeout=60)
