# propose.bash SCRIPT LINES: a line of proposals for each command line, as readline would ask.

# Outside of readline there is none to complete paths in place of the script.
compopt() {
	[[ $* == '-o default' ]] && mapfile -t COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]#=}")
}

source "$1"
while IFS= read -r line; do
	read -ra COMP_WORDS <<<"${line//=/ = }"
	[[ $line == *' ' ]] && COMP_WORDS+=('')
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	COMPREPLY=(unset)
	_weir
	echo "${COMPREPLY[*]}"
done <"$2"
