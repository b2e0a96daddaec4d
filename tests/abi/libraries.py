#!/usr/bin/env python3
"""What the libraries show and what they ask for.

    libraries.py --public-from LIST --libc FILE LIBRARY=SHARED,STATIC,MAP...

A shared library exports what its version script names, nothing more and nothing less, and it needs the
libraries that NEEDED has. Together they export the functions of the public headers, each of them once.
A static library has no writable data, and no global name without weir_ in front. Of the C library all use only what FILE has: no stream of the
process, no clock, no thread, no signal, no way out.
"""
import argparse
import collections
import pathlib
import re
import subprocess
import sys

NEEDED = {
    "libweir": [],
    "libweir-compile": ["libweir"],
    "libweir-k8s": ["libweir", "libweir-compile", "libfyaml"],
    "libweir-pcap": ["libweir", "libpcap", "libz", "libzstd"],
}
WRITABLE = re.compile(r"\.(data|bss|tdata|tbss)(?!\.rel\.ro)(\..*)?$")

faults = []


def tell(text):
    faults.append(text)
    print(text)


def lines_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def exported(shared):
    """Names with their versions."""
    fields = [line.split() for line in lines_of("nm", "-D", "--defined-only", shared)]
    return {tuple(name.split("@@")) for _, kind, name in fields if kind != "A"}


def named(version_script):
    names, version = set(), None
    for line in pathlib.Path(version_script).read_text().splitlines():
        line = line.partition("#")[0].strip()
        if line.endswith("{"):
            version = line[:-1].strip()
        elif re.fullmatch(r"\w+;", line):
            names.add((line[:-1], version))
    return names


def check_exports(name, shared, version_script):
    shown, wanted = exported(shared), named(version_script)
    for symbol, version in sorted(shown ^ wanted):
        what = "is exported, and not named" if (symbol, version) in shown else "is named, and not exported"
        tell(f"{name}: {symbol} of {version} {what}")
    return [symbol for symbol, version in wanted if "PRIVATE" not in version]


def check_needed(name, shared):
    needed = re.findall(r"\(NEEDED\).*\[(.*?)\.so", "\n".join(lines_of("readelf", "-dW", shared)))
    allowed = set(NEEDED[name]) | {"libc"}
    if set(needed) != allowed:
        tell(f"{name} needs {sorted(needed)}, expected {sorted(allowed)}")


def check_data(name, static):
    for line in lines_of("readelf", "-SW", static):
        section = re.match(r" *\[ *\d+\] (\S+) +\S+ +\w+ \w+ (\w+)", line)
        if section and WRITABLE.match(section.group(1)) and int(section.group(2), 16):
            tell(f"{name}: has writable data: {line.strip()}")


def check_names(name, static):
    for line in lines_of("nm", "-g", "--defined-only", static):
        symbol = line.split()[-1] if len(line.split()) == 3 else ""
        if symbol and not symbol.startswith("weir_"):
            tell(f"{name}: {symbol} may be a name of the program's too")


def undefined(static):
    used, own = set(), set()
    for line in lines_of("nm", static):
        fields = line.split()
        if len(fields) == 2 and fields[0] in "Uw":
            used.add(fields[1])
        elif len(fields) == 3 and fields[1] in "TWVRDB":
            own.add(fields[2])
    return used, own


def read_allowed(path):
    allowed = collections.defaultdict(set)
    for line in path.read_text().splitlines():
        line = line.partition("#")[0]
        if line.strip():
            library, _, names = line.partition(":")
            allowed[library.strip()] |= set(names.split())
    return allowed


def check_foreign(statics, allowed):
    symbols = {name: undefined(static) for name, static in statics.items()}
    owners = collections.Counter(symbol for _, own in symbols.values() for symbol in own)
    for symbol in sorted(symbol for symbol, count in owners.items() if count > 1):
        tell(f"{symbol} is in {owners[symbol]} static libraries")
    ours = set(owners)
    for name, (used, _) in symbols.items():
        for symbol in sorted(used - ours - allowed["every"] - allowed[name]):
            tell(f"{name} uses {symbol}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--public-from", required=True, type=pathlib.Path)
    parser.add_argument("--libc", required=True, type=pathlib.Path)
    parser.add_argument("libraries", nargs="+")
    arguments = parser.parse_args()
    statics, public = {}, []
    for library in arguments.libraries:
        name, _, files = library.partition("=")
        shared, statics[name], version_script = files.split(",")
        public += check_exports(name, shared, version_script)
        check_needed(name, shared)
        check_data(name, statics[name])
        check_names(name, statics[name])
    check_foreign(statics, read_allowed(arguments.libc))
    headers = re.findall(r"^(?!\t).*?(weir_\w+) \(", arguments.public_from.read_text(), re.M)
    for symbol in sorted(collections.Counter(public) - collections.Counter(headers)):
        tell(f"{symbol} is exported, and in no header or in another library too")
    for symbol in sorted(collections.Counter(headers) - collections.Counter(public)):
        tell(f"{symbol} is in a header, and no library exports it")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
