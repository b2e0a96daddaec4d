#include "stat_socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	GREETING_SECONDS = 5,
};

void stat_socket_path(const char *file_prefix, struct report_text *out)
{
	const char *folder = getenv("XDG_RUNTIME_DIR");

	if (getuid() == 0)
		folder = "/var/run";
	else if (!folder)
		folder = "/tmp";
	report_text_format(out, "%s/dpdk/%s/dpdk_telemetry.v2", folder, file_prefix);
}

/* A packet of it is a whole answer. */
static int receive(struct stat_socket *socket, unsigned seconds)
{
	const struct timeval limit = { .tv_sec = seconds };
	ssize_t length;

	setsockopt(socket->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	do
		length = recv(socket->fd, socket->answer, sizeof(socket->answer), 0);
	while (length < 0 && errno == EINTR);
	if (length < 0)
		return errno == EAGAIN ? -ETIMEDOUT : errno == ECONNRESET ? -EPIPE : -errno;
	socket->length = (size_t)length;
	return length ? 0 : -EPIPE;
}

int stat_socket_open(struct stat_socket *out, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int status = 0;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path));
	out->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (out->fd < 0)
		return -errno;
	if (connect(out->fd, (const struct sockaddr *)&address, sizeof(address)))
		status = -errno;
	/* It greets with its version. */
	if (!status)
		status = receive(out, GREETING_SECONDS);
	if (status)
		close(out->fd);
	return status;
}

void stat_socket_close(struct stat_socket *socket)
{
	close(socket->fd);
}

int stat_socket_ask(struct stat_socket *socket, const char *question, unsigned seconds)
{
	if (send(socket->fd, question, strlen(question), MSG_NOSIGNAL) < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	return receive(socket, seconds);
}
