/*
 * What belongs to a flow, and its one verdict: T6, T9-T13, T16, T22, T25, S10, S16, S17, S21.
 * The cluster is in cluster.h.
 */
#include "cases.h"

static const struct weir_trace_options defaults;
static const struct weir_trace_options external = { .unknown_pods_external = true };
static const struct weir_trace_options stateless = { .stateless = true };

static const struct script_case errors[] = {
	{ "T6 an echo flow is keyed by its identifier",
	  "0 echo 10.0.1.1 10.0.2.1 7\n0 echo 10.0.1.1 10.0.2.1 8\n0 answer 10.0.2.1 10.0.1.1 7",
	  "1 icmp 10.0.1.1 > 10.0.2.1 allow replied 1+1 0.000-0.000\n"
	  "2 icmp 10.0.1.1 > 10.0.2.1 allow unreplied 1+0 0.000-0.000\n",
	  "1> 2> 1<" },
	{ "T6 who pings back with the same identifier asks too",
	  "0 echo 10.0.1.2 10.0.2.1 7\n0 echo 10.0.2.1 10.0.1.2 7\n0 answer 10.0.1.2 10.0.2.1 7",
	  "1 icmp 10.0.1.2 > 10.0.2.1 deny unreplied 1+0 0.000-0.000\n"
	  "2 icmp 10.0.2.1 > 10.0.1.2 allow replied 1+1 0.000-0.000\n",
	  "1> 2> 2<" },
	{ "T6 C34 frag-needed for an allowed flow is related",
	  "0 tcp 10.0.1.1 40000 10.0.2.1 80 S\n"
	  "1 error 192.168.0.2 10.0.1.1 3 4 tcp 10.0.1.1 40000 10.0.2.1 80",
	  "1 tcp 10.0.1.1:40000 > 10.0.2.1:80 allow new 1+1 0.000-1.000\n", "1> 1<r" },
	{ "T6 an error about a reply goes forward",
	  "0 tcp 10.0.1.1 40000 10.0.2.1 80 S\n"
	  "1 error 192.168.0.1 10.0.2.1 3 4 tcp 10.0.2.1 80 10.0.1.1 40000",
	  "1 tcp 10.0.1.1:40000 > 10.0.2.1:80 allow new 2+0 0.000-1.000\n", "1> 1>r" },
	{ "T6 an error about a denied flow is denied with it",
	  "0 udp 10.0.1.2 4000 10.0.2.1 99\n"
	  "1 error 10.0.2.1 10.0.1.2 3 3 udp 10.0.1.2 4000 10.0.2.1 99",
	  "1 udp 10.0.1.2:4000 > 10.0.2.1:99 deny unreplied 1+1 0.000-1.000\n", "1> 1<r" },
	{ "T6 another port of the quote: judged by itself",
	  "0 tcp 10.0.1.1 40000 10.0.2.1 80 S\n"
	  "1 error 10.0.1.2 10.0.2.1 3 4 tcp 10.0.2.1 81 10.0.1.1 40000",
	  "1 tcp 10.0.1.1:40000 > 10.0.2.1:80 allow new 1+0 0.000-0.000\n"
	  "2 icmp 10.0.1.2 > 10.0.2.1 deny unreplied 1+0 1.000-1.000\n",
	  "1> 2>" },
	{ "T6 another address of the quote: judged by itself",
	  "0 tcp 10.0.1.1 40000 10.0.2.1 80 S\n"
	  "1 error 10.0.1.2 10.0.2.1 3 4 tcp 10.0.2.1 80 10.0.1.2 40000",
	  "1 tcp 10.0.1.1:40000 > 10.0.2.1:80 allow new 1+0 0.000-0.000\n"
	  "2 icmp 10.0.1.2 > 10.0.2.1 deny unreplied 1+0 1.000-1.000\n",
	  "1> 2>" },
	{ "T6 errors that quote nothing known are one flow a sender, type and code",
	  "0 error 10.0.2.1 10.0.1.1 3 3 udp 10.0.1.1 1 10.0.2.1 2\n"
	  "0 error 10.0.2.1 10.0.1.1 3 3 udp 10.0.1.1 3 10.0.2.1 2\n"
	  "0 error 10.0.2.1 10.0.1.1 3 1 udp 10.0.1.1 3 10.0.2.1 2",
	  "1 icmp 10.0.2.1 > 10.0.1.1 allow unreplied 2+0 0.000-0.000\n"
	  "2 icmp 10.0.2.1 > 10.0.1.1 allow unreplied 1+0 0.000-0.000\n",
	  "1> 1> 2>" },
	{ "T6 an error about an echo",
	  "0 echo 10.0.1.2 10.0.2.1 7\n"
	  "1 error 10.0.2.1 10.0.1.2 3 1 echo 10.0.1.2 7 10.0.2.1 7",
	  "1 icmp 10.0.1.2 > 10.0.2.1 deny unreplied 1+1 0.000-1.000\n", "1> 1<r" },
	{ "T6 an error about an echo's answer",
	  "0 answer 10.0.2.1 10.0.1.2 7\n"
	  "1 error 192.168.0.1 10.0.2.1 3 1 echo 10.0.2.1 7 10.0.1.2 7",
	  "1 icmp 10.0.1.2 > 10.0.2.1 deny replied 1+1 0.000-1.000 midstream\n", "1< 1>r" },
	{ "T6 T11 an error that comes before what it quotes",
	  "0 error 192.168.0.2 10.0.1.2 3 4 tcp 10.0.1.2 40000 10.0.2.1 80\n"
	  "1 tcp 10.0.1.2 40000 10.0.2.1 80 S",
	  "1 tcp 10.0.1.2:40000 > 10.0.2.1:80 deny new 1+1 0.000-1.000\n", "1<r 1>" },
	{ "T6 T11 an early error about an echo's answer",
	  "0 error 192.168.0.1 10.0.2.1 3 1 echo 10.0.2.1 7 10.0.1.2 7\n"
	  "1 echo 10.0.1.2 10.0.2.1 7",
	  "1 icmp 10.0.1.2 > 10.0.2.1 deny unreplied 2+0 0.000-1.000\n", "1>r 1>" },
	{ "T6 what comes long after an error is not what it quoted",
	  "0 error 10.0.2.1 10.0.1.1 3 4 tcp 10.0.1.1 40000 10.0.2.1 80\n"
	  "181 tcp 10.0.1.1 40000 10.0.2.1 80 S",
	  "1 icmp 10.0.2.1 > 10.0.1.1 allow unreplied 1+0 0.000-0.000\n"
	  "2 tcp 10.0.1.1:40000 > 10.0.2.1:80 allow new 1+0 181.000-181.000\n",
	  "1> 2>" },
	{ "T6 ICMPv6 too-big about a flow",
	  "0 tcp fd00::11 40000 fd00::21 80 S\n"
	  "1 error fd00::1 fd00::11 2 0 tcp fd00::11 40000 fd00::21 80",
	  "1 tcp fd00::11:40000 > fd00::21:80 allow new 1+1 0.000-1.000\n", "1> 1<r" },
	{ "T6 a message that nothing answers is a flow of one direction",
	  "0 icmp 10.0.1.1 10.0.2.1 5 1\n0 icmp 10.0.2.1 10.0.1.1 5 1",
	  "1 icmp 10.0.1.1 > 10.0.2.1 allow unreplied 1+0 0.000-0.000\n"
	  "2 icmp 10.0.2.1 > 10.0.1.1 allow unreplied 1+0 0.000-0.000\n",
	  "1> 2>" },
	{ "T6 a timestamp request and its reply",
	  "0 icmp 10.0.1.1 10.0.2.1 13 0\n0 icmp 10.0.2.1 10.0.1.1 14 0",
	  "1 icmp 10.0.1.1 > 10.0.2.1 allow replied 1+1 0.000-0.000\n", "1> 1<" },
};

static const struct script_case translated[] = {
	{ "T10 T9 both sides of the translation are one flow",
	  "0.000 tcp 10.0.1.1 40000 10.96.0.1 80 S @1\n"
	  "0.001 tcp 10.0.1.1 40000 10.0.2.1 8080 S @2\n"
	  "0.002 tcp 10.0.2.1 8080 10.0.1.1 40000 SA @2\n"
	  "0.003 tcp 10.96.0.1 80 10.0.1.1 40000 SA @1",
	  "1 tcp 10.0.1.1:40000 > 10.0.2.1:8080 allow established 2+2 0.000-0.003 "
	  "service=one@10.96.0.1 @1,2\n",
	  "1> 1> 1< 1<" },
	{ "T10 T11 what only the backend's side shows settles the packets before",
	  "0.000 tcp 10.0.1.2 40000 10.96.0.2 80 S\n"
	  "0.001 tcp 10.0.1.2 40000 10.0.2.2 8080 S",
	  "1 tcp 10.0.1.2:40000 > 10.0.2.2:8080 allow new 2+0 0.000-0.001 "
	  "service=two@10.96.0.2\n",
	  "1> 1>" },
	{ "T10 the other port of the client: not joined",
	  "0.000 tcp 10.0.1.1 40000 10.96.0.1 80 S\n"
	  "0.001 tcp 10.0.1.1 40001 10.0.2.1 8080 S",
	  "1 tcp 10.0.1.1:40000 > 10.0.2.1:8080 allow new 1+0 0.000-0.000 "
	  "service=one@10.96.0.1\n"
	  "2 tcp 10.0.1.1:40001 > 10.0.2.1:8080 allow new 1+0 0.001-0.001\n",
	  "1> 2>" },
	{ "T10 no backend of the service: not joined",
	  "0.000 tcp 10.0.1.1 40000 10.96.0.1 80 S\n"
	  "0.001 tcp 10.0.1.1 40000 10.0.2.2 8080 S",
	  "1 tcp 10.0.1.1:40000 > 10.0.2.1:8080 allow new 1+0 0.000-0.000 "
	  "service=one@10.96.0.1\n"
	  "2 tcp 10.0.1.1:40000 > 10.0.2.2:8080 allow new 1+0 0.001-0.001\n",
	  "1> 2>" },
	{ "T10 not at the same time: not joined",
	  "0 tcp 10.0.1.1 40000 10.96.0.1 80 S\n"
	  "5 tcp 10.0.1.1 40000 10.0.2.1 8080 S",
	  "1 tcp 10.0.1.1:40000 > 10.0.2.1:8080 allow new 1+0 0.000-0.000 "
	  "service=one@10.96.0.1\n"
	  "2 tcp 10.0.1.1:40000 > 10.0.2.1:8080 allow new 1+0 5.000-5.000\n",
	  "1> 2>" },
	{ "T10 each life of a connection joins its own other sighting",
	  "0.0 tcp 10.0.1.1 40000 10.96.0.1 80 S\n"
	  "0.0 tcp 10.0.1.1 40000 10.0.2.1 8080 S\n"
	  "0.1 tcp 10.0.2.1 8080 10.0.1.1 40000 RA\n"
	  "0.1 tcp 10.96.0.1 80 10.0.1.1 40000 RA\n"
	  "0.2 tcp 10.0.1.1 40000 10.96.0.1 80 S\n"
	  "0.2 tcp 10.0.1.1 40000 10.0.2.1 8080 S",
	  "1 tcp 10.0.1.1:40000 > 10.0.2.1:8080 allow closed 2+2 0.000-0.100 "
	  "service=one@10.96.0.1\n"
	  "2 tcp 10.0.1.1:40000 > 10.0.2.1:8080 allow new 2+0 0.200-0.200 "
	  "service=one@10.96.0.1\n",
	  "1> 1> 1< 1< 2> 2>" },
	{ "T10 the visit's client opened, whatever the other sighting's ports say",
	  "0.0 tcp 10.0.1.1 5000 10.96.0.1 80 A\n"
	  "0.0 tcp 10.0.1.1 5000 10.0.2.1 8080 A",
	  "1 tcp 10.0.1.1:5000 > 10.0.2.1:8080 allow established 2+0 0.000-0.000 midstream "
	  "service=one@10.96.0.1\n",
	  "1> 1>" },
	{ "T10 two backends behind one visit: the nearest joins",
	  "0.000 tcp 10.0.1.1 40000 10.96.0.2 80 S\n"
	  "0.002 tcp 10.0.1.1 40000 10.0.2.1 8080 S\n"
	  "0.001 tcp 10.0.1.1 40000 10.0.2.2 8080 S",
	  "1 tcp 10.0.1.1:40000 > 10.0.2.2:8080 allow new 2+0 0.000-0.001 "
	  "service=two@10.96.0.2\n"
	  "2 tcp 10.0.1.1:40000 > 10.0.2.1:8080 allow new 1+0 0.002-0.002\n",
	  "1> 2> 1>" },
	{ "T10 UDP answers belong to the one flow",
	  "0.000 udp 10.0.1.2 4000 10.96.0.1 53\n"
	  "0.001 udp 10.0.1.2 4000 10.0.2.1 5353\n"
	  "0.002 udp 10.0.2.1 5353 10.0.1.2 4000\n"
	  "0.003 udp 10.96.0.1 53 10.0.1.2 4000",
	  "1 udp 10.0.1.2:4000 > 10.0.2.1:5353 deny replied 2+2 0.000-0.003 "
	  "service=one@10.96.0.1\n",
	  "1> 1> 1< 1<" },
	{ "T10 T6 errors about either sighting belong to the one flow",
	  "0.000 error 192.168.0.1 10.0.1.1 3 4 tcp 10.0.1.1 40000 10.96.0.1 80\n"
	  "0.001 tcp 10.0.1.1 40000 10.96.0.1 80 S\n"
	  "0.002 tcp 10.0.1.1 40000 10.0.2.1 8080 S\n"
	  "0.003 error 192.168.0.1 10.0.1.1 3 4 tcp 10.0.1.1 40000 10.0.2.1 8080",
	  "1 tcp 10.0.1.1:40000 > 10.0.2.1:8080 allow new 2+2 0.000-0.003 "
	  "service=one@10.96.0.1\n",
	  "1<r 1> 1> 1<r" },
	{ "T12 one backend: to is the pod", "0 tcp 10.0.1.2 40000 10.96.0.1 80 S",
	  "1 tcp 10.0.1.2:40000 > 10.0.2.1:8080 deny new 1+0 0.000-0.000 "
	  "service=one@10.96.0.1\n",
	  "1>" },
	{ "T12 several backends that agree: to is the virtual address",
	  "0 tcp 10.0.1.1 40000 10.96.0.2 80 S",
	  "1 tcp 10.0.1.1:40000 > 10.96.0.2:80 allow new 1+0 0.000-0.000 "
	  "service=two@10.96.0.2\n",
	  "1>" },
	{ "T12 several backends that do not agree", "0 tcp 10.0.1.2 40000 10.96.0.2 80 S",
	  "1 tcp 10.0.1.2:40000 > 10.96.0.2:80 ambiguous new 1+0 0.000-0.000 unknown-backend "
	  "service=two@10.96.0.2\n",
	  "1>" },
	{ "T12 no backend: the address stands for itself", "0 tcp 10.0.1.2 40000 10.96.0.3 80 S",
	  "1 tcp 10.0.1.2:40000 > 10.96.0.3:80 allow new 1+0 0.000-0.000 "
	  "service=none@10.96.0.3\n",
	  "1>" },
	{ "T12 another port of a virtual address is no service",
	  "0 tcp 10.0.1.2 40000 10.96.0.2 81 S",
	  "1 tcp 10.0.1.2:40000 > 10.96.0.2:81 allow new 1+0 0.000-0.000\n", "1>" },
	{ "T25 a node port is its service",
	  "0 tcp 172.16.0.9 40000 192.168.0.1 30080 S\n"
	  "0 tcp 172.16.0.9 40000 10.0.2.1 8080 S",
	  "1 tcp 172.16.0.9:40000 > 10.0.2.1:8080 allow new 2+0 0.000-0.000 "
	  "service=one@192.168.0.1\n",
	  "1> 1>" },
	{ "T25 where the pod's side was captured its source is judged",
	  "0 tcp 8.8.8.8 40000 192.168.0.2 30080 S\n"
	  "0 tcp 8.8.8.8 40000 10.0.2.1 8080 S",
	  "1 tcp 8.8.8.8:40000 > 10.0.2.1:8080 deny new 2+0 0.000-0.000 "
	  "service=one@192.168.0.2\n",
	  "1> 1>" },
	{ "T25 the node's address in the client's place would change the verdict",
	  "0 tcp 8.8.8.8 40000 192.168.0.2 30080 S",
	  "1 tcp 8.8.8.8:40000 > 10.0.2.1:8080 ambiguous new 1+0 0.000-0.000 translated-source "
	  "service=one@192.168.0.2\n",
	  "1>" },
	{ "T25 the other node's address would not", "0 tcp 8.8.8.8 40000 192.168.0.1 30080 S",
	  "1 tcp 8.8.8.8:40000 > 10.0.2.1:8080 deny new 1+0 0.000-0.000 "
	  "service=one@192.168.0.1\n",
	  "1>" },
	{ "T25 any of the node's addresses may be in the client's place",
	  "0 tcp 8.8.8.8 40000 192.168.0.3 30080 S",
	  "1 tcp 8.8.8.8:40000 > 10.0.2.1:8080 ambiguous new 1+0 0.000-0.000 translated-source "
	  "service=one@192.168.0.3\n",
	  "1>" },
	{ "T25 both would be allowed", "0 tcp 8.8.8.8 40000 192.168.0.2 30081 S",
	  "1 tcp 8.8.8.8:40000 > 10.0.2.2:8080 allow new 1+0 0.000-0.000 "
	  "service=open@192.168.0.2\n",
	  "1>" },
};

static const struct script_case masqueraded[] = {
	{ "T10 T25 a masqueraded source joins through the reply's tuple: what the pod saw is "
	  "judged",
	  "0.000 tcp 8.8.8.8 40000 192.168.0.2 30080 S @1\n"
	  "0.001 tcp 192.168.0.2 40000 10.0.2.1 8080 S @2\n"
	  "0.002 tcp 10.0.2.1 8080 192.168.0.2 40000 SA @2\n"
	  "0.003 tcp 192.168.0.2 30080 8.8.8.8 40000 SA @1",
	  "1 tcp 8.8.8.8:40000 > 10.0.2.1:8080 allow established 2+2 0.000-0.003 "
	  "service=one@192.168.0.2 @1,2\n",
	  "1> 1> 1< 1<" },
	{ "T10 T11 the pod's side comes first",
	  "0.001 tcp 10.0.2.1 8080 192.168.0.2 40000 SA\n"
	  "0.002 tcp 8.8.8.8 40000 192.168.0.2 30080 A",
	  "1 tcp 8.8.8.8:40000 > 10.0.2.1:8080 allow established 1+1 0.001-0.002 midstream "
	  "service=one@192.168.0.2\n",
	  "1< 1>" },
	{ "T25 the pod saw another node: no exemption",
	  "0.000 tcp 172.16.0.9 40000 192.168.0.1 30080 S\n"
	  "0.001 tcp 192.168.0.1 40000 10.0.2.1 8080 S\n"
	  "0.002 tcp 10.0.2.1 8080 192.168.0.1 40000 SA",
	  "1 tcp 172.16.0.9:40000 > 10.0.2.1:8080 deny established 2+1 0.000-0.002 "
	  "service=one@192.168.0.1\n",
	  "1> 1> 1<" },
	{ "T10 the reply's tuple is not in the trace, and the node's exemption decides",
	  "0.000 tcp 8.8.8.8 40000 192.168.0.2 30080 S\n"
	  "0.001 tcp 192.168.0.2 40000 10.0.2.1 8080 S",
	  "1 tcp 8.8.8.8:40000 > 10.0.2.1:8080 ambiguous new 1+0 0.000-0.000 translated-source "
	  "service=one@192.168.0.2\n"
	  "2 tcp 192.168.0.2:40000 > 10.0.2.1:8080 ambiguous new 1+0 0.001-0.001 "
	  "translated-source\n",
	  "1> 2>" },
	{ "T10 T25 a node may stand in with another address than was visited",
	  "0.000 tcp 8.8.8.8 40000 192.168.0.3 30080 S\n"
	  "0.001 tcp 172.16.200.1 40000 10.0.2.1 8080 S\n"
	  "0.002 tcp 10.0.2.1 8080 172.16.200.1 40000 SA",
	  "1 tcp 8.8.8.8:40000 > 10.0.2.1:8080 allow established 2+1 0.000-0.002 "
	  "service=one@192.168.0.3\n",
	  "1> 1> 1<" },
	{ "T10 T6 an error about it is no reply",
	  "0.000 tcp 8.8.8.8 40000 192.168.0.2 30080 S\n"
	  "0.001 tcp 192.168.0.2 40000 10.0.2.1 8080 S\n"
	  "0.002 error 10.0.2.1 192.168.0.2 3 3 tcp 192.168.0.2 40000 10.0.2.1 8080",
	  "1 tcp 8.8.8.8:40000 > 10.0.2.1:8080 ambiguous new 1+0 0.000-0.000 translated-source "
	  "service=one@192.168.0.2\n"
	  "2 tcp 192.168.0.2:40000 > 10.0.2.1:8080 ambiguous new 1+1 0.001-0.002 "
	  "translated-source\n",
	  "1> 2> 2<r" },
	{ "T10 the node took another port, and its exemption decides",
	  "0.000 tcp 8.8.8.8 40000 192.168.0.2 30080 S\n"
	  "0.001 tcp 192.168.0.2 50001 10.0.2.1 8080 S\n"
	  "0.002 tcp 10.0.2.1 8080 192.168.0.2 50001 SA",
	  "1 tcp 8.8.8.8:40000 > 10.0.2.1:8080 ambiguous new 1+0 0.000-0.000 translated-source "
	  "service=one@192.168.0.2\n"
	  "2 tcp 192.168.0.2:50001 > 10.0.2.1:8080 ambiguous established 1+1 0.001-0.002 "
	  "translated-source\n",
	  "1> 2> 2<" },
	{ "T10 the node took another port, and the client is allowed too",
	  "0.000 tcp 172.16.0.9 40000 192.168.0.2 30080 S\n"
	  "0.001 tcp 192.168.0.2 50001 10.0.2.1 8080 S",
	  "1 tcp 172.16.0.9:40000 > 10.0.2.1:8080 allow new 1+0 0.000-0.000 "
	  "service=one@192.168.0.2\n"
	  "2 tcp 192.168.0.2:50001 > 10.0.2.1:8080 allow new 1+0 0.001-0.001\n",
	  "1> 2>" },
	{ "T25 only the pod's side: the source that it saw is judged",
	  "0 tcp 192.168.0.2 40000 10.0.2.1 8080 S",
	  "1 tcp 192.168.0.2:40000 > 10.0.2.1:8080 allow new 1+0 0.000-0.000\n", "1>" },
	{ "T10 a probe at another time than the visit",
	  "0 tcp 8.8.8.8 40000 192.168.0.2 30080 S\n"
	  "2 tcp 192.168.0.2 40000 10.0.2.1 8080 S",
	  "1 tcp 8.8.8.8:40000 > 10.0.2.1:8080 ambiguous new 1+0 0.000-0.000 translated-source "
	  "service=one@192.168.0.2\n"
	  "2 tcp 192.168.0.2:40000 > 10.0.2.1:8080 allow new 1+0 2.000-2.000\n",
	  "1> 2>" },
	{ "T10 a probe of another port than the service's",
	  "0.000 tcp 8.8.8.8 40000 192.168.0.2 30080 S\n"
	  "0.001 tcp 192.168.0.2 40000 10.0.2.1 80 S",
	  "1 tcp 8.8.8.8:40000 > 10.0.2.1:8080 ambiguous new 1+0 0.000-0.000 translated-source "
	  "service=one@192.168.0.2\n"
	  "2 tcp 192.168.0.2:40000 > 10.0.2.1:80 allow new 1+0 0.001-0.001\n",
	  "1> 2>" },
	{ "T10 a probe beside a visit that has its own other side",
	  "0.000 tcp 8.8.8.8 40000 192.168.0.2 30080 S\n"
	  "0.001 tcp 8.8.8.8 40000 10.0.2.1 8080 S\n"
	  "0.002 tcp 192.168.0.2 40000 10.0.2.1 8080 S\n"
	  "0.003 tcp 10.0.2.1 8080 192.168.0.2 40000 SA",
	  "1 tcp 8.8.8.8:40000 > 10.0.2.1:8080 deny new 2+0 0.000-0.001 "
	  "service=one@192.168.0.2\n"
	  "2 tcp 192.168.0.2:40000 > 10.0.2.1:8080 allow established 1+1 0.002-0.003\n",
	  "1> 1> 2> 2<" },
	{ "T25 a visit to a node's port is masqueraded by that node",
	  "0.000 tcp 8.8.8.8 40000 192.168.0.1 30080 S\n"
	  "0.001 tcp 192.168.0.2 40000 10.0.2.1 8080 S\n"
	  "0.002 tcp 10.0.2.1 8080 192.168.0.2 40000 SA",
	  "1 tcp 8.8.8.8:40000 > 10.0.2.1:8080 deny new 1+0 0.000-0.000 "
	  "service=one@192.168.0.1\n"
	  "2 tcp 192.168.0.2:40000 > 10.0.2.1:8080 allow established 1+1 0.001-0.002\n",
	  "1> 2> 2<" },
	{ "T10 two that may be it: the nearest joins, the other is told apart by nothing left",
	  "0.000 udp 8.8.8.8 4000 10.96.0.1 53\n"
	  "0.001 udp 192.168.0.2 4000 10.0.2.1 5353\n"
	  "0.002 udp 10.0.2.1 5353 192.168.0.2 4000\n"
	  "0.003 udp 192.168.0.1 4000 10.0.2.1 5353\n"
	  "0.004 udp 10.0.2.1 5353 192.168.0.1 4000",
	  "1 udp 8.8.8.8:4000 > 10.0.2.1:5353 allow replied 2+1 0.000-0.002 "
	  "service=one@10.96.0.1\n"
	  "2 udp 192.168.0.1:4000 > 10.0.2.1:5353 deny replied 1+1 0.003-0.004\n",
	  "1> 1> 1< 2> 2<" },
	{ "T10 a pod's egress is asked about the pod, whoever the other pod saw",
	  "0.000 tcp 10.0.2.2 40000 10.96.0.1 80 S\n"
	  "0.001 tcp 192.168.0.2 40000 10.0.2.1 8080 S\n"
	  "0.002 tcp 10.0.2.1 8080 192.168.0.2 40000 SA\n"
	  "0.003 tcp 10.0.1.2 40000 10.96.0.1 80 S\n"
	  "0.004 tcp 192.168.0.2 40000 10.0.2.1 8080 A",
	  "1 tcp 10.0.2.2:40000 > 10.0.2.1:8080 deny established 3+1 0.000-0.004 "
	  "service=one@10.96.0.1\n"
	  "2 tcp 10.0.1.2:40000 > 10.0.2.1:8080 deny new 1+0 0.003-0.003 "
	  "service=one@10.96.0.1\n",
	  "1> 1> 1< 2> 1>" },
	{ "T10 a pod that nobody knows stays unknown behind a node",
	  "0.000 tcp 10.0.9.9 40000 10.96.0.4 80 S\n"
	  "0.001 tcp 192.168.0.2 40000 10.0.2.2 8080 S\n"
	  "0.002 tcp 10.0.2.2 8080 192.168.0.2 40000 SA",
	  "1 tcp 10.0.9.9:40000 > 10.0.2.2:8080 allow established 2+1 0.000-0.002 "
	  "service=open@10.96.0.4\n",
	  "1> 1> 1<" },
	{ "T10 C27 S11 a pod through its Service to itself, masqueraded",
	  "0.000 tcp 10.0.2.1 40000 10.96.0.1 80 S\n"
	  "0.001 tcp 192.168.0.2 40000 10.0.2.1 8080 S\n"
	  "0.002 tcp 10.0.2.1 8080 192.168.0.2 40000 SA",
	  "1 tcp 10.0.2.1:40000 > 10.0.2.1:8080 allow established 2+1 0.000-0.002 "
	  "service=one@10.96.0.1\n",
	  "1> 1> 1<" },
	{ "T10 S11 the same is asked of the cluster's tiers",
	  "0.000 tcp 10.0.2.2 40000 10.96.0.4 80 S\n"
	  "0.001 tcp 192.168.0.2 40000 10.0.2.2 8080 S\n"
	  "0.002 tcp 10.0.2.2 8080 192.168.0.2 40000 SA",
	  "1 tcp 10.0.2.2:40000 > 10.0.2.2:8080 deny established 2+1 0.000-0.002 "
	  "service=open@10.96.0.4\n",
	  "1> 1> 1<" },
};

static const struct script_case fragments[] = {
	{ "T13 S16 later fragments follow their first",
	  "0 first 10.0.1.1 2000 10.0.2.1 99 5\n0 later 10.0.1.1 10.0.2.1 5",
	  "1 udp 10.0.1.1:2000 > 10.0.2.1:99 allow unreplied 2+0 0.000-0.000\n", "1> 1>g" },
	{ "T13 C36 a later fragment of a denied flow is denied",
	  "0 first 10.0.1.2 2000 10.0.2.1 99 5\n0 later 10.0.1.2 10.0.2.1 5",
	  "1 udp 10.0.1.2:2000 > 10.0.2.1:99 deny unreplied 2+0 0.000-0.000\n", "1> 1>g" },
	{ "T13 T11 T22 fragments before their first",
	  "0 later 10.0.1.2 10.0.2.1 5\n"
	  "1 udp 10.0.1.1 1 10.0.2.1 2\n"
	  "59 later 10.0.1.2 10.0.2.1 5\n"
	  "60 first 10.0.1.2 2000 10.0.2.1 99 5",
	  "1 udp 10.0.1.2:2000 > 10.0.2.1:99 deny unreplied 3+0 0.000-60.000\n"
	  "2 udp 10.0.1.1:1 > 10.0.2.1:2 allow unreplied 1+0 1.000-1.000\n",
	  "1>g 2> 1>g 1>" },
	{ "T13 more than 60 s before",
	  "0 later 10.0.1.2 10.0.2.1 5\n61 first 10.0.1.2 2000 10.0.2.1 99 5",
	  "1 udp 10.0.1.2 > 10.0.2.1 ambiguous unreplied 1+0 0.000-0.000 orphan-fragment\n"
	  "2 udp 10.0.1.2:2000 > 10.0.2.1:99 deny unreplied 1+0 61.000-61.000\n",
	  "1>g 2>" },
	{ "T13 more than 60 s after, and the next first comes",
	  "0 first 10.0.1.1 2000 10.0.2.1 99 5\n"
	  "61 later 10.0.1.1 10.0.2.1 5\n"
	  "62 first 10.0.1.1 3000 10.0.2.1 99 5",
	  "1 udp 10.0.1.1:2000 > 10.0.2.1:99 allow unreplied 1+0 0.000-0.000\n"
	  "2 udp 10.0.1.1:3000 > 10.0.2.1:99 allow unreplied 2+0 61.000-62.000\n",
	  "1> 2>g 2>" },
	{ "T13 the last first fragment before it, not the next",
	  "0 first 10.0.1.1 1000 10.0.2.1 99 5\n"
	  "1 first 10.0.1.1 2000 10.0.2.1 99 5\n"
	  "2 later 10.0.1.1 10.0.2.1 5\n"
	  "3 first 10.0.1.1 3000 10.0.2.1 99 5",
	  "1 udp 10.0.1.1:1000 > 10.0.2.1:99 allow unreplied 1+0 0.000-0.000\n"
	  "2 udp 10.0.1.1:2000 > 10.0.2.1:99 allow unreplied 2+0 1.000-2.000\n"
	  "3 udp 10.0.1.1:3000 > 10.0.2.1:99 allow unreplied 1+0 3.000-3.000\n",
	  "1> 2> 2>g 3>" },
	{ "T13 another identification",
	  "0 first 10.0.1.1 2000 10.0.2.1 99 5\n"
	  "0 later 10.0.1.1 10.0.2.1 6",
	  "1 udp 10.0.1.1:2000 > 10.0.2.1:99 allow unreplied 1+0 0.000-0.000\n"
	  "2 udp 10.0.1.1 > 10.0.2.1 ambiguous unreplied 1+0 0.000-0.000 orphan-fragment\n",
	  "1> 2>g" },
	{ "T13 the other direction is another datagram",
	  "0 first 10.0.1.1 2000 10.0.2.1 99 5\n0 later 10.0.2.1 10.0.1.1 5",
	  "1 udp 10.0.1.1:2000 > 10.0.2.1:99 allow unreplied 1+0 0.000-0.000\n"
	  "2 udp 10.0.2.1 > 10.0.1.1 ambiguous unreplied 1+0 0.000-0.000 orphan-fragment\n",
	  "1> 2>g" },
	{ "T13 S16 fragments without a first are one flow without ports",
	  "0 later 10.0.1.1 10.0.2.1 5\n300 later 10.0.1.1 10.0.2.1 6",
	  "1 udp 10.0.1.1 > 10.0.2.1 ambiguous unreplied 2+0 0.000-300.000 orphan-fragment\n",
	  "1>g 1>g" },
	{ "T13 a reply's fragments are replies",
	  "0 udp 10.0.1.1 2000 10.0.2.1 99\n"
	  "0 later 10.0.2.1 10.0.1.1 5\n"
	  "0 first 10.0.2.1 99 10.0.1.1 2000 5\n"
	  "0 later 10.0.2.1 10.0.1.1 5",
	  "1 udp 10.0.1.1:2000 > 10.0.2.1:99 allow replied 1+3 0.000-0.000\n", "1> 1<g 1< 1<g" },
	{ "T13 IPv6",
	  "0 later fd00::11 fd00::21 70000\n"
	  "0 first fd00::11 2000 fd00::21 99 70000\n"
	  "0 later fd00::11 fd00::21 70000",
	  "1 udp fd00::11:2000 > fd00::21:99 allow unreplied 3+0 0.000-0.000\n", "1>g 1> 1>g" },
	{ "T13 T15 fragments keep a flow open",
	  "0 first 10.0.1.1 2000 10.0.2.1 99 5\n"
	  "60 later 10.0.1.1 10.0.2.1 5\n"
	  "200 udp 10.0.1.1 2000 10.0.2.1 99",
	  "1 udp 10.0.1.1:2000 > 10.0.2.1:99 allow unreplied 3+0 0.000-200.000\n", "1> 1>g 1>" },
};

static const struct script_case verdicts[] = {
	{ "T16 all packets of a denied flow are denied",
	  "0 tcp 10.0.1.2 40000 10.0.2.1 80 S\n1 tcp 10.0.2.1 80 10.0.1.2 40000 SA",
	  "1 tcp 10.0.1.2:40000 > 10.0.2.1:80 deny established 1+1 0.000-1.000\n", "1> 1<" },
	{ "S10 a reply is allowed whatever the other direction's rules say",
	  "0 tcp 10.0.2.1 40000 10.0.1.2 99 S\n1 tcp 10.0.1.2 99 10.0.2.1 40000 SA",
	  "1 tcp 10.0.2.1:40000 > 10.0.1.2:99 allow established 1+1 0.000-1.000\n", "1> 1<" },
	{ "S17 pods that share an address and disagree", "0 tcp 10.0.1.1 40000 10.0.3.1 80 S",
	  "1 tcp 10.0.1.1:40000 > 10.0.3.1:80 ambiguous new 1+0 0.000-0.000 shared-address\n",
	  "1>" },
	{ "S17 pods that share an address and agree", "0 tcp 10.0.3.1 40000 10.0.1.1 80 S",
	  "1 tcp 10.0.3.1:40000 > 10.0.1.1:80 allow new 1+0 0.000-0.000\n", "1>" },
	{ "S21 an unknown pod", "0 tcp 10.0.9.9 40000 10.0.2.1 80 S",
	  "1 tcp 10.0.9.9:40000 > 10.0.2.1:80 ambiguous new 1+0 0.000-0.000 unknown-pod\n", "1>" },
	{ "S21 an unknown pod whose labels change nothing", "0 tcp 10.0.9.9 40000 10.0.2.2 80 S",
	  "1 tcp 10.0.9.9:40000 > 10.0.2.2:80 allow new 1+0 0.000-0.000\n", "1>" },
	{ "C26 a pod to its own address", "0 tcp 10.0.2.1 40000 10.0.2.1 80 S",
	  "1 tcp 10.0.2.1:40000 > 10.0.2.1:80 allow new 1+0 0.000-0.000\n", "1>" },
	{ "C27 a pod through a service to itself", "0 tcp 10.0.2.1 40000 10.96.0.1 80 S",
	  "1 tcp 10.0.2.1:40000 > 10.0.2.1:8080 allow new 1+0 0.000-0.000 "
	  "service=one@10.96.0.1\n",
	  "1>" },
	{ "S11 which the cluster's tiers are asked about", "0 tcp 10.0.2.2 40000 10.96.0.4 80 S",
	  "1 tcp 10.0.2.2:40000 > 10.0.2.2:8080 deny new 1+0 0.000-0.000 "
	  "service=open@10.96.0.4\n",
	  "1>" },
	{ "S11 before and after translation",
	  "0 tcp 10.0.2.2 40000 10.96.0.4 80 S\n0 tcp 10.0.2.2 40000 10.0.2.2 8080 S",
	  "1 tcp 10.0.2.2:40000 > 10.0.2.2:8080 deny new 2+0 0.000-0.000 "
	  "service=open@10.96.0.4\n",
	  "1> 1>" },
	{ "S11 a pod to its own address is not", "0 tcp 10.0.2.2 40000 10.0.2.2 80 S",
	  "1 tcp 10.0.2.2:40000 > 10.0.2.2:80 allow new 1+0 0.000-0.000\n", "1>" },
	{ "a destination that takes a domain name", "0 tcp 10.0.1.1 40000 203.0.113.9 443 S",
	  "1 tcp 10.0.1.1:40000 > 203.0.113.9:443 ambiguous new 1+0 0.000-0.000 domain-name\n",
	  "1>" },
	{ "C31 a node to its pod", "0 tcp 192.168.0.2 40000 10.0.2.1 80 S",
	  "1 tcp 192.168.0.2:40000 > 10.0.2.1:80 allow new 1+0 0.000-0.000\n", "1>" },
	{ "C35 neighbour discovery under deny-all", "0 icmp fd00::99 fd00::21 135 0",
	  "1 icmpv6 fd00::99 > fd00::21 allow unreplied 1+0 0.000-0.000\n", "1>" },
};

static const struct script_case as_external[] = {
	{ "S21 an unknown pod taken as external", "0 tcp 10.0.9.9 40000 10.0.2.1 80 S",
	  "1 tcp 10.0.9.9:40000 > 10.0.2.1:80 deny new 1+0 0.000-0.000\n", "1>" },
};

static const struct script_case by_itself[] = {
	{ "--stateless: each direction is judged by itself",
	  "0 tcp 10.0.2.1 40000 10.0.1.2 99 S\n"
	  "1 tcp 10.0.1.2 99 10.0.2.1 40000 SA\n"
	  "2 tcp 10.0.2.1 40000 10.0.1.2 99 A",
	  "1 tcp 10.0.2.1:40000 > 10.0.1.2:99 allow established 2+0 0.000-2.000\n"
	  "2 tcp 10.0.1.2:99 > 10.0.2.1:40000 deny established 1+0 1.000-1.000\n",
	  "1> 2> 1>" },
	{ "--stateless: an echo reply is judged by itself",
	  "0 echo 10.0.2.1 10.0.1.2 7\n1 answer 10.0.1.2 10.0.2.1 7",
	  "1 icmp 10.0.2.1 > 10.0.1.2 allow unreplied 1+0 0.000-0.000\n"
	  "2 icmp 10.0.1.2 > 10.0.2.1 deny unreplied 1+0 1.000-1.000\n",
	  "1> 2>" },
	{ "--stateless: an error is judged by itself",
	  "0 udp 10.0.2.1 99 10.0.1.2 98\n"
	  "1 error 10.0.1.2 10.0.2.1 3 3 udp 10.0.2.1 99 10.0.1.2 98",
	  "1 udp 10.0.2.1:99 > 10.0.1.2:98 allow unreplied 1+0 0.000-0.000\n"
	  "2 icmp 10.0.1.2 > 10.0.2.1 deny unreplied 1+0 1.000-1.000\n",
	  "1> 2>" },
	{ "--stateless: later fragments have their first's ports",
	  "0 later 10.0.1.2 10.0.2.1 5\n0 first 10.0.1.2 2000 10.0.2.1 99 5",
	  "1 udp 10.0.1.2:2000 > 10.0.2.1:99 deny unreplied 2+0 0.000-0.000\n", "1>g 1>" },
};

TEST_TABLE(t6_errors, errors, &defaults)
TEST_TABLE(t10_t12_t25_translation, translated, &defaults)
TEST_TABLE(t10_t25_masquerade, masqueraded, &defaults)
TEST_TABLE(t13_fragments, fragments, &defaults)
TEST_TABLE(s10_s17_s21_verdicts, verdicts, &defaults)
TEST_TABLE(s21_unknown_pods_external, as_external, &external)
TEST_TABLE(stateless_packets, by_itself, &stateless)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t6_errors),
		cmocka_unit_test(t10_t12_t25_translation),
		cmocka_unit_test(t10_t25_masquerade),
		cmocka_unit_test(t13_fragments),
		cmocka_unit_test(s10_s17_s21_verdicts),
		cmocka_unit_test(s21_unknown_pods_external),
		cmocka_unit_test(stateless_packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
