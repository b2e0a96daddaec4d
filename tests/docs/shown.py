#!/usr/bin/env python3
"""Runs the commands that documents show, and compares what they print with what is shown.

    shown.py [--update] [--set NAME=VALUE]... --weir WEIR --make-trace MAKE_TRACE DOCUMENT...

Code blocks, fenced or indented by four spaces, that begin with "$ " and use weir are run: each line
with "$ " is a command (continued behind a backslash or a |), and the lines under it are what it prints,
standard error included. A line of nothing but "..." stands for any lines. A command without lines
under it must only be there, and not be a usage error. Commands of a document run one after another in one folder,
as a reader would type them, in a copy of the project's examples: that of the document when it lies
among them, else the topmost. A comment <!-- run in FOLDER --> chooses another from there on, and
<!-- not run --> in front of a block keeps it from being run. A command with "..." in it is not run.

A block behind <!-- save as NAME --> is written to that file, and from there on every block that begins
with "$ " is run. A block that is fenced as C must be saved: what nobody compiles is not shown. --set sets
a variable of the commands' environment.

--update writes what the commands print now in place of what is not true any more.
"""
import argparse
import difflib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = ["traces", "examples", "tests/cli/data"]
PLACES = ["bin/weir", "build/cli/weir", "build/release/cli/weir"]
USES_WEIR = re.compile(r"\$ (.*\s)?(\S*/)?weir(\s|$)")
INDENT = "    "
ANYTHING = "..."
NOT_RUN = [2, 126, 127]  # a usage error; what the shell says of a command that is not there


class Block:
    """A code block: lines[first:last] of the document, all with the same indent."""

    def __init__(self, first, last, indent):
        self.first, self.last, self.indent = first, last, indent

    def text(self, lines):
        return [line.removeprefix(self.indent) for line in lines[self.first : self.last]]


def fenced_end(lines, at):
    fence = re.match(r" *(```+|~~~+)", lines[at]).group(1)
    end = at + 1
    while end < len(lines) and not lines[end].strip().startswith(fence):
        end += 1
    return end


def indented_end(lines, at):
    end = at
    while end < len(lines) and (lines[end].startswith(INDENT) or not lines[end].strip()):
        end += 1
    while not lines[end - 1].strip():
        end -= 1
    return end


def parts_of(lines):
    """Yields ("run in", name), ("save as", name), ("not run", None) and ("block", block), in order."""
    at = 0
    while at < len(lines):
        comment = re.fullmatch(r"<!-- (run in|save as|not run)(?: (\S+))? -->", lines[at].strip())
        if comment:
            yield comment.groups()
        elif re.match(r" {0,3}(```|~~~)", lines[at]):
            end = fenced_end(lines, at)
            indent = re.match(r" *", lines[at]).group()
            yield "block", Block(at + 1, end, indent)
            at = end
        elif lines[at].startswith(INDENT) and (at == 0 or not lines[at - 1].strip()):
            end = indented_end(lines, at)
            yield "block", Block(at, end, INDENT)
            at = end - 1
        at += 1


def steps_of(text):
    """A block as (command lines, output lines, number of blank lines behind) each."""
    steps = []
    for line in text:
        if line.startswith("$ "):
            steps.append(([line], []))
        elif steps and steps[-1][0][-1].endswith(("\\", "|")) and not steps[-1][1]:
            steps[-1][0].append(line)
        else:
            steps[-1][1].append(line)
    return [(command, *without_end(output)) for command, output in steps]


def uses_weir(text):
    return any(USES_WEIR.match(" ".join(command)) for command, _, _ in steps_of(text))


def without_end(lines):
    kept = list(lines)
    while kept and not kept[-1].strip():
        kept.pop()
    return kept, len(lines) - len(kept)


def segments_of(shown):
    """The shown lines between those that stand for any."""
    segments = [[]]
    for line in shown:
        if line.strip() == ANYTHING:
            segments.append([])
        else:
            segments[-1].append(line.rstrip())
    return segments


def found_at(segment, lines, at):
    """Where the segment first occurs in lines from there on, or None."""
    for start in range(at, len(lines) - len(segment) + 1):
        if lines[start : start + len(segment)] == segment:
            return start
    return None


def agrees(shown, printed):
    """Whether printed lines are the shown ones."""
    first, *rest = segments_of(shown)
    if printed[: len(first)] != first:
        return False
    if not rest:
        return len(printed) == len(first)
    at = len(first)
    for segment in rest[:-1]:
        found = found_at(segment, printed, at)
        if found is None:
            return False
        at = found + len(segment)
    tail = len(printed) - len(rest[-1])
    return tail >= at and printed[tail:] == rest[-1]


class Shell:
    """Runs commands one after another: the folder and $? are kept."""

    def __init__(self, scratch, folder, weir, variables):
        """The folder holds the copies."""
        for place in PLACES:
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            (folder / place).symlink_to(weir)
        self.root = self.folder = folder
        self.state = scratch / "state"
        self.code = 0
        self.environment = {
            "PATH": f"{folder}/bin:{os.environ['PATH']}", "HOME": str(scratch), "LC_ALL": "C",
        }
        self.environment |= variables

    def go(self, name):
        self.folder = self.root / name

    def run(self, command):
        script = f'(exit {self.code})\n{command}\ncode=$?\npwd >"{self.state}"\nexit $code\n'
        done = subprocess.run(["sh", "-c", script], cwd=self.folder, env=self.environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        if self.state.exists():
            self.folder = pathlib.Path(self.state.read_text().rstrip("\n"))
        self.code = done.returncode
        text = done.stdout.decode(errors="replace")
        return [line.rstrip() for line in text.splitlines()]


def copy_examples(folder, make_trace):
    for name in EXAMPLES:
        shutil.copytree(ROOT / name, folder / name)
    for trace in folder.glob("tests/cli/data/*.trace"):
        with open(trace) as text, open(trace.with_suffix(".pcap"), "wb") as pcap:
            subprocess.run([make_trace], stdin=text, stdout=pcap, check=True)


class Document:
    def __init__(self, path):
        self.path = path
        self.lines = path.read_text().splitlines()
        self.commands = 0
        self.faults = 0
        self.saves = False

    def tell(self, line, what):
        self.faults += 1
        print(f"{self.path}:{line + 1}: {what}")

    def run_step(self, shell, command, shown, line):
        """What is to be shown under the command."""
        words = "\n".join(command)[2:]
        if ANYTHING in words:
            return shown
        self.commands += 1
        printed = shell.run(words)
        if not shown:
            if shell.code in NOT_RUN or (self.saves and shell.code):
                self.tell(line, f"exits {shell.code}: {words}\n" + "\n".join(printed))
            return shown
        if agrees(shown, printed):
            return shown
        self.tell(line, f"does not print what is shown: {words}")
        print("\n".join(difflib.unified_diff(shown, printed, "shown", "printed", lineterm="")))
        return printed

    def run_block(self, shell, block):
        """The block's text as it should be, or None when it is not one to be run."""
        text = block.text(self.lines)
        if not text or not text[0].startswith("$ ") or not (self.saves or uses_weir(text)):
            return None
        result, line = [], block.first
        for command, shown, blanks in steps_of(text):
            result += command + self.run_step(shell, command, shown, line) + [""] * blanks
            line += len(command) + len(shown) + blanks
        return result

    def save_block(self, shell, block, name):
        """Writes the block to a file of that name; without one it must not be a program."""
        if name:
            self.saves = True
            (shell.folder / name).write_text("\n".join(block.text(self.lines)) + "\n")
        elif re.match(r" *```c\b", self.lines[block.first - 1]):
            self.tell(block.first, "a program that is not saved")

    def run(self, shell):
        """Runs the blocks; lines become what they should be."""
        skip, save, result, behind = False, None, [], 0
        for kind, value in list(parts_of(self.lines)):
            if kind == "run in":
                shell.go(value)
            elif kind == "save as":
                save = value
            elif kind == "not run":
                skip = True
            else:
                text = None if skip or save else self.run_block(shell, value)
                if not skip:
                    self.save_block(shell, value, save)
                skip, save = False, None
                if text is not None:
                    result += self.lines[behind : value.first]
                    result += [(value.indent + line).rstrip() for line in text]
                    behind = value.last
        self.lines = result + self.lines[behind:]


def check(path, arguments):
    """The number of commands run and of faults found."""
    document = Document(path)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        folder = scratch / "project"
        folder.mkdir()
        copy_examples(folder, arguments.make_trace)
        shell = Shell(scratch, folder, pathlib.Path(arguments.weir).resolve(),
            dict(variable.split("=", 1) for variable in arguments.set))
        home = path.resolve().parent
        if home.is_relative_to(ROOT) and (folder / home.relative_to(ROOT)).exists():
            shell.go(home.relative_to(ROOT))
        document.run(shell)
    if arguments.update and document.faults:
        path.write_text("\n".join(document.lines) + "\n")
    return document.commands, document.faults


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--weir", required=True)
    parser.add_argument("--make-trace", required=True)
    parser.add_argument("documents", nargs="+", type=pathlib.Path)
    arguments = parser.parse_args()
    commands = faults = 0
    for path in arguments.documents:
        if not path.exists():
            print(f"{path}: not there")
            continue
        ran, wrong = check(path, arguments)
        print(f"{path}: {ran} commands")
        commands += ran
        faults += wrong
    if commands == 0:
        print("no document shows a command")
    return 1 if faults or commands == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
