# propose.zsh SCRIPT LINES: a line of proposals for each command line.
#
# Completion of zsh works in the line editor only. So a shell on a terminal of its own gets a key
# that asks for all lines, by a completion that keeps what is proposed instead of inserting it.
zmodload zsh/zpty

script=$1:A lines=$2:A answers=$PWD/answers.$$
trap 'rm -f $answers*' EXIT

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
SETUP

export lines answers
setopt null_glob
zpty shell zsh -f -i
zpty -w shell "source $answers.setup; print ready"
zpty -r -m shell output '*ready*'
zpty -w -n shell $'\x14'
for ((tenths = 0; tenths < 200; tenths++)); do
	[[ -e $answers.done ]] && break
	sleep 0.1
done
zpty -d shell
[[ -e $answers.done ]] || exit 1
cat $answers.done
