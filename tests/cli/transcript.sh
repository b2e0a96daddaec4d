#!/bin/sh
# Runs the commands of transcripts and compares what they print with what is written there.
#
#	transcript.sh [--update] WEIR MAKE_TRACE TRANSCRIPT...
#
# In a transcript, lines that begin with "# " are for the reader, "$ " is a command, "| " a line of
# its standard output, "! " one of its standard error, and [N] its exit code when that is not 0.
# Commands run with sh in a copy of data/, where every NAME.trace has been made into NAME.pcap,
# and can change it without harm to the next transcript. --update writes down what they print now.
set -u

update=no
if [ "$1" = --update ]; then
	update=yes
	shift
fi
weir=$(readlink -f "$1") make_trace=$(readlink -f "$2")
shift 2
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/bin"
ln -s "$weir" "$folder/bin/weir"
PATH=$folder/bin:$PATH
LC_ALL=C
export PATH LC_ALL
unset NO_COLOR TERM
failed=0

make_data() {
	rm -rf "$folder/data"
	cp -r "$here/data" "$folder/data"
	for trace in "$folder"/data/*.trace; do
		"$make_trace" <"$trace" >"${trace%.trace}.pcap" || exit 1
	done
}

# quote PREFIX FILE: the file with a mark before each line, and no space behind it.
quote() {
	sed -e "s/^/$1 /" -e 's/^\(.\) $/\1/' "$2"
}

run() {
	(cd "$folder/data" && sh -c "$1") >"$folder/stdout" 2>"$folder/stderr" </dev/null
	code=$?
	quote '|' "$folder/stdout"
	quote '!' "$folder/stderr"
	[ $code -eq 0 ] || echo "[$code]"
}

replay() {
	while IFS= read -r line; do
		case $line in
		'$ '*)
			printf '%s\n' "$line"
			run "${line#??}"
			;;
		'#'* | '')
			printf '%s\n' "$line"
			;;
		esac
	done <"$1"
}

for transcript in "$@"; do
	make_data
	replay "$transcript" >"$folder/got"
	if [ $update = yes ]; then
		cp "$folder/got" "$transcript"
	elif ! grep -q '^\$ ' "$transcript"; then
		echo "$transcript: has no command"
		failed=1
	elif ! diff -u "$transcript" "$folder/got"; then
		failed=1
	fi
done
exit $failed
