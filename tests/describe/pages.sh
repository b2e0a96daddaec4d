#!/bin/sh
# Manual pages: no complaint of a typesetter's, the same bytes twice, and each option of --help.
#
#	pages.sh WEIR WEIR-DESCRIBE FOLDER	the folder holds the pages as built
set -u

weir=$1 describe=$2 pages=$3
again=$(mktemp -d) || exit 1
trap 'rm -rf "$again"' EXIT
LC_ALL=C
export LC_ALL
failed=0 typesetters=0

fail() {
	echo "$*"
	failed=1
}

# A page says nothing of a date on purpose; everything else is a fault.
lint() {
	mandoc -T lint -W warning "$1" 2>&1 | grep -v 'missing date'
}

typeset_all() {
	for page in "$pages"/*.1; do
		if command -v mandoc >/dev/null && lint "$page"; then
			fail "$page: mandoc complains"
		fi
		if command -v groff >/dev/null && groff -man -Tutf8 -ww "$page" 2>&1 >/dev/null | grep .; then
			fail "$page: groff complains"
		fi
	done
	for tool in mandoc groff; do
		command -v $tool >/dev/null && typesetters=$((typesetters + 1))
	done
}

commands() {
	"$weir" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z]*\)  *.*/\1/p' | grep -vx help
}

# "-f, --file PATH" and its like, a line an option, of --help and of a page.
options_of_help() {
	"$weir" help "$1" | grep -E -o '^ {2,6}((-[a-z], )?--[a-z-]+|-[a-z])( [A-Z=]+( |$))?' |
		sed -e 's/^ *//' -e 's/ *$//'
}

options_of_page() {
	sed -n '/^\.SH OPTIONS/,/^\.SH EXIT/p' "$1" | grep -A1 '^\.TP' | grep -v -e '^\.TP' -e '^--$' |
		sed -e 's/\\f[BIRP]//g' -e 's/\\-/-/g'
}

compare_options() {
	for command in $(commands); do
		page=$pages/weir-$command.1
		options_of_help "$command" >"$again/help"
		options_of_page "$page" >"$again/page"
		[ -s "$again/help" ] || fail "weir help $command: no option found"
		diff -u "$again/help" "$again/page" || fail "$page: other options than --help has"
		for section in NAME SYNOPSIS DESCRIPTION OPTIONS 'EXIT STATUS' EXAMPLES 'SEE ALSO'; do
			grep -qx "\.SH $section" "$page" || fail "$page: no section $section"
		done
		grep -q "weir\\\\-$command" "$pages/weir.1" || fail "weir.1 does not name weir-$command"
	done
}

compare_bytes() {
	mkdir "$again/man1"
	touch "$again/man1/weir-gone.1"
	"$describe" man "$again/man1" || fail "weir-describe failed"
	diff -r "$pages" "$again/man1" || fail "the pages changed between two runs"
	"$describe" man "$again/none/man1" 2>/dev/null && fail "a missing folder is no error"
	"$describe" man 2>/dev/null && fail "a missing operand is no error"
}

[ -n "$(commands)" ] || fail "weir --help lists no command"
typeset_all
compare_options
compare_bytes
if [ $failed -eq 0 ] && [ $typesetters -lt 2 ]; then
	echo "SKIPPED in part: needs mandoc and groff (packages mandoc, groff-base)"
	exit 77
fi
exit $failed
