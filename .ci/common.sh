# Shared by ./demo and ./check: saying what is done, and installing what is missing.

say() {
	printf '\n== %s\n' "$*"
}

die() {
	printf '%s: %s\n' "$0" "$*" >&2
	exit 1
}

# Runs a command as root, through sudo when we are not.
as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "not root, and sudo is not installed: cannot run: $*"
	fi
}

is_installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Installs the packages of the given groups of .ci/packages that dpkg does not know yet.
install_packages() {
	local group package missing=()

	command -v dpkg-query >/dev/null || die "this needs Debian 12 or a system like it (no dpkg-query)"
	while read -r group package; do
		case " $* " in
		*" $group "*) is_installed "$package" || missing+=("$package") ;;
		esac
	done < <(grep -v '^#' .ci/packages)
	if [ ${#missing[@]} -eq 0 ]; then
		echo "every package is installed"
		return
	fi
	echo "installing: ${missing[*]}"
	as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq ||
		die "apt-get update failed"
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
		-o Dpkg::Use-Pty=0 "${missing[@]}" >/dev/null || die "apt-get install failed"
}

# set_up FOLDER [meson option...]: makes a build folder, or brings an old one up to date.
set_up() {
	local folder=$1
	shift
	if [ -f "$folder/build.ninja" ]; then
		meson configure "$folder" "$@" >/dev/null || die "meson configure failed in $folder"
	else
		rm -rf "$folder"
		meson setup "$folder" "$@" >"$folder.log" 2>&1 || {
			cat "$folder.log" >&2
			die "meson setup failed"
		}
	fi
}

# build FOLDER: quiet when it works.
build() {
	ninja -C "$1" >"$1.log" 2>&1 || {
		grep -vE '^\[[0-9]+/[0-9]+\] (Compiling|Linking|Generating)' "$1.log" | tail -60 >&2
		return 1
	}
}

# Through sudo, what was built belongs to whoever asked, who may go on without sudo.
give_back() {
	if [ -n "${SUDO_UID:-}" ] && [ -d build ]; then
		chown -R "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" build
	fi
}
trap give_back EXIT
