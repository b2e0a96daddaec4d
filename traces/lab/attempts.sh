# Making every connection of a scenario, and comparing what got through with what its expectations say: what
# verify.sh, and whoever lets something else than the kernel judge, do once pods.sh has built the pods.
# The list is in $lab_folder/connections.

wrong=0 right=0

# expected_all VARIANT: the verdict that its file gives for each connection, a line each; or the file
# unseen-VARIANT.jsonl, for connections that the capture does not tell. Where every packet is judged by
# itself, the answers' row counts too.
expected_all() {
	local judged=connections files=("expected-$1.jsonl")
	[ ! -f "unseen-$1.jsonl" ] || files+=("unseen-$1.jsonl")
	case " ${stateless[*]} " in
	*" $1 "*) judged=stateless ;;
	esac
	/usr/bin/python3 -c '
import json, sys
stateless = sys.argv[1] == "stateless"
verdicts = {}
for row in (json.loads(line) for name in sys.argv[2:] for line in open(name)):
    key = row["from"], row["to"], row["protocol"], str(row.get("port", "-"))
    verdicts.setdefault(key, set()).add(row["verdict"])
for source, to, protocol, port, *answers in (line.split()[4:] for line in sys.stdin):
    found = verdicts.get((source, to, protocol, port), set())
    if stateless and found == {"allow"}:
        found = verdicts.get((to, source, *(answers or [protocol]), "-"), set())
    print(*found if len(found) == 1 else ["none"])
' "$judged" "${files[@]}" <"$lab_folder/connections"
}

# attempt_all VARIANT: makes every connection at once, with a second's patience; the N-th leaves its outcome in VARIANT.N.
attempt_all() {
	local client how address port n=0 attempts=()
	while read -r client how address port _; do
		n=$((n + 1))
		{
			if try "$client" "$how" "$address" "$port" 1; then echo allow; else echo deny; fi
		} >"$lab_folder/$1.$n" 2>/dev/null &
		attempts+=($!)
	done <"$lab_folder/connections"
	wait "${attempts[@]}"
}

# compare_all VARIANT: counts in right and wrong; judge is who let through what got through.
compare_all() {
	local client how address port from to protocol seen want got n=0
	while read -r want client how address port from to protocol seen; do
		n=$((n + 1))
		got=$(cat "$lab_folder/$1.$n")
		# A busy machine may be slow to answer: ask once more before saying that it did not.
		[ "$got $want" = "deny allow" ] && try "$client" "$how" "$address" "$port" 5 </dev/null && got=allow
		if [ "$got" = "$want" ]; then
			right=$((right + 1))
		else
			wrong=$((wrong + 1))
			echo "$1: $from to $to $protocol $seen: $judge says $got, expected $want"
		fi
	done < <(paste -d ' ' <(expected_all "$1") "$lab_folder/connections")
}
