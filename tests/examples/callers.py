#!/usr/bin/env python3
"""callers.py WEIR SOURCE LIBRARY LANGUAGE [--memory | --measure | --update]: a caller in a language judges as weir eval does.

Builds the example with its Makefile against the shared library in the folder LIBRARY, runs it on the
keys of examples/keys with a compiled scenario, and compares what it prints with the golden file, and
that with what weir eval says of the same questions.
"""
import difflib
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

SCENARIOS = {"cluster-tiers": "together", "dual-stack": "hole"}
FAILURES = []
SANITIZERS = "-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all"
VALGRIND = ["valgrind", "-q", "--error-exitcode=99", "--leak-check=full"]
WARNINGS = "-Wall -Wextra -Wshadow -Wconversion -Werror"


def fail(what, details=""):
    FAILURES.append(what)
    print(f"FAILED {what}\n{details}")


def skip(why):
    print("SKIPPED:", why)
    sys.exit(77)


def rule_text(rule):
    if not rule:
        return None
    namespace = rule["namespace"] + "/" if "namespace" in rule else ""
    text = f"{rule['kind']} {namespace}{rule['name']} {rule['direction']}[{rule['index']}]"
    if "peer" in rule:
        text += f" {'from' if rule['direction'] == 'ingress' else 'to'}[{rule['peer']}]"
    if "port" in rule:
        text += f" ports[{rule['port']}]"
    return text + (f": {rule['action']}" if "action" in rule else "")


def side(name, half):
    return f"{name}: {half['verdict']}, {rule_text(half.get('rule')) or half['reason']}"


def answers_of_eval(weir, policy, lines):
    """What weir eval says, in the callers' words."""
    questions = ""
    for line in lines:
        source, destination, protocol, port = line.split()
        questions += json.dumps({"from": source, "to": destination, "protocol": protocol, "port": int(port)}) + "\n"
    done = subprocess.run([weir, "eval", "-f", policy, "--queries", "-"], input=questions, stdout=subprocess.PIPE, text=True, check=False)
    answers = [json.loads(answer) for answer in done.stdout.splitlines()]
    return "".join(f"{line}: {answer['verdict']}; {side('egress', answer['egress'])}; {side('ingress', answer['ingress'])}\n"
        for line, answer in zip(lines, answers, strict=True))


def compare(what, want, got):
    if want != got:
        fail(what, "\n".join(difflib.unified_diff(want.splitlines(), got.splitlines(), "expected", what, lineterm="")))


def run(command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, **options)


class Library:
    """Where the shared library and its headers are, for builds and for programs."""

    def __init__(self, source, folder):
        self.include = os.path.join(source, "include")
        uninstalled = os.path.join(os.path.dirname(folder), "meson-uninstalled")
        self.go_cache = os.path.join(os.path.dirname(folder), "go-cache")
        self.environment = dict(os.environ, LD_LIBRARY_PATH=folder, PKG_CONFIG_PATH=uninstalled,
            CPPFLAGS=f"-I{self.include}", CGO_CFLAGS=f"-I{self.include}", LC_ALL="C")

    def make(self, folder, **variables):
        done = run(["make", "-s", "-B", "-C", folder, *(f"{name}={value}" for name, value in variables.items())], env=self.environment)
        if done.returncode:
            fail(f"make {variables}", done.stderr)
        return done.returncode == 0


class Checked:
    """Runs a way of starting the caller on all that there is to ask."""

    def __init__(self, library, policies, keys, golden):
        self.library, self.policies, self.keys, self.golden = library, policies, keys, golden

    def judge(self, what, command, **environment):
        environment = dict(self.library.environment, **environment)
        for name, policy in self.policies.items():
            done = run([*command, policy], input=self.keys[name], env=environment)
            if done.returncode or done.stderr:
                fail(f"{what}: {name}: exit code {done.returncode}", done.stderr)
            compare(f"{what}: {name}", self.golden[name], done.stdout)

    def refuse(self, what, command, **environment):
        """What is wrong is told, with exit code 2."""
        environment = dict(self.library.environment, **environment)
        policy = self.policies["cluster-tiers"]
        for wrong, path, keys, words in (
                ("no file", "/nowhere.weir", "", "No such file"), ("a file that is no policy", __file__, "", "no compiled policy"),
                ("no key", policy, "10.0.0.1 10.0.0.2 TCP\n", ""), ("no address", policy, "10.0.0.1 10.0.0 TCP 80\n", "10.0.0"),
                ("no protocol", policy, "10.0.0.1 10.0.0.2 TPC 80\n", "TPC"), ("no port", policy, "10.0.0.1 10.0.0.2 TCP 65536\n", "")):
            done = run([*command, path], input=keys, env=environment)
            if done.returncode != 2 or words.lower() not in done.stderr.lower() or "Traceback" in done.stderr:
                fail(f"{what}: {wrong}: exit code {done.returncode}", done.stderr)


class Cpp:
    def __init__(self, library, folder):
        self.library, self.folder = library, folder
        self.command = [os.path.join(folder, "judge-keys")]

    def build(self, compiler="g++", flags="-O2"):
        if not shutil.which(compiler):
            skip(f"no {compiler}")
        return self.library.make(self.folder, CXX=compiler, CXXFLAGS=f"{flags} {WARNINGS}")

    def check(self, checked):
        for compiler in ("g++", "clang++"):
            if self.build(compiler):
                checked.judge(compiler, self.command)
                checked.refuse(compiler, self.command)

    def check_memory(self, checked):
        if not shutil.which("valgrind"):
            skip("no valgrind")
        if self.build():
            checked.judge("valgrind", [*VALGRIND, *self.command])
            checked.refuse("valgrind", [*VALGRIND, *self.command])
        if self.build(flags=SANITIZERS):
            checked.judge("sanitizers", self.command)
            checked.refuse("sanitizers", self.command)


class Python:
    def __init__(self, library, folder):
        self.library = library
        interpreter = "/usr/bin/python3" if os.access("/usr/bin/python3", os.X_OK) else sys.executable
        self.command = [interpreter, "-B", os.path.join(folder, "judge_keys.py")]

    def build(self):
        return True

    def check(self, checked):
        checked.judge("python", self.command)
        checked.refuse("python", self.command)


class Go:
    def __init__(self, library, folder):
        self.library, self.folder = library, folder
        self.command = [os.path.join(folder, "judge-keys")]

    def build(self):
        """From no other module, and from no network."""
        if not shutil.which("go"):
            skip("no go (Debian: golang-go)")
        self.library.environment.update(GOPROXY="off", GOFLAGS="-mod=mod", GOCACHE=self.library.go_cache, GOPATH=os.path.join(self.folder, "none"))
        return self.go("build", "-o", "judge-keys", ".")

    def go(self, *words):
        done = run(["go", *words], cwd=self.folder, env=self.library.environment)
        if done.returncode or done.stderr:
            fail(f"go {words}", done.stderr)
        return not done.returncode

    def check(self, checked):
        if not self.build():
            return
        self.go("vet", "./...")
        if shutil.which("gofmt"):
            compare("gofmt -l", "", run(["gofmt", "-l", "."], cwd=self.folder).stdout)
        checked.judge("go", self.command)
        checked.judge("go, with cgo's checks of pointers", self.command, GODEBUG="cgocheck=2")
        checked.refuse("go", self.command)


LANGUAGES = {"cpp": Cpp, "python": Python, "go": Go}


def compile_policy(weir, paths, out):
    command = [weir, "compile", "-o", out]
    for path in paths:
        command += ["-f", path]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    return out


def check_all(weir, source, caller, scratch, mode):
    policies, keys, golden = {}, {}, {}
    for name, variant in SCENARIOS.items():
        scenario = source / "traces" / name
        policies[name] = compile_policy(weir, [scenario / "manifests", scenario / variant], f"{scratch}/{name}.weir")
        keys[name] = (source / "examples" / "keys" / f"{name}.keys").read_text()
        path = source / "examples" / "keys" / f"{name}.verdicts"
        answers = answers_of_eval(weir, policies[name], keys[name].splitlines())
        if mode == "--update":
            path.write_text(answers)
        golden[name] = path.read_text()
        compare(f"weir eval: {name}", golden[name], answers)
    checked = Checked(caller.library, policies, keys, golden)
    (caller.check_memory if mode == "--memory" else caller.check)(checked)
    print(f"{sum(len(text.splitlines()) for text in golden.values())} keys, {len(FAILURES)} failures")


def measure(weir, caller, scratch):
    """Among the pods of a generated cluster, as weir bench has it: 1,000 pods and 75 policies."""
    cluster = f"{scratch}/cluster.yaml"
    subprocess.run([weir, "gen", "cluster", "-o", cluster], check=True)
    pods = sorted(set(re.findall(r"\bpodIP: ([0-9.]+)", open(cluster, encoding="utf-8").read())))
    draw = random.Random(1)
    keys = "".join(f"{draw.choice(pods)} {draw.choice(pods)} TCP {draw.choice((80, 443, 5432, 8080))}\n" for _ in range(1024))
    policy = compile_policy(weir, [cluster], f"{scratch}/cluster.weir")
    if caller.build():
        print(run([*caller.command, policy, "--measure"], input=keys, env=caller.library.environment).stdout, end="")


def main():
    weir, source, library, language, *mode = sys.argv[1:]
    source = pathlib.Path(source).resolve()
    with tempfile.TemporaryDirectory() as scratch:
        folder = os.path.join(scratch, language)
        shutil.copytree(source / "examples" / language, folder)
        caller = LANGUAGES[language](Library(source, os.path.abspath(library)), folder)
        if mode == ["--measure"]:
            measure(weir, caller, scratch)
        else:
            check_all(weir, source, caller, scratch, *mode or [None])
    return 1 if FAILURES else 0


sys.exit(main())
