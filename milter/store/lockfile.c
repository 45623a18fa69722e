#include <config.h>

#include "store/lockfile.h"

#include "store/storeerror.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

int lockfile_take(const char *path, const char *who_has_it, GError **error)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0) {
		store_error_set(error, path, errno);
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	if (errno == EWOULDBLOCK)
		store_error_set_text(error, STORE_ERROR_BUSY, "%s: %s", path,
				     who_has_it);
	else
		store_error_set(error, path, errno);
	close(fd);
	return -1;
}
