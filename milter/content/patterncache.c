#include <config.h>

#include "content/patterncache.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SUM_BYTES 32		/* SHA-256, before what it is of */
#define FILE_BYTES_MAX ((off_t)1 << 30)

static void sum_up(struct span bytes, guint8 sum[static SUM_BYTES])
{
	g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
	gsize len = SUM_BYTES;

	g_checksum_update(checksum, (const guchar *)bytes.ptr,
			  (gssize)bytes.len);
	g_checksum_get_digest(checksum, sum, &len);
}

static bool read_whole(int fd, char *to, size_t len)
{
	while (len) {
		ssize_t got = read(fd, to, len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		to += got;
		len -= (size_t)got;
	}
	return true;
}

static GBytes *read_trusted(int fd)
{
	struct stat facts;
	guint8 sum[SUM_BYTES];
	char *bytes;
	size_t len;

	if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode) ||
	    (facts.st_uid != 0 && facts.st_uid != geteuid()) ||
	    facts.st_mode & (S_IWGRP | S_IWOTH) ||
	    facts.st_size <= SUM_BYTES || facts.st_size > FILE_BYTES_MAX)
		return NULL;
	len = (size_t)facts.st_size;
	bytes = g_malloc(len);
	if (read_whole(fd, bytes, len)) {
		sum_up(span_of(bytes + SUM_BYTES, len - SUM_BYTES), sum);
		if (memcmp(sum, bytes, SUM_BYTES) == 0) {
			g_autoptr(GBytes) whole = g_bytes_new_take(bytes, len);

			return g_bytes_new_from_bytes(whole, SUM_BYTES,
						      len - SUM_BYTES);
		}
	}
	g_free(bytes);
	return NULL;
}

GBytes *patterncache_get(const char *dir, const char *key)
{
	g_autofree char *file = g_build_filename(dir, key, NULL);
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	GBytes *found;

	if (fd < 0)
		return NULL;
	found = read_trusted(fd);
	if (found)
		(void)futimens(fd, NULL);	/* it is in use */
	close(fd);
	return found;
}

static void remove_old(const char *dir)
{
	g_autoptr(GDir) listing = g_dir_open(dir, 0, NULL);
	time_t oldest = time(NULL) - (time_t)PATTERNCACHE_DAYS * 86400;
	const char *name;

	while (listing && (name = g_dir_read_name(listing))) {
		g_autofree char *file = g_build_filename(dir, name, NULL);
		GStatBuf facts;

		if (g_lstat(file, &facts) == 0 && facts.st_mtime < oldest)
			(void)g_unlink(file);
	}
}

static bool write_whole(int fd, struct span bytes)
{
	while (bytes.len) {
		ssize_t done = write(fd, bytes.ptr, bytes.len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		bytes = span_from(bytes, (size_t)done);
	}
	return true;
}

static bool write_file(const char *name, struct span bytes)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC |
		      O_NOFOLLOW, 0644);
	guint8 sum[SUM_BYTES];
	bool is_good;

	if (fd < 0)
		return false;
	sum_up(bytes, sum);
	is_good = write_whole(fd, span_of((const char *)sum, SUM_BYTES)) &&
		  write_whole(fd, bytes);
	return close(fd) == 0 && is_good;
}

void patterncache_put(const char *dir, const char *key, struct span bytes)
{
	g_autofree char *file = g_build_filename(dir, key, NULL);
	g_autofree char *fresh = g_strdup_printf("%s.%ld", file,
						 (long)getpid());

	if (g_mkdir(dir, 0755) == 0 || errno == EEXIST) {
		remove_old(dir);
		if (write_file(fresh, bytes) && g_rename(fresh, file) == 0)
			return;
	}
	/* Tools run as anyone; only the daemon's folder is the daemon's. */
	if (errno != EACCES && errno != ENOENT && errno != EROFS)
		log_event(NULL, LOG_WARNING, "patterns_not_kept",
			  "file=%s why=\"%s\"", file, g_strerror(errno));
	(void)g_unlink(fresh);
}
