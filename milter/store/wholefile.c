#include <config.h>

#include "store/wholefile.h"

#include "store/storeerror.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int wholefile_sync_name(const char *path)
{
	g_autofree char *dir = g_path_get_dirname(path);
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int failed = 0;

	if (fd < 0)
		return errno;
	if (fsync(fd) != 0)
		failed = errno;
	close(fd);
	return failed;
}

/* The name is there only when the rename() is; the folder's entry with it. */
int wholefile_rename(const char *from, const char *to)
{
	return rename(from, to) == 0 ? wholefile_sync_name(to) : errno;
}

static int write_all(int fd, struct span bytes)
{
	while (bytes.len) {
		ssize_t done = write(fd, bytes.ptr, bytes.len);

		if (done < 0 && errno != EINTR)
			return errno;
		if (done > 0)
			bytes = span_from(bytes, (size_t)done);
	}
	return 0;
}

bool wholefile_write(const char *path, struct span bytes, mode_t mode,
		     GError **error)
{
	g_autofree char *fresh = g_strconcat(path, ".new", NULL);
	int failed, fd;

	unlink(fresh);
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	failed = fd < 0 ? errno : write_all(fd, bytes);
	if (!failed && (fchmod(fd, mode) != 0 || fsync(fd) != 0))
		failed = errno;
	if (fd >= 0 && close(fd) != 0 && !failed)
		failed = errno;
	if (!failed)
		failed = wholefile_rename(fresh, path);
	if (!failed)
		return true;
	if (fd >= 0)
		unlink(fresh);
	store_error_set(error, path, failed);
	return false;
}

bool wholefile_read(const char *path, size_t most, char **bytes_out,
		    size_t *len_out, GError **error)
{
	g_autofree char *bytes = g_malloc(most + 2);
	FILE *file = fopen(path, "re");
	bool is_read;

	*bytes_out = NULL;
	if (!file) {
		store_error_set(error, path, errno);
		return false;
	}
	*len_out = fread(bytes, 1, most + 1, file);
	is_read = !ferror(file);
	fclose(file);
	if (!is_read) {
		store_error_set(error, path, EIO);
		return false;
	}
	if (*len_out > most) {
		store_error_set_text(error, STORE_ERROR_DAMAGED,
				     "%s: longer than %zu bytes", path, most);
		return false;
	}
	bytes[*len_out] = '\0';
	*bytes_out = g_steal_pointer(&bytes);
	return true;
}
