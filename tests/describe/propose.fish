# propose.fish SCRIPT LINES: a line of proposals for each command line.
source $argv[1]
while read -l line
    set -l words (complete -C "$line" | string replace -r '\t.*' '' | string replace -r '^--[a-z-]+=' '')
    echo "$words"
end <$argv[2]
