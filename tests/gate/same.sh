#!/bin/sh
# same.sh STATIC SHARED CASE FUNCTION CALLS: counts the instructions that FUNCTION takes in CASE of a
# program that the library is linked into, and of one with the shared library. That may take two
# more for each of the CALLS into the library: the jump to where it was loaded. The program binds its
# names when it starts, as the library does.
set -u

count() { # count PROGRAM CASE FUNCTION
	LD_BIND_NOW=1 valgrind --tool=callgrind --callgrind-out-file=/dev/null --collect-atstart=no \
		--toggle-collect="$3" "$1" "$2" >"$out" 2>&1 || {
		cat "$out" >&2
		exit 1
	}
	sed -n 's/^==[0-9]*== Collected : \([0-9]*\).*/\1/p' "$out"
}

command -v valgrind >/dev/null || {
	echo "SKIPPED: valgrind is not installed"
	exit 77
}
out=$(mktemp)
trap 'rm -f "$out"' EXIT
static=$(count "$1" "$3" "$4") && shared=$(count "$2" "$3" "$4") || exit 1
echo "$3: $static instructions linked in, $shared from the shared library"
[ "${static:-0}" -gt "$5" ] && [ "$shared" -le $((static + 2 * $5)) ]
