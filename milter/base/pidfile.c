#include <config.h>

#include "base/pidfile.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static GQuark pidfile_error(void)
{
	return g_quark_from_static_string("pidfile");
}

static struct flock whole_file(void)
{
	return (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET };
}

pid_t pidfile_owner(const char *path)
{
	struct flock lock = whole_file();
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	pid_t owner = 0;

	if (fd < 0)
		return 0;
	if (fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
		owner = lock.l_pid;
	close(fd);
	return owner;
}

/* The descriptor stays open for as long as the process lives: closing it
 * would give the lock away. */
bool pidfile_take(const char *path, GError **error)
{
	struct flock lock = whole_file();
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	char text[32];

	if (fd < 0) {
		g_set_error(error, pidfile_error(), 0, "%s: %s", path,
			    g_strerror(errno));
		return false;
	}
	if (fcntl(fd, F_SETLK, &lock) != 0) {
		close(fd);
		g_set_error(error, pidfile_error(), 0,
			    "%s: mailreeve runs already, as process %ld", path,
			    (long)pidfile_owner(path));
		return false;
	}
	int len = snprintf(text, sizeof text, "%ld\n", (long)getpid());

	if (ftruncate(fd, 0) != 0 || write(fd, text, (size_t)len) != len)
		log_event(NULL, LOG_WARNING, "pidfile_unwritten",
			  "path=%s why=\"%s\"", path, g_strerror(errno));
	return true;
}
