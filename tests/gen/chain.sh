#!/bin/sh
# weir gen cluster | weir gen trace | weir replay --expect: replay finds for every flow the verdict
# that the reference evaluator gave it, whatever the seed; and finds a verdict that is wrong. Every
# fourth cluster is a hostile one of the random tests instead.
#
#	chain.sh WEIR PRINT-HOSTILE SEEDS [FIRST-SEED]
set -u

weir=$(readlink -f "$1") hostile=$(readlink -f "$2") seeds=$3 first=${4:-1}
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
failed=0
flows=0

fail() {
	echo "seed $seed: $*"
	[ ! -s errors ] || head -5 errors
	failed=1
}

# What Kubernetes leaves open, one way or the other.
semantics() {
	case $(($1 % 5)) in
	1) echo --ipblock-pods ignore --own-node policy ;;
	2) echo --other-protocols deny ;;
	3) echo --other-protocols allow --own-node policy ;;
	esac
}

shares() {
	case $(($1 % 7)) in
	1) echo --denied 0 --unrelated 0 --fragments 50% ;;
	2) echo --allowed 0 --icmp-errors 20% ;;
	3) echo --through-services 60% --noise 3% ;;
	4) echo --packets 300 --unrelated 50% ;;
	5) echo --through-services 0 --fragments 20% --icmp-errors 10% --noise 1% --tunnels 50% ;;
	6) echo --tunnels 90% ;;
	esac
}

# The manifests of a seed; the options that they need are left in a file.
cluster() {
	: >options
	if [ $((seed % 4)) -eq 3 ]; then
		"$hostile" "$seed" 2>options
	elif [ $((seed % 3)) -eq 0 ]; then
		"$weir" gen cluster --seed "$seed" --pods $((60 + seed * 37 % 240))
	else
		"$weir" gen cluster --seed "$seed" --pods $((60 + seed * 37 % 240)) --mix everything
	fi
}

# The trace of a seed, and its verdicts; of small clusters some deny nothing.
# shellcheck disable=SC2046
make() {
	name=trace.pcap
	[ $((seed % 2)) -ne 0 ] || name=trace.pcapng
	cluster >cluster.yaml
	"$weir" gen trace -f - $(cat options) $(semantics "$seed") $(shares "$seed") --seed "$seed" \
		--flows 300 -o $name --expect verdicts.jsonl <cluster.yaml 2>errors
}

# shellcheck disable=SC2046
replay() {
	"$weir" replay -f cluster.yaml $(cat options) $(semantics "$seed") -r $name --expect "$1" \
		--summary >summary 2>errors
}

seed=$first
while [ "$seed" -lt $((first + seeds)) ]; do
	if make; then
		replay verdicts.jsonl || fail "replay does not agree"
		grep -q ' 0 ambiguous + [0-9]* not_ip + 0 opaque + 0 malformed' summary ||
			fail "$(head -1 summary)"
		[ "$(wc -l <verdicts.jsonl)" -eq 300 ] || fail "$(wc -l <verdicts.jsonl) verdicts"
		flows=$((flows + 300))
	elif ! grep -q 'no [a-z]* connection was found' errors; then
		fail "no trace"
	fi
	seed=$((seed + 1))
done

seed=$((first + 7 - first % 7))
make || fail "no trace"
sed '5{s/"allow"/"deny"/;t;s/"deny"/"allow"/}' verdicts.jsonl >wrong.jsonl
replay wrong.jsonl
[ $? -eq 1 ] || fail "a wrong verdict is not found"
grep -q '^wrong.jsonl:5: expected' errors || fail "a wrong verdict is not told"

echo "$flows flows agreed"
[ $flows -ge $((seeds * 240)) ] || fail "too few of them"
exit $failed
