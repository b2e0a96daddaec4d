"""weir run beside weir replay --live, on the same policies and the same trace."""
import json
import subprocess

from fastpath import check, frames, run


def replay(weir, policies, trace, what):
    command = [weir, "replay", "--live", "--packets", "-o", "json", "-r", trace]
    for path in policies:
        command += ["-f", path]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    check(f"{what}: replay's exit code", 0, done.returncode)
    return json.loads(done.stdout)


def same(weir, policies, trace, cores):
    what = f"{trace} on {cores} core(s)"
    want = replay(weir, policies, trace, what)
    got, sent, back = run(weir, policies, trace, [], cores, what)
    summary = want["summary"]
    for key in ("packets", "allowed", "denied", "not_ip", "opaque", "malformed"):
        check(f"{what}: {key}", summary[key], got.get(key))
    check(f"{what}: rules", summary["rules"], got.get("rules"))
    passed = [
        frame
        for frame, packet in zip(frames(trace), want["packets"])
        if packet["class"] in ("allowed", "not_ip")
    ]
    # Several cores keep the order within connections only; fragments that waited come later.
    check(f"{what}: what was sent", sorted(passed), sorted(sent))
    if cores == 1 and not any(p["why"] == "fragment" for p in want["packets"]):
        check(f"{what}: its order", passed, sent)
    check(f"{what}: what was sent back", [], back)
    check(f"{what}: lost", 0, sum(p["unsent"] + p["missed"] for p in got.get("ports", [])))
    return got.get("live", {}).get("handed_to_other_cores", 0)
