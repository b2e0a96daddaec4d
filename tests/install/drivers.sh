#!/bin/sh
# drivers.sh MESON BUILD PREFIX LIBDIR SOURCE [--build]: our own programs need no more than what is
# installed: installs into a folder, and configures cli, pcap, dpdk and the examples with it. With --build
# they are built, and the tests run that they have there.
. "$(dirname "$0")/stage.sh"
stage_install "$1" "$2" "$3" "$4"
meson=$1 source=$5
export LD_LIBRARY_PATH="$libraries"

"$meson" setup "$stage/build" "$source" -Dlibraries=installed >"$stage/log" 2>&1 || fail "$(cat "$stage/log")"
grep -q "$source/include\|$source/engine" "$stage/build/compile_commands.json" &&
	fail "a program sees headers of the source tree"
[ "${6-}" = --build ] || exit 0
ninja -C "$stage/build" >"$stage/log" 2>&1 || fail "$(tail -40 "$stage/log")"
ldd "$stage/build/cli/weir" | grep -q "$libraries/libweir.so" || fail "weir is not linked to what is installed"
"$meson" test -C "$stage/build" --no-rebuild --suite cli >"$stage/log" 2>&1 || fail "$(tail -40 "$stage/log")"
sed -n 's/^Ok: */tests passed: /p' "$stage/log"
