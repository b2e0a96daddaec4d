#!/bin/sh
# aarch64.sh SUMS INCLUDES SOURCE...: builds SUMS once more for aarch64, from SOURCE, runs it in an
# emulator, and expects of it every word that SUMS says here. INCLUDES: -I options in one word.
set -u
here=$1 includes=$2 policies=400
shift 2

for tool in aarch64-linux-gnu-gcc qemu-aarch64-static; do
	command -v $tool >/dev/null || {
		echo "SKIPPED: $tool is not installed"
		exit 77
	}
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# shellcheck disable=SC2086
aarch64-linux-gnu-gcc -std=gnu11 -O2 -Wall -Wextra -Werror -Wno-missing-field-initializers \
	-D_GNU_SOURCE -static $includes "$@" -o "$folder/sums" || exit 1
expected=$("$here" $policies) || exit 1
got=$(qemu-aarch64-static "$folder/sums" $policies) || exit 1
echo "here:    $expected"
echo "aarch64: $got"
[ -n "$expected" ] && [ "$got" = "$expected" ]
