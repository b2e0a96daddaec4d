"""Running the examples that enforce a policy between namespaces, and what their reports say."""
import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from ends import check, policy, pods, write  # noqa: E402

VALGRIND = ["valgrind", "-q", "--error-exitcode=99", "--leak-check=full", "--show-leak-kinds=all"]


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

    def end(self):
        """The report as {name: number}, rules as {name: connections}."""
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
