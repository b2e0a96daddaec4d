# stage.sh - sourced by tests that use what is installed: installs BUILD into $stage, a folder that
# vanishes with the test, and points pkg-config at it. There the prefix is a place that the files
# were not configured for, so the pkg-config files are told.
set -eu

fail() {
	echo "FAILED: $*"
	exit 1
}

stage_install() { # stage_install MESON BUILD PREFIX LIBDIR
	stage=$(mktemp -d)
	trap 'rm -rf "$stage"' EXIT
	# Meson writes a log into the build folder, where tests run beside this one.
	DESTDIR=$stage/root "$1" install -C "$2" --no-rebuild --quiet >"$stage/log" 2>&1 ||
		fail "meson install: $(cat "$stage/log")"
	prefix=$stage/root$3
	libraries=$prefix/$4
	sed -i "s|^prefix=.*|prefix=$prefix|" "$libraries"/pkgconfig/libweir*.pc
	export PKG_CONFIG_PATH="$libraries/pkgconfig"
}
