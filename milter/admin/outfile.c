#include <config.h>

#include "admin/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

int outfile_open(const struct command *self, const char *path, int *fd_out)
{
	*fd_out = STDOUT_FILENO;
	if (path)
		*fd_out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
			       0600);
	if (*fd_out < 0)
		return admin_fail(self, EX_CANTCREAT, "%s: %s", path,
				  g_strerror(errno));
	return EX_OK;
}

int outfile_open_bytes(const struct command *self, const char *path,
		       int *fd_out)
{
	if (!path && isatty(STDOUT_FILENO))
		return admin_fail(self, EX_USAGE, "that is not for a terminal: "
				  "give a file with -o");
	return outfile_open(self, path, fd_out);
}

int outfile_print_to(const struct command *self, int fd)
{
	fflush(stdout);
	if (fd == STDOUT_FILENO || dup2(fd, STDOUT_FILENO) >= 0)
		return EX_OK;
	return admin_fail(self, EX_OSERR, "%s", g_strerror(errno));
}

static int fail_write(const struct command *self)
{
	return admin_fail(self, EX_IOERR, "not all could be written: %s",
			  g_strerror(errno));
}

int outfile_write(const struct command *self, int fd, const void *bytes,
		  size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t done = write(fd, (const char *)bytes + at, len - at);

		if (done < 0 && errno != EINTR)
			return fail_write(self);
		at += done > 0 ? (size_t)done : 0;
	}
	return EX_OK;
}

int outfile_close(const struct command *self, const char *path, int fd,
		  int status)
{
	if (fd < 0)
		return status;
	errno = EIO;
	if ((fflush(stdout) != 0 || ferror(stdout)) && status == EX_OK)
		status = fail_write(self);
	if (fd == STDOUT_FILENO)
		return status;
	if (fsync(fd) != 0 && errno != EINVAL && status == EX_OK)
		status = fail_write(self);
	close(fd);
	/* Root has become the state's owner by now. */
	if (status != EX_OK && path && unlink(path) != 0)
		admin_fail(self, status, "%s is not whole; it could not be "
			   "removed: %s", path, g_strerror(errno));
	return status;
}
