#!/bin/sh
# finding.sh WEIR SCENARIO VARIANT STATUS: `weir check` ends with STATUS and says what
# check-VARIANT.txt says.
set -u
weir=$(readlink -f "$1")
cd "$2" || exit 1
"$weir" check -f manifests -f "$3" 2>&1 >/dev/null | diff -u "check-$3.txt" - || exit 1
"$weir" check -f manifests -f "$3" >/dev/null 2>&1
status=$?
[ $status -eq "$4" ] || {
	echo "weir check ends with $status, not $4"
	exit 1
}
