/* Who opened a flow, and how it ends: T3, T4, T5, T14, T15. The cluster is in cluster.h. */
#include "cases.h"

static const struct weir_trace_options defaults;

static const struct script_case opened[] = {
	{ "T4 a lone SYN opens",
	  "0 tcp 10.0.1.1 40000 10.0.2.1 80 S\n"
	  "0.1 tcp 10.0.2.1 80 10.0.1.1 40000 SA\n"
	  "0.2 tcp 10.0.1.1 40000 10.0.2.1 80 A",
	  "1 tcp 10.0.1.1:40000 > 10.0.2.1:80 allow established 2+1 0.000-0.200\n", "1> 1< 1>" },
	{ "T4 only the lone SYN was seen", "0 tcp 10.0.1.1 40000 10.0.2.1 80 S",
	  "1 tcp 10.0.1.1:40000 > 10.0.2.1:80 allow new 1+0 0.000-0.000\n", "1>" },
	{ "T4 the receiver of a SYN-ACK opened", "0 tcp 10.0.2.1 80 10.0.1.1 40000 SA",
	  "1 tcp 10.0.1.1:40000 > 10.0.2.1:80 allow established 0+1 0.000-0.000 midstream\n",
	  "1<" },
	{ "T4 a later SYN-ACK outranks the ports",
	  "0 tcp 10.0.1.2 30000 10.0.2.1 20000 A\n"
	  "1 tcp 10.0.1.2 30000 10.0.2.1 20000 SA",
	  "1 tcp 10.0.2.1:20000 > 10.0.1.2:30000 allow established 0+2 0.000-1.000 midstream\n",
	  "1< 1<" },
	{ "T4 a SYN-ACK outranks a SYN that came later",
	  "0 tcp 10.0.1.2 30000 10.0.2.1 20000 SA\n"
	  "1 tcp 10.0.1.2 30000 10.0.2.1 20000 S",
	  "1 tcp 10.0.2.1:20000 > 10.0.1.2:30000 allow established 0+2 0.000-1.000 midstream\n",
	  "1< 1<" },
	{ "T4 the peer of a declared port opened", "0 tcp 10.0.2.1 80 10.0.1.1 40000 A",
	  "1 tcp 10.0.1.1:40000 > 10.0.2.1:80 allow established 0+1 0.000-0.000 midstream\n",
	  "1<" },
	{ "T4 a declared port outranks the higher one", "0 tcp 10.0.1.1 5000 10.0.1.2 100 A",
	  "1 tcp 10.0.1.2:100 > 10.0.1.1:5000 allow established 0+1 0.000-0.000 midstream\n",
	  "1<" },
	{ "T4 a Service port counts as declared", "0 tcp 10.96.0.4 80 10.0.1.1 70 A",
	  "1 tcp 10.0.1.1:70 > 10.0.2.2:8080 allow established 0+1 0.000-0.000 midstream "
	  "service=open@10.96.0.4\n",
	  "1<" },
	{ "T4 the higher port opened", "0 tcp 10.0.2.1 1000 10.0.1.2 2000 A",
	  "1 tcp 10.0.1.2:2000 > 10.0.2.1:1000 deny established 0+1 0.000-0.000 midstream\n",
	  "1<" },
	{ "T4 the higher port opened, as the sender", "0 tcp 10.0.1.2 2000 10.0.2.1 1000 A",
	  "1 tcp 10.0.1.2:2000 > 10.0.2.1:1000 deny established 1+0 0.000-0.000 midstream\n",
	  "1>" },
	{ "T4 two declared ports: the higher one opened", "0 tcp 10.0.2.1 80 10.0.1.2 7000 A",
	  "1 tcp 10.0.1.2:7000 > 10.0.2.1:80 deny established 0+1 0.000-0.000 midstream\n", "1<" },
	{ "T4 equal rank, and the verdicts differ", "0 tcp 10.0.2.1 6000 10.0.1.2 6000 A",
	  "1 tcp 10.0.2.1:6000 > 10.0.1.2:6000 ambiguous established 1+0 0.000-0.000 midstream "
	  "undecided-opener\n",
	  "1>" },
	{ "T4 equal rank, and the verdicts agree", "0 tcp 10.0.2.1 6000 10.0.1.1 6000 A",
	  "1 tcp 10.0.2.1:6000 > 10.0.1.1:6000 allow established 1+0 0.000-0.000 midstream\n",
	  "1>" },
	{ "T4 RST cannot open", "0 tcp 10.0.2.1 80 10.0.1.2 40000 RA",
	  "1 tcp 10.0.1.2:40000 > 10.0.2.1:80 deny closed 0+1 0.000-0.000 midstream\n", "1<" },
	{ "T4 SYN and FIN together are no lone SYN", "0 tcp 10.0.2.1 80 10.0.1.2 40000 SF",
	  "1 tcp 10.0.1.2:40000 > 10.0.2.1:80 deny closing 0+1 0.000-0.000 midstream\n", "1<" },
	{ "T3 TCP flags that were cut count as mid-stream",
	  "0 tcp 10.0.2.1 80 10.0.1.1 40000 S cut",
	  "1 tcp 10.0.1.1:40000 > 10.0.2.1:80 allow established 0+1 0.000-0.000 midstream\n",
	  "1<" },
	{ "T4 INIT opens", "0 sctp 10.0.2.1 3868 10.0.1.2 100 1",
	  "1 sctp 10.0.2.1:3868 > 10.0.1.2:100 allow new 1+0 0.000-0.000\n", "1>" },
	{ "T4 the receiver of INIT-ACK opened", "0 sctp 10.0.1.2 100 10.0.2.1 3868 2",
	  "1 sctp 10.0.2.1:3868 > 10.0.1.2:100 allow established 0+1 0.000-0.000 midstream\n",
	  "1<" },
	{ "T4 SCTP data: the peer of the declared port opened",
	  "0 sctp 10.0.2.1 3868 10.0.1.2 100 0",
	  "1 sctp 10.0.1.2:100 > 10.0.2.1:3868 deny established 0+1 0.000-0.000 midstream\n",
	  "1<" },
	{ "T4 the receiver of an echo reply opened", "0 answer 10.0.2.1 10.0.1.2 7",
	  "1 icmp 10.0.1.2 > 10.0.2.1 deny replied 0+1 0.000-0.000 midstream\n", "1<" },
	{ "T5 the first packet's sender opens UDP", "0 udp 10.0.2.1 100 10.0.1.2 2000",
	  "1 udp 10.0.2.1:100 > 10.0.1.2:2000 allow unreplied 1+0 0.000-0.000\n", "1>" },
	{ "T5 an answer soon after the start", "0 arp\n179.9 udp 10.0.2.1 53 10.0.1.2 2000",
	  "1 udp 10.0.1.2:2000 > 10.0.2.1:53 deny replied 0+1 179.900-179.900 midstream\n",
	  "- 1<" },
	{ "T5 180 s later it is no answer", "0 arp\n180 udp 10.0.2.1 53 10.0.1.2 2000",
	  "1 udp 10.0.2.1:53 > 10.0.1.2:2000 allow unreplied 1+0 180.000-180.000\n", "- 1>" },
	{ "T5 between two declared ports the sender opens", "0 udp 10.0.2.1 53 10.96.0.1 53",
	  "1 udp 10.0.2.1:53 > 10.0.2.1:5353 allow unreplied 1+0 0.000-0.000 "
	  "service=one@10.96.0.1\n",
	  "1>" },
	{ "T5 other protocols: the first packet's sender", "0 ip 10.0.2.1 10.0.1.2 47",
	  "1 ip 10.0.2.1 > 10.0.1.2 allow unreplied 1+0 0.000-0.000\n", "1>" },
};

static const struct script_case ended[] = {
	{ "T15 a lone SYN after RST opens a new flow",
	  "0 tcp 10.0.1.1 40000 10.0.2.1 80 S\n"
	  "1 tcp 10.0.2.1 80 10.0.1.1 40000 RA\n"
	  "2 tcp 10.0.1.1 40000 10.0.2.1 80 A\n"
	  "3 tcp 10.0.1.1 40000 10.0.2.1 80 S",
	  "1 tcp 10.0.1.1:40000 > 10.0.2.1:80 allow closed 2+1 0.000-2.000\n"
	  "2 tcp 10.0.1.1:40000 > 10.0.2.1:80 allow new 1+0 3.000-3.000\n",
	  "1> 1< 1> 2>" },
	{ "T15 a lone SYN after both sides' FIN opens a new flow",
	  "0 tcp 10.0.1.1 40000 10.0.2.1 80 S\n"
	  "1 tcp 10.0.2.1 80 10.0.1.1 40000 FA\n"
	  "2 tcp 10.0.1.1 40000 10.0.2.1 80 FA\n"
	  "3 tcp 10.0.2.1 80 10.0.1.1 40000 A\n"
	  "4 tcp 10.0.2.1 80 10.0.1.1 40000 S",
	  "1 tcp 10.0.1.1:40000 > 10.0.2.1:80 allow closed 2+2 0.000-3.000\n"
	  "2 tcp 10.0.2.1:80 > 10.0.1.1:40000 allow new 1+0 4.000-4.000\n",
	  "1> 1< 1> 1< 2>" },
	{ "T15 a lone SYN after one side's FIN does not",
	  "0 tcp 10.0.1.1 40000 10.0.2.1 80 S\n"
	  "1 tcp 10.0.2.1 80 10.0.1.1 40000 FA\n"
	  "1 tcp 10.0.2.1 80 10.0.1.1 40000 FA\n"
	  "2 tcp 10.0.1.1 40000 10.0.2.1 80 S",
	  "1 tcp 10.0.1.1:40000 > 10.0.2.1:80 allow closing 2+2 0.000-2.000\n", "1> 1< 1< 1>" },
	{ "T15 a SYN-ACK after RST belongs to the old flow",
	  "0 tcp 10.0.1.1 40000 10.0.2.1 80 S\n"
	  "1 tcp 10.0.1.1 40000 10.0.2.1 80 R\n"
	  "2 tcp 10.0.2.1 80 10.0.1.1 40000 SA",
	  "1 tcp 10.0.1.1:40000 > 10.0.2.1:80 allow closed 2+1 0.000-2.000\n", "1> 1> 1<" },
	{ "T15 a SYN seen at two interfaces opens once",
	  "0 tcp 10.0.1.1 40000 10.0.2.1 80 S @1\n"
	  "0 tcp 10.0.1.1 40000 10.0.2.1 80 S @2\n"
	  "1 tcp 10.0.2.1 80 10.0.1.1 40000 RA @2\n"
	  "1 tcp 10.0.2.1 80 10.0.1.1 40000 RA @1\n"
	  "2 tcp 10.0.1.1 40000 10.0.2.1 80 S @1\n"
	  "2 tcp 10.0.1.1 40000 10.0.2.1 80 S @2",
	  "1 tcp 10.0.1.1:40000 > 10.0.2.1:80 allow closed 2+2 0.000-1.000 @1,2\n"
	  "2 tcp 10.0.1.1:40000 > 10.0.2.1:80 allow new 2+0 2.000-2.000 @1,2\n",
	  "1> 1> 1< 1< 2> 2>" },
	{ "T15 TCP has no idle limit",
	  "0 tcp 10.0.1.1 40000 10.0.2.1 80 A\n"
	  "90000 tcp 10.0.1.1 40000 10.0.2.1 80 A",
	  "1 tcp 10.0.1.1:40000 > 10.0.2.1:80 allow established 2+0 0.000-90000.000 midstream\n",
	  "1> 1>" },
	{ "T15 UDP ends after 180 s without a packet",
	  "0 udp 10.0.1.1 2000 10.0.2.1 53\n"
	  "179 udp 10.0.2.1 53 10.0.1.1 2000\n"
	  "358.9 udp 10.0.1.1 2000 10.0.2.1 53\n"
	  "538.9 udp 10.0.2.1 53 10.0.1.1 2000",
	  "1 udp 10.0.1.1:2000 > 10.0.2.1:53 allow replied 2+1 0.000-358.900\n"
	  "2 udp 10.0.2.1:53 > 10.0.1.1:2000 allow unreplied 1+0 538.900-538.900\n",
	  "1> 1< 1> 2>" },
	{ "T15 echo ends after 180 s without a packet",
	  "0 echo 10.0.1.1 10.0.2.1 7\n"
	  "0 answer 10.0.2.1 10.0.1.1 7\n"
	  "180 echo 10.0.1.1 10.0.2.1 7",
	  "1 icmp 10.0.1.1 > 10.0.2.1 allow replied 1+1 0.000-0.000\n"
	  "2 icmp 10.0.1.1 > 10.0.2.1 allow unreplied 1+0 180.000-180.000\n",
	  "1> 1< 2>" },
	{ "T15 SCTP: INIT after ABORT opens a new flow",
	  "0 sctp 10.0.1.1 100 10.0.2.1 3868 1\n"
	  "1 sctp 10.0.2.1 3868 10.0.1.1 100 6\n"
	  "2 sctp 10.0.1.1 100 10.0.2.1 3868 1",
	  "1 sctp 10.0.1.1:100 > 10.0.2.1:3868 allow closed 1+1 0.000-1.000\n"
	  "2 sctp 10.0.1.1:100 > 10.0.2.1:3868 allow new 1+0 2.000-2.000\n",
	  "1> 1< 2>" },
	{ "T14 first and last are the least and greatest time",
	  "5 tcp 10.0.1.1 40000 10.0.2.1 80 S\n"
	  "2 tcp 10.0.2.1 80 10.0.1.1 40000 SA\n"
	  "4 tcp 10.0.1.1 40000 10.0.2.1 80 A",
	  "1 tcp 10.0.1.1:40000 > 10.0.2.1:80 allow established 2+1 2.000-5.000\n", "1> 1< 1>" },
	{ "T14 a time that goes back does not end UDP",
	  "500 udp 10.0.1.1 2000 10.0.2.1 99\n"
	  "0 udp 10.0.1.1 2000 10.0.2.1 99\n"
	  "600 udp 10.0.1.1 2000 10.0.2.1 99",
	  "1 udp 10.0.1.1:2000 > 10.0.2.1:99 allow unreplied 3+0 0.000-600.000\n", "1> 1> 1>" },
};

TEST_TABLE(t4_t5_the_opener, opened, &defaults)
TEST_TABLE(t14_t15_times_and_ends, ended, &defaults)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t4_t5_the_opener),
		cmocka_unit_test(t14_t15_times_and_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
