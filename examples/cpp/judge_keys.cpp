/*
 * judge_keys.cpp - judges connections by a compiled policy:
 *
 *	judge-keys POLICY.weir < KEYS
 *	judge-keys POLICY.weir --measure < KEYS
 *
 * A line of KEYS is SOURCE DESTINATION PROTOCOL PORT.
 */
#include <cstdio>
#include <ctime>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "weir.hpp"

struct question {
	std::string text;
	weir_key key;
};

static weir_address parse_address(const std::string &text)
{
	weir_address address{};

	if (weir_address_parse(text.data(), text.size(), &address) != 0)
		throw std::invalid_argument(text + " is no address");
	return address;
}

static std::uint8_t parse_protocol(const std::string &text)
{
	if (text == "TCP")
		return WEIR_PROTOCOL_TCP;
	if (text == "UDP")
		return WEIR_PROTOCOL_UDP;
	if (text == "SCTP")
		return WEIR_PROTOCOL_SCTP;
	throw std::invalid_argument(text + " is none of TCP, UDP, SCTP");
}

static question parse_question(const std::string &line)
{
	std::istringstream words(line);
	std::string source, destination, protocol;
	question out{ line, {} };

	if (!(words >> source >> destination >> protocol >> out.key.destination_port))
		throw std::invalid_argument("not SOURCE DESTINATION PROTOCOL PORT: " + line);
	out.key.source = parse_address(source);
	out.key.destination = parse_address(destination);
	out.key.protocol = parse_protocol(protocol);
	/* As weir eval asks, unless told otherwise. */
	out.key.flags = WEIR_KEY_BOTH | WEIR_KEY_UNKNOWN_EXTERNAL;
	return out;
}

static std::vector<question> read_questions(std::istream &in)
{
	std::vector<question> questions;

	for (std::string line; std::getline(in, line);)
		questions.push_back(parse_question(line));
	return questions;
}

static const char *name(unsigned action)
{
	static const char *const names[] = { "deny", "allow", "ambiguous" };

	return names[action];
}

static void print(const weir::policy &policy, const question &question)
{
	const weir_explanation explanation = policy.explain(question.key);
	const weir_half &egress = explanation.egress, &ingress = explanation.ingress;

	/* What a dataplane would ask is the verdict alone. */
	if (policy.classify(question.key).action != explanation.verdict.action)
		throw std::logic_error("a verdict is not what its explanation says");
	std::cout << question.text << ": " << name(explanation.verdict.action)
		  << "; egress: " << name(egress.action) << ", " << policy.why(egress)
		  << "; ingress: " << name(ingress.action) << ", " << policy.why(ingress) << '\n';
}

/* Verdicts a second of processor time, of so many keys a call. */
static double rate(const weir::policy &policy, const std::vector<weir_key> &keys, std::size_t burst)
{
	std::vector<weir_verdict> verdicts(keys.size());
	const std::clock_t begin = std::clock();
	std::clock_t took = 0;
	std::size_t rounds = 0;

	for (; took < CLOCKS_PER_SEC; rounds++) {
		for (std::size_t i = 0; i < keys.size(); i += burst)
			policy.classify(&keys[i], &verdicts[i], burst);
		took = std::clock() - begin;
	}
	return static_cast<double>(rounds * keys.size()) * CLOCKS_PER_SEC /
	       static_cast<double>(took);
}

static void measure(const weir::policy &policy, const std::vector<question> &questions)
{
	std::vector<weir_key> keys;

	for (std::size_t i = 0; i < 1024; i++)
		keys.push_back(questions[i % questions.size()].key);
	std::printf("C++: %.1f M verdicts/s one at a time, %.1f M/s in bursts of 256\n",
		    rate(policy, keys, 1) / 1e6, rate(policy, keys, 256) / 1e6);
}

int main(int argc, char **argv)
{
	const bool is_measuring = argc == 3 && std::string(argv[2]) == "--measure";

	if (argc != 2 && !is_measuring) {
		std::cerr << "usage: judge-keys POLICY.weir [--measure] < KEYS\n";
		return 2;
	}
	try {
		const weir::policy policy = weir::policy::open(argv[1]);
		const std::vector<question> questions = read_questions(std::cin);

		if (is_measuring && !questions.empty())
			measure(policy, questions);
		else
			for (const question &question : questions)
				print(policy, question);
	} catch (const std::exception &exception) {
		std::cerr << "judge-keys: " << exception.what() << '\n';
		return 2;
	}
	return 0;
}
