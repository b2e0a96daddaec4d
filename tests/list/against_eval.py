#!/usr/bin/python3
"""Compares what weir list says of a cluster with what weir eval answers, connection by connection.

    against_eval.py WEIR CLUSTER POLICIES...

CLUSTER is manifests without policies: in its list every end appears. Every pair of pods, and every
pod with addresses on the edges of the ranges outside, is asked on the ports at the edges of every
listed range. A connection must be allowed exactly where a row of the list covers it.

Then the rows of the default listing, workload by workload, are asked as they are printed, a range by
its first and its last address: allowed at the edges of a row's ports, and denied one beyond where no
row of these ends goes on. Pairs of ends without a row are denied.
"""
import ipaddress
import json
import subprocess
import sys

PROTOCOLS = ("TCP", "UDP", "SCTP")
ADDRESSES = ["192.0.2.1", "8.8.8.8"]  # outside, whatever the policies


def run(*arguments, stdin=None):
    result = subprocess.run(arguments, input=stdin, capture_output=True, text=True)
    if result.returncode not in (0, 4):
        sys.exit("%s: exit %d\n%s" % (" ".join(arguments), result.returncode, result.stderr))
    return result.stdout


def connections(weir, paths, by):
    files = [word for path in paths for word in ("-f", path)]
    listing = json.loads(run(weir, "list", *files, "--by", by, "-o", "json"))
    return listing["connections"], listing["ambiguous"]


def is_range(end):
    return "/" in end and end[0] in "0123456789abcdef:" and ends_in_number(end)


def ends_in_number(end):
    try:
        ipaddress.ip_network(end)
        return True
    except ValueError:
        return False


def is_address(end):
    try:
        ipaddress.ip_address(end)
        return True
    except ValueError:
        return False


def edge_ports(rows):
    ports = {1, 53, 80, 65535}
    for row in rows:
        for low, high in row["ports"]:
            ports.update((low - 1, low, high, high + 1))
    return sorted(port for port in ports if 0 <= port <= 65535)


def edge_addresses(rows):
    addresses = set(ADDRESSES)
    for row in rows:
        for end in (row["from"], row["to"]):
            if is_range(end):
                network = ipaddress.ip_network(end)
                addresses.update((str(network[0]), str(network[-1])))
                if int(network[0]) > 0:
                    addresses.add(str(network[0] - 1))
    return sorted(addresses)


class Rows:
    """What a list allows, by its ends."""

    def __init__(self, rows):
        self.pairs = {}
        self.ranges = []
        self.splits = set()
        for row in rows:
            self.pairs.setdefault((row["from"], row["to"]), []).append(row)
            for end in (row["from"], row["to"]):
                if is_range(end):
                    self.ranges.append(end)
                if is_address(end):
                    self.splits.add(end)
        self.ranges = sorted(set(self.ranges))
        self.networks = {text: ipaddress.ip_network(text) for text in self.ranges}

    def names(self, end):
        """The ends of the list that may stand for an end of a question."""
        if not is_address(end):
            return [end]
        address = ipaddress.ip_address(end)
        return [text for text, network in self.networks.items() if address in network]

    def cover(self, source, target, protocol, port):
        for name in self.names(source):
            for other in self.names(target):
                for row in self.pairs.get((name, other), ()):
                    if row["protocol"] == "any" or (row["protocol"] == protocol and any(
                            low <= port <= high for low, high in row["ports"])):
                        return True
        return False


def questions(pods, addresses, ports):
    pairs = [(a, b) for a in pods for b in pods if a != b]
    pairs += [(a, b) for a in pods for b in addresses]
    pairs += [(b, a) for a in pods for b in addresses]
    for source, target in pairs:
        for protocol in PROTOCOLS:
            for port in ports:
                yield {"from": source, "to": target, "protocol": protocol, "port": port}


def ask(weir, paths, asked):
    files = [word for path in paths for word in ("-f", path)]
    answers = subprocess.run([weir, "eval", *files, "--queries", "-"], capture_output=True,
                             text=True, input="".join(json.dumps(q) + "\n" for q in asked))
    lines = answers.stdout.splitlines()
    if len(lines) != len(asked):
        sys.exit("%d answers to %d questions\n%s" % (len(lines), len(asked), answers.stderr))
    return [json.loads(line) for line in lines]


def names(rows):
    return sorted({row[end] for row in rows for end in ("from", "to") if not is_range(row[end])})


def compare_pods(weir, cluster, policies):
    everything, _ = connections(weir, [cluster], "pod")
    pods = [name for name in names(everything) if not is_address(name)]
    rows, ambiguous = connections(weir, [cluster] + policies, "pod")
    if not pods or ambiguous:
        sys.exit("nothing to compare: %d pods, %d ambiguous" % (len(pods), len(ambiguous)))
    listed = Rows(rows)
    asked = list(questions(pods, edge_addresses(rows), edge_ports(rows)))
    compared = {"allow": 0, "deny": 0}
    for question, answer in zip(asked, ask(weir, [cluster] + policies, asked)):
        verdict = answer["verdict"]
        if verdict == "mixed":  # families that differ: the list has rows of addresses
            if not listed.splits:
                sys.exit("mixed, and no row of an address: %s" % question)
            continue
        if verdict == "error":  # no family in common
            if "family" not in answer["error"]:
                sys.exit("%s: %s" % (question, answer["error"]))
            continue
        compared[verdict] += 1
        covered = listed.cover(question["from"], question["to"], question["protocol"],
                               question["port"])
        if covered != (verdict == "allow"):
            sys.exit("the list %s, eval says %s: %s"
                     % ("allows" if covered else "has no row", verdict, question))
    print("%d pods: %d allowed, %d denied, all as listed"
          % (len(pods), compared["allow"], compared["deny"]))
    if not sum(compared.values()):
        sys.exit("nothing was compared")


def words(end):
    """The texts by which an end of a row can be asked about."""
    if not is_range(end):
        return [end]
    network = ipaddress.ip_network(end)
    return sorted({str(network[0]), str(network[-1])})


def is_allowed(rows, protocol, port):
    return any(row["protocol"] in ("any", protocol)
               and any(low <= port <= high for low, high in row["ports"]) for row in rows)


def questions_as_printed(rows):
    """Questions about a pair of ends, and whether its rows allow them."""
    for protocol in PROTOCOLS:
        for port in edge_ports(rows):
            for source in words(rows[0]["from"]):
                for target in words(rows[0]["to"]):
                    yield ({"from": source, "to": target, "protocol": protocol, "port": port},
                           is_allowed(rows, protocol, port))
    for protocol in ("ICMP", 47):
        allowed = any(row["protocol"] in ("any", "other") for row in rows)
        if protocol == 47 or not any(":" in row["from"] + row["to"] for row in rows):
            yield ({"from": words(rows[0]["from"])[0], "to": words(rows[0]["to"])[0],
                    "protocol": protocol}, allowed)


def is_of_the_cluster(row, answer):
    """True when the edge of a range is a pod's or a node's address: a range says nothing of it."""
    return any(answer[half]["reason"] != "not-a-pod"
               for end, half in (("from", "egress"), ("to", "ingress"))
               if is_range(row[end]) and half in answer)


def compare_as_printed(weir, cluster, policies):
    everything, _ = connections(weir, [cluster], "workload")
    rows, _ = connections(weir, [cluster] + policies, "workload")
    pairs = {}
    for row in rows:
        pairs.setdefault((row["from"], row["to"]), []).append(row)
    asked = [(ends[0], question, allowed) for ends in pairs.values()
             for question, allowed in questions_as_printed(ends)]
    if set(names(rows)) <= set(names(everything)):  # no pods of workloads that do not agree
        asked += [(row, {"from": row["from"], "to": row["to"], "port": port, "protocol": "TCP"},
                   False)
                  for row in everything
                  if not is_range(row["from"]) and not is_range(row["to"])
                  and (row["from"], row["to"]) not in pairs
                  for port in edge_ports(rows)]
    count = 0
    for (row, question, allowed), answer in zip(
            asked, ask(weir, [cluster] + policies, [question for _, question, _ in asked])):
        if answer["verdict"] == "error":
            sys.exit("%s: %s" % (question, answer["error"]))
        if is_of_the_cluster(row, answer):
            continue
        if answer["verdict"] != ("allow" if allowed else "deny"):
            sys.exit("the list %s, eval says %s: %s"
                     % ("allows" if allowed else "has no row", answer["verdict"], question))
        count += 1
    print("%d questions with the names that are printed: all as listed" % count)
    if not count:
        sys.exit("nothing was asked")


def main():
    weir, cluster, policies = sys.argv[1], sys.argv[2], sys.argv[3:]
    compare_pods(weir, cluster, policies)
    compare_as_printed(weir, cluster, policies)


main()
