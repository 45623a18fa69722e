#include <config.h>

#include "session/listener.h"

#include "base/netaddr.h"
#include "settings/global.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <libmilter/mfapi.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static GQuark listener_error(void)
{
	return g_quark_from_static_string("listener");
}

static bool fail(GError **error, const char *listen, const char *what)
{
	g_set_error(error, listener_error(), 0, "listen = \"%s\": %s", listen,
		    what);
	return false;
}

/* The path of unix:PATH or local:PATH, else NULL. */
static const char *path_of(const char *listen)
{
	const char *colon = strchr(listen, ':');

	if (g_str_has_prefix(listen, "unix:") ||
	    g_str_has_prefix(listen, "local:"))
		return colon + 1;
	return NULL;
}

static bool is_answering(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool is_open;

	if (fd < 0 || strlen(path) >= sizeof addr.sun_path)
		return false;
	memcpy(addr.sun_path, path, strlen(path));
	is_open = connect(fd, (struct sockaddr *)&addr, sizeof addr) == 0;
	close(fd);
	return is_open;
}

static bool set_owner_and_mode(const struct global_settings *global,
			       const char *path, GError **error)
{
	mode_t mode = (mode_t)strtoul(global->listen_mode, NULL, 8);

	if (*global->listen_group) {
		const struct group *group = getgrnam(global->listen_group);

		if (!group)
			return fail(error, global->listen,
				    "listen_group: no such group");
		if (chown(path, (uid_t)-1, group->gr_gid) != 0)
			return fail(error, global->listen, g_strerror(errno));
	}
	if (chmod(path, mode) != 0)
		return fail(error, global->listen, g_strerror(errno));
	return true;
}

static void tune_tcp(int fd)
{
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

/* One of our own descriptors that is a stream socket. */
struct own_socket {
	int fd;
	bool is_listening;
	struct sockaddr_storage name;	/* local */
	socklen_t name_size;
};

static struct own_socket listening;

static bool look_at(int fd, struct own_socket *socket_out)
{
	int is_listening = 0;
	socklen_t size = sizeof is_listening;

	*socket_out = (struct own_socket){
		.fd = fd, .name_size = sizeof socket_out->name,
	};
	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening,
		       &size) != 0 ||
	    getsockname(fd, (struct sockaddr *)&socket_out->name,
			&socket_out->name_size) != 0)
		return false;
	socket_out->is_listening = is_listening;
	return true;
}

/* libmilter hands out neither its listening socket nor those of its sessions,
 * so they are looked for among our own descriptors. */
static void each_socket(void (*take)(const struct own_socket *))
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		struct own_socket found;

		if (g_ascii_isdigit(entry->d_name[0]) &&
		    look_at(atoi(entry->d_name), &found))
			take(&found);
	}
	closedir(dir);
}

/*
 * What is set on the listening socket is inherited by each accepted one
 * (Linux). Without TCP_NODELAY the small writes at the end of a message wait 40
 * ms for a delayed ACK, every message.
 */
static void take_listening(const struct own_socket *found)
{
	if (!found->is_listening)
		return;
	listening = *found;
	if (found->name.ss_family != AF_UNIX)
		tune_tcp(found->fd);
}

static bool is_same_local(const struct own_socket *found)
{
	uint16_t port, our_port;
	struct netaddr addr;

	if (found->name.ss_family != listening.name.ss_family)
		return false;
	if (found->name.ss_family == AF_UNIX)
		return found->name_size == listening.name_size &&
		       memcmp(&found->name, &listening.name,
			      found->name_size) == 0;
	return netaddr_of_sockaddr((const struct sockaddr *)&found->name,
				   &addr, &port) &&
	       netaddr_of_sockaddr((const struct sockaddr *)&listening.name,
				   &addr, &our_port) && port == our_port;
}

static void hang_up(const struct own_socket *found)
{
	if (!found->is_listening && is_same_local(found))
		shutdown(found->fd, SHUT_RDWR);
}

void listener_hang_up(void)
{
	each_socket(hang_up);
}

bool listener_open(const struct settings *settings, GError **error)
{
	const struct global_settings *global = global_settings_of(settings);
	const char *path = path_of(global->listen);

	if (path && is_answering(path))
		return fail(error, global->listen,
			    "another program answers there already");
	if (smfi_setconn(global->listen) != MI_SUCCESS)
		return fail(error, global->listen,
			    "not a socket that libmilter can open");
	smfi_setbacklog((int)global->backlog);
	smfi_settimeout((int)(global->session_timeout_ms / 1000));
	errno = 0;
	if (smfi_opensocket(true) != MI_SUCCESS)
		return fail(error, global->listen,
			    errno ? g_strerror(errno) : "cannot be opened");
	each_socket(take_listening);
	return path ? set_owner_and_mode(global, path, error) : true;
}

void listener_remove(const struct settings *settings)
{
	const char *path = path_of(global_settings_of(settings)->listen);

	if (path)
		unlink(path);
}
