#!/usr/bin/env python3
"""What a program that was compiled with the public headers relies on, against the list that is kept.

    interface.py [--update] --cc CC --include FOLDER --list FILE

The list has every function with the types of its arguments, every structure with the place and size of
its members, every named enumeration with its values: as the compiler has them. A difference is a new ABI:
--update writes it down, and the change that makes it says so.
"""
import argparse
import difflib
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

NOTES = re.compile(r"/\* (XXX|---|sum |last |padding|paddings|forced|member types|Bitfield)")


def compiled(cc, include, folder):
    """The prototypes and the debugging information of all headers."""
    source = folder / "all.c"
    names = sorted(path.name for path in (include / "weir").glob("*.h"))
    source.write_text("".join(f'#include "weir/{name}"\n' for name in names))
    subprocess.run([*shlex.split(cc), "-g", "-c", "-fno-eliminate-unused-debug-types", "-I", include, source,
        "-o", folder / "all.o", "-aux-info", folder / "prototypes"], check=True)
    return (folder / "prototypes").read_text(), folder / "all.o"


def name_of(prototype):
    return re.search(r"(\w+) \(", prototype).group(1)


def functions_of(prototypes):
    found = re.findall(r"/\* \S*/weir/\w+\.h:\d+:N[FC] \*/ extern (.*?);", prototypes)
    return sorted((re.sub(r"\s+", " ", text) for text in found), key=name_of)


def pahole(*arguments):
    return subprocess.run(["pahole", *arguments], check=True, capture_output=True, text=True).stdout


def tidy(block):
    """A type as pahole has it, without its columns and its advice."""
    lines = []
    for line in block.splitlines():
        if not line.strip() or NOTES.search(line):
            continue
        indent, line = re.match(r"(\t*)(.*)", line).groups()
        line = re.sub(r", cachelines: \d+, members: \d+", "", re.sub(r"\s+", " ", line))
        lines.append(indent + line)
    return "\n".join(lines)


def types_of(text):
    blocks = re.findall(r"^(?:struct|union|enum) weir_\w+ \{\n.*?^\}[^\n]*;", text, re.M | re.S)
    return [tidy(block) for block in blocks]


def interface(cc, include):
    with tempfile.TemporaryDirectory() as folder:
        prototypes, compiled_all = compiled(cc, include, pathlib.Path(folder))
        headers = "".join(path.read_text() for path in (include / "weir").glob("*.h"))
        enumerations = sorted(set(re.findall(r"^enum (weir_\w+) \{", headers, re.M)))
        types = types_of(pahole(compiled_all)) + types_of(
            pahole("-C", ",".join(enumerations), compiled_all))
    return "\n".join(functions_of(prototypes) + sorted(types)) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--cc", required=True)
    parser.add_argument("--include", required=True, type=pathlib.Path)
    parser.add_argument("--list", required=True, type=pathlib.Path)
    arguments = parser.parse_args()
    if not shutil.which("pahole"):
        print("SKIPPED: pahole is not installed")
        return 77
    now = interface(arguments.cc, arguments.include.resolve())
    if arguments.update:
        arguments.list.write_text(now)
        return 0
    kept = arguments.list.read_text()
    print("".join(difflib.unified_diff(kept.splitlines(True), now.splitlines(True), "kept", "now")))
    if now != kept:
        print(f"another ABI: if this is meant, {sys.argv[0]} --update --cc '{arguments.cc}' "
            f"--include {arguments.include} --list {arguments.list}")
    return int(now != kept)


if __name__ == "__main__":
    sys.exit(main())
