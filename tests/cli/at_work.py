"""weir replay at work: what it prints of traffic that is still captured, and when."""
import json
import pathlib
import signal
import subprocess
import time

PATIENCE = 20  # seconds until something that should happen has failed to


class Failed(Exception):
    pass


def check(condition, *what):
    if not condition:
        raise Failed(" ".join(str(part) for part in what))


def pod(name, address):
    return f"""\
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: shop, labels: {{app: {name}}}}}
status: {{podIP: {address}}}
---
"""


def policy_of_db(rule):
    return f"""\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: db, namespace: shop}}
spec:
  podSelector: {{matchLabels: {{app: db}}}}
  ingress: [{{{rule}}}]
"""


class AtWork:
    """A command, with what it has printed so far into files of the working directory."""

    def __init__(self, *command, stdin=subprocess.DEVNULL):
        self.out, self.err = open("out", "w+b"), open("err", "w+b")
        self.process = subprocess.Popen(command, stdin=stdin, stdout=self.out, stderr=self.err)

    def text(self):
        return pathlib.Path("out").read_text()

    def errors(self):
        return pathlib.Path("err").read_text()

    def objects(self):
        return [json.loads(line) for line in self.text().splitlines(True) if line.endswith("\n")]

    def flows(self):
        return [o for o in self.objects() if "flow" in o]

    def summary(self):
        return self.objects()[-1]["summary"]

    def wait_for(self, condition, what):
        end = time.monotonic() + PATIENCE
        while not condition():
            check(time.monotonic() < end, "never happened:", what, "\n", self.text(), self.errors())
            check(self.process.poll() is None, "ended before:", what, "\n", self.errors())
            time.sleep(0.02)

    def end(self, number=signal.SIGINT, code=0):
        if number:
            self.process.send_signal(number)
        got = self.process.wait(PATIENCE)
        check(got == code, "exit", got, "not", code, "\n", self.errors())
        return self
