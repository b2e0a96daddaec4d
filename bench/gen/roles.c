#include "roles.h"

#include "weir/key.h"

enum {
	TCP = WEIR_PROTOCOL_TCP,
	UDP = WEIR_PROTOCOL_UDP,
	SCTP = WEIR_PROTOCOL_SCTP,
};

const struct gen_role gen_roles[GEN_ROLES] = {
	{ "web", "frontend", { { "http", 8080, TCP }, { "metrics", 9102, TCP } }, 2 },
	{ "api", "backend", { { "http", 8080, TCP }, { "grpc", 9090, TCP } }, 2 },
	{ "db", "data", { { "postgres", 5432, TCP }, { "metrics", 9102, TCP } }, 2 },
	{ "cache", "data", { { "redis", 6379, TCP } }, 1 },
	{ "worker", "backend", { { "metrics", 9102, TCP } }, 1 },
	{ "auth", "backend", { { "https", 8443, TCP }, { "metrics", 9102, TCP } }, 2 },
	{ "queue", "data", { { "amqp", 5672, TCP }, { "http", 15672, TCP } }, 2 },
	{ "search", "data", { { "http", 9200, TCP }, { "transport", 9300, TCP } }, 2 },
	{ "gateway", "edge", { { "http", 80, TCP }, { "https", 443, TCP } }, 2 },
	{ "billing", "backend", { { "http", 8080, TCP } }, 1 },
	{ "resolver", "backend", { { "dns", 53, UDP }, { "dns-tcp", 53, TCP } }, 2 },
	{ "media", "edge", { { "sip", 5060, UDP }, { "http", 8000, TCP } }, 2 },
	{ "signalling", "edge", { { "diameter", 3868, SCTP }, { "http", 8080, TCP } }, 2 },
	{ "reports", "backend", { { "http", 3000, TCP } }, 1 },
	{ "agent",
	  "backend",
	  { { "syslog", 514, UDP }, { "http", 8080, TCP }, { "metrics", 9100, TCP } },
	  3 },
};

const char *const gen_teams[GEN_TEAMS] = {
	"shop",     "payments", "orders",   "catalog", "search",  "identity", "billing", "shipping",
	"returns",  "loyalty",  "pricing",  "content", "mail",    "support",  "fraud",   "ledger",
	"risk",     "reports",  "ads",      "partner", "mobile",  "video",    "maps",    "chat",
	"profile",  "media",    "booking",  "fleet",   "sensors", "archive",  "alerts",  "studio",
	"learning", "careers",  "invoices", "quality", "lab",     "events",   "forms",   "wallet",
};

const char *const gen_environments[GEN_ENVIRONMENTS] = { "prod", "staging", "dev" };

const char *gen_protocol_name(uint8_t protocol)
{
	return protocol == SCTP ? "SCTP" : protocol == UDP ? "UDP" : "TCP";
}
