/*
 * faults.c - a failing disk: LD_PRELOAD this, and calls on files below
 * FAULTS_DIR fail as the file FAULTS_CONTROL says at that moment
 *
 * The file has 256 bytes of text, "ERRNO EVERY WHEN CALL,CALL
 * PART" or zeroes for a disk that is well, and a count of the calls that
 * failed. WHEN is "before" when a call does nothing, or "after" when it does
 * all and then says that it failed, as a write to a disk may. PART is of the
 * path of files that are meant. "limit BYTES" sets the system's limit of a
 * file's size, -1 for none. The call "head" is a pwrite to the two pages where
 * LMDB says what is committed. A tool of tests; nothing of it is installed.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <unistd.h>

#define HEAD_BYTES (2 * 4096)

struct control {
	char text[256];
	atomic_uint_least64_t failed;
};

static struct control *control;
static const char *dir;
static atomic_uint calls;

static void __attribute__((constructor)) begin(void)
{
	const char *path = getenv("FAULTS_CONTROL");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *map;

	dir = getenv("FAULTS_DIR");
	if (fd < 0 || !dir)
		return;
	map = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED,
		   fd, 0);
	close(fd);
	if (map != MAP_FAILED)
		control = map;
}

static bool is_meant(const char *path, const char *part)
{
	size_t len = strlen(dir);

	return strncmp(path, dir, len) == 0 &&
	       (path[len] == '/' || path[len] == '\0') && strstr(path, part);
}

static const char *path_of(int fd, char path[PATH_MAX])
{
	char link[64];
	ssize_t len;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	len = readlink(link, path, PATH_MAX - 1);
	path[len < 0 ? 0 : len] = '\0';
	return path;
}

static bool has_call(const char *list, const char *call)
{
	size_t len = strlen(call);

	for (const char *at = list; (at = strstr(at, call)); at += len)
		if ((at == list || at[-1] == ',') &&
		    (at[len] == ',' || at[len] == '\0'))
			return true;
	return false;
}

static void set_limit(long long most)
{
	struct rlimit limit;

	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = most < 0 ? limit.rlim_max : (rlim_t)most;
	setrlimit(RLIMIT_FSIZE, &limit);
}

/* The number that the call fails with; 0: it is well. */
static int fault(const char *call, const char *path, bool *is_after_out)
{
	char text[sizeof control->text], when[16], list[128], part[64];
	unsigned every;
	long long most;
	int number;

	memcpy(text, control->text, sizeof text);
	text[sizeof text - 1] = '\0';
	if (sscanf(text, "limit %lld", &most) == 1)
		set_limit(most);
	if (sscanf(text, "%d %u %15s %127s %63s", &number, &every, when,
		   list, part) != 5 || !has_call(list, call) ||
	    !is_meant(path, part) ||
	    atomic_fetch_add(&calls, 1) % every != every - 1)
		return 0;
	*is_after_out = strcmp(when, "after") == 0;
	atomic_fetch_add(&control->failed, 1);
	return number;
}

static const char *page_call(off_t at)
{
	return at < HEAD_BYTES ? "head" : "pwrite";
}

#define IS_ON (control && control->text[0])

#define INTERPOSE(type, name, call, path, parameters, arguments)	\
	type name parameters						\
	{								\
		static type (*real)parameters;				\
		bool is_after = false;					\
		char at_fd[PATH_MAX];					\
		int failed = IS_ON ? fault(call, path, &is_after) : 0;	\
									\
		(void)at_fd;						\
		if (!real)						\
			*(void **)&real = dlsym(RTLD_NEXT, #name);	\
		if (!failed)						\
			return real arguments;				\
		if (is_after)						\
			(void)!real arguments;				\
		errno = failed;						\
		return -1;						\
	}

INTERPOSE(ssize_t, write, "write", path_of(fd, at_fd),
	  (int fd, const void *bytes, size_t len), (fd, bytes, len))
INTERPOSE(ssize_t, writev, "writev", path_of(fd, at_fd),
	  (int fd, const struct iovec *parts, int count), (fd, parts, count))
INTERPOSE(ssize_t, pwrite, page_call(at), path_of(fd, at_fd),
	  (int fd, const void *bytes, size_t len, off_t at),
	  (fd, bytes, len, at))
INTERPOSE(ssize_t, pwrite64, page_call(at), path_of(fd, at_fd),
	  (int fd, const void *bytes, size_t len, off64_t at),
	  (fd, bytes, len, at))
INTERPOSE(ssize_t, pwritev, "pwritev", path_of(fd, at_fd),
	  (int fd, const struct iovec *parts, int count, off_t at),
	  (fd, parts, count, at))
INTERPOSE(ssize_t, pwritev64, "pwritev", path_of(fd, at_fd),
	  (int fd, const struct iovec *parts, int count, off64_t at),
	  (fd, parts, count, at))
INTERPOSE(int, fsync, "fsync", path_of(fd, at_fd), (int fd), (fd))
INTERPOSE(int, fdatasync, "fdatasync", path_of(fd, at_fd), (int fd), (fd))
INTERPOSE(int, msync, "msync", dir, (void *at, size_t len, int flags),
	  (at, len, flags))
INTERPOSE(int, rename, "rename", from,
	  (const char *from, const char *to), (from, to))
INTERPOSE(int, unlink, "unlink", path, (const char *path), (path))
