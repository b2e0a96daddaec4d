// Judge-keys judges connections by a compiled policy:
//
//	judge-keys POLICY.weir < KEYS
//	judge-keys POLICY.weir --measure < KEYS
//
// A line of KEYS is SOURCE DESTINATION PROTOCOL PORT.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"weir.example/judge-keys/weir"
)

type question struct {
	text string
	key  weir.Key
}

func parse(line string) (question, error) {
	var out question
	words := strings.Fields(line)
	if len(words) != 4 {
		return out, fmt.Errorf("not SOURCE DESTINATION PROTOCOL PORT: %s", line)
	}
	source, err := weir.Address(words[0])
	if err != nil {
		return out, err
	}
	destination, err := weir.Address(words[1])
	if err != nil {
		return out, err
	}
	protocol, ok := map[string]uint8{"TCP": weir.TCP, "UDP": weir.UDP, "SCTP": weir.SCTP}[words[2]]
	if !ok {
		return out, fmt.Errorf("%s is none of TCP, UDP, SCTP", words[2])
	}
	port, err := strconv.ParseUint(words[3], 10, 16)
	if err != nil {
		return out, err
	}
	return question{line, weir.Key{
		Source:          source,
		Destination:     destination,
		DestinationPort: uint16(port),
		Protocol:        protocol,
		Flags:           weir.BothSides | weir.UnknownExternal,
	}}, nil
}

func readQuestions(in io.Reader) ([]question, error) {
	var questions []question
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		question, err := parse(lines.Text())
		if err != nil {
			return nil, err
		}
		questions = append(questions, question)
	}
	return questions, lines.Err()
}

func printVerdicts(policy *weir.Policy, questions []question) error {
	keys, verdicts := keysOf(questions, len(questions)), make([]weir.Verdict, len(questions))
	policy.Classify(keys, verdicts)
	for i, question := range questions {
		explanation := policy.Explain(question.key)
		// What a dataplane would ask is the verdict alone.
		if explanation.Verdict != verdicts[i] {
			return fmt.Errorf("%s: the verdict is not what its explanation says", question.text)
		}
		fmt.Printf("%s: %v; egress: %v, %s; ingress: %v, %s\n", question.text, explanation.Verdict.Action,
			explanation.Egress.Action, explanation.Egress.Why, explanation.Ingress.Action, explanation.Ingress.Why)
	}
	return nil
}

func keysOf(questions []question, n int) []weir.Key {
	keys := make([]weir.Key, n)
	for i := range keys {
		keys[i] = questions[i%len(questions)].key
	}
	return keys
}

// Verdicts a second of processor time, of so many keys a call.
func rate(policy *weir.Policy, keys []weir.Key, burst int) float64 {
	verdicts := make([]weir.Verdict, len(keys))
	begin, rounds := processorTime(), 0
	for ; processorTime()-begin < time.Second; rounds++ {
		for i := 0; i < len(keys); i += burst {
			policy.Classify(keys[i:i+burst], verdicts[i:])
		}
	}
	return float64(rounds*len(keys)) / (processorTime() - begin).Seconds()
}

func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func measure(policy *weir.Policy, questions []question) {
	keys := keysOf(questions, 1024)
	fmt.Printf("Go: %.1f M verdicts/s one at a time, %.1f M/s in bursts of 256\n",
		rate(policy, keys, 1)/1e6, rate(policy, keys, 256)/1e6)
}

func run() error {
	policy, err := weir.Open(os.Args[1])
	if err != nil {
		return err
	}
	defer policy.Close()
	questions, err := readQuestions(os.Stdin)
	if err != nil {
		return err
	}
	if len(os.Args) == 3 && len(questions) > 0 {
		measure(policy, questions)
		return nil
	}
	return printVerdicts(policy, questions)
}

func main() {
	if len(os.Args) != 2 && (len(os.Args) != 3 || os.Args[2] != "--measure") {
		fmt.Fprintln(os.Stderr, "usage: judge-keys POLICY.weir [--measure] < KEYS")
		os.Exit(2)
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "judge-keys:", err)
		os.Exit(2)
	}
}
