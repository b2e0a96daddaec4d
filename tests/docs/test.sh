#!/bin/sh
# The tool that runs documents finds what is untrue, mends it, and leaves the rest.
#
#	test.sh PYTHON WEIR MAKE_TRACE
set -u

python=$1 weir=$2 make_trace=$3
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
failed=0

shown() {
	"$python" "$here/shown.py" --weir "$weir" --make-trace "$make_trace" "$@" >"$folder/log"
}

fail() {
	echo "$*"
	cat "$folder/log"
	failed=1
}

for document in untrue usage missing unsaved uncompiled; do
	shown "$here/$document.md" && fail "$document.md passed"
done
shown "$folder/none.md" && fail "no document passed"
cp "$here/untrue.md" "$folder/got.md"
shown --update "$folder/got.md" && fail "an update of what is untrue passed"
diff -u "$here/mended.md" "$folder/got.md" || fail "mended otherwise"
shown --set "GREETING=good day" "$here/saved.md" || fail "saved.md failed"
shown "$here/mended.md" || fail "mended.md failed"
shown --update "$folder/got.md" && cmp "$here/mended.md" "$folder/got.md" || fail "mended twice"
exit $failed
