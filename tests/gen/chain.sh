#!/bin/sh
# weir gen cluster | weir gen trace | weir replay --expect: replay finds for every flow the verdict
# that the reference evaluator gave it, whatever the seed; and finds a verdict that is wrong.
#
#	chain.sh WEIR SEEDS [FIRST-SEED]
set -u

weir=$1 seeds=$2 first=${3:-1}
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
	5) echo --through-services 0 --fragments 20% --icmp-errors 10% --noise 1% ;;
	esac
}

# The trace of a seed, and its verdicts; of small clusters some deny nothing.
make() {
	mix=everything
	[ $((seed % 3)) -ne 0 ] || mix=usual
	name=trace.pcap
	[ $((seed % 2)) -ne 0 ] || name=trace.pcapng
	# shellcheck disable=SC2046
	"$weir" gen cluster --seed "$seed" --mix $mix --pods $((60 + seed * 37 % 240)) |
		tee cluster.yaml |
		"$weir" gen trace -f - $(semantics "$seed") $(shares "$seed") --seed "$seed" --flows 300 \
			-o $name --expect verdicts.jsonl 2>errors
}

# shellcheck disable=SC2046
replay() {
	"$weir" replay -f cluster.yaml $(semantics "$seed") -r $name --expect "$1" --summary \
		>summary 2>errors
}

seed=$first
while [ "$seed" -lt $((first + seeds)) ]; do
	if make; then
		replay verdicts.jsonl || fail "replay does not agree"
		grep -q ' 0 ambiguous + [0-9]* not_ip + 0 opaque + 0 malformed' summary ||
			fail "$(head -1 summary)"
		[ "$(wc -l <verdicts.jsonl)" -eq 300 ] || fail "$(wc -l <verdicts.jsonl) verdicts"
		flows=$((flows + 300))
	elif ! grep -q 'no denied connection was found' errors; then
		fail "no trace"
	fi
	seed=$((seed + 1))
done

seed=$((first + 7 - first % 7))
make || fail "no trace"
sed '5{s/"allow"/"deny"/;t;s/"deny"/"allow"/}' verdicts.jsonl >wrong.jsonl
replay wrong.jsonl
[ $? -eq 1 ] && grep -q '^wrong.jsonl:5: expected' errors || fail "a wrong verdict is not found"

echo "$flows flows agreed"
[ $flows -ge $((seeds * 270)) ] || fail "too few of them"
exit $failed
