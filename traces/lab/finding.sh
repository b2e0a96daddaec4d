#!/bin/sh
# finding.sh WEIR SCENARIO VARIANT [STATUS]: `weir check --strict` says what check-VARIANT.txt says and
# ends with STATUS, which is 1 unless given. Without such a file it says nothing and ends with 0.
set -u
weir=$(readlink -f "$1")
cd "$2" || exit 1
said=check-$3.txt
wanted=${4:-1}
[ -f "$said" ] || {
	said=/dev/null
	wanted=0
}
# A variant without a policy has no file to read.
set -- manifests "$3"
[ -n "$(find -L "$2" -name '*.yaml')" ] || set -- manifests manifests
output=$("$weir" check --strict -f "$1" -f "$2" 2>&1 >/dev/null)
status=$?
printf '%s' "${output:+$output
}" | diff -u "$said" - || exit 1
[ $status -eq "$wanted" ] || {
	echo "weir check ends with $status, not $wanted"
	exit 1
}
