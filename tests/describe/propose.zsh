# propose.zsh SCRIPT LINES: a line of proposals for each command line.
#
# Completion of zsh works in the line editor only. So a shell on a terminal of its own gets a key
# that asks for all lines, by a completion that keeps what is proposed instead of inserting it. Leaves
# files in the current folder.
zmodload zsh/zpty

script=$1:A lines=$2:A answers=$PWD/answers.$$

cat >$answers.setup <<SETUP
PS1= PS2= RPS1=
unsetopt beep prompt_sp
autoload -Uz compinit
compinit -u -D
_load() { source $script }
compdef _load weir
SETUP
cat >>$answers.setup <<'SETUP'
compadd() {
	# Calls that only ask which words would match are left alone.
	if ((${@[(I)-[OAD]*]})); then
		builtin compadd "$@"
		return
	fi
	local -a matches
	builtin compadd -O matches "$@"
	hits+=($matches)
	builtin compadd "$@"
}
gather() {
	_main_complete
	compstate[insert]= compstate[list]=
}
zle -C gather complete-word gather
ask() {
	local line
	local -a hits
	while IFS= read -r line; do
		hits=()
		BUFFER=$line
		CURSOR=$#BUFFER
		zle gather
		print -r -- $hits
	done <$lines >$answers
	BUFFER=
	mv $answers $answers.done
}
zle -N ask
bindkey '^T' ask
: >$answers.ready
SETUP

export lines answers
zpty shell zsh -f -i
zpty -w shell "source $answers.setup"
wait_for() {
	for ((tenths = 0; tenths < 200; tenths++)); do
		[[ -e $1 ]] && return
		sleep 0.1
	done
	print -u2 "no answer from zsh"
	exit 1
}
wait_for $answers.ready
zpty -w -n shell $'\x14'
wait_for $answers.done
zpty -d shell
cat $answers.done
