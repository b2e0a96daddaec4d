#!/bin/sh
# What a shell proposes for the command lines of a table, and that it proposes each command and
# option of --help, and each choice.
#
#	completion.sh SHELL SCRIPT WEIR
set -u

shell=$1 script=$(readlink -f "$2") weir=$(readlink -f "$3")
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
LC_ALL=C HOME=$folder XDG_CONFIG_HOME=$folder XDG_DATA_HOME=$folder TERM=dumb
export LC_ALL HOME XDG_CONFIG_HOME XDG_DATA_HOME TERM
failed=0

if ! command -v "$shell" >/dev/null; then
	echo "SKIPPED: $shell is not installed (package $shell)"
	exit 77
fi
if [ "$shell" = zsh ] && ! zsh -f -c 'zmodload zsh/zpty && zpty probe true' 2>/dev/null; then
	echo "SKIPPED: no pseudo-terminal can be had, and zsh completes on terminals only"
	exit 77
fi
mkdir "$folder/empty"
touch "$folder/cluster.yaml" "$folder/capture.pcap"
cd "$folder" || exit 1

# Lines as one line of sorted words.
in_order() {
	sort -u | tr '\n' ' ' | sed 's/ *$//'
}

# Lines "COMMAND LINE@ => SORTED PROPOSALS", as the table has them.
expected_of_help() {
	commands=$("$weir" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z]*\)  *.*/\1/p')
	echo "weir @ => $(echo "$commands" | in_order)"
	commands=$(echo "$commands" | grep -vx help)
	echo "weir help @ => $(echo "$commands" | in_order)"
	for command in $commands; do
		"$weir" help "$command" | grep -E -o '^ {2,6}((-[a-z], )?--[a-z-]+|-[a-z])' |
			tr ',' '\n' | sed 's/^ *//' >options
		[ -s options ] || echo "weir help $command: no options"
		echo "weir $command -@ => $(in_order <options)"
		# The choices of an option stand behind its help: "a|b|c (default a)".
		"$weir" help "$command" | sed -E 's/^ {2,6}(-[a-z], )?(--[a-z-]+).*/@&/' | tr -s ' \n' ' ' |
			tr '@' '\n' | sed -nE 's/^ (-[a-z], )?(--[a-z-]+) .* ([a-z|-]+\|[a-z-]+) \(default .*/\2 \3/p' |
			while read -r option choices; do
				echo "weir $command $option @ => $(echo "$choices" | tr '|' '\n' | in_order)"
			done
	done
}

grep -v '^#' "$here/cases.txt" >cases
expected_of_help >>cases
grep -q 'weir check --own-node @ => allow policy' cases || failed=1
mv cases empty/cases
rm -f options
sed 's/@ =>.*//' empty/cases >empty/lines
"$shell" "$here/propose.$shell" "$script" empty/lines >empty/proposals || failed=1
paste -d '\n' empty/lines empty/proposals | while IFS= read -r line; do
	IFS= read -r proposals
	echo "$line@ => $(echo "$proposals" | tr ' ' '\n' | in_order)"
done | sed 's/ $//' >empty/got
diff -u empty/cases empty/got || failed=1
echo "$(wc -l <empty/cases) command lines"
exit $failed
