/*
 * Preloaded into the real programs by World.pm: the wall clock is moved, and the
 * disk fails, as a file says that the test rewrites while they run. Monotonic
 * time stays. Not installed; the product knows nothing of it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { FAULT_WRITE = 1, FAULT_SYNC = 2, FAULT_UNLINK = 4, FAULT_CREATE = 8 };

/* As World.pm packs it. */
struct world {
	int64_t offset_us;
	uint32_t kinds, number, every, spare;
	char part[256];		/* of the path of files that fail */
};

static const volatile struct world *world;
static atomic_uint calls;

/* Before the program's main(), which gives up its rights to the file. */
static __attribute__((constructor)) void see_world(void)
{
	const char *path = getenv("MAILREEVE_WORLD");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *map;

	if (fd < 0)
		return;
	map = mmap(NULL, sizeof *world, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (map != MAP_FAILED)
		world = map;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int fails_path(uint32_t kind, const char *path)
{
	if (!world || !(world->kinds & kind) ||
	    !strstr(path, (const char *)world->part))
		return 0;
	if (world->every > 1 && atomic_fetch_add(&calls, 1) % world->every)
		return 0;
	errno = (int)world->number;
	return 1;
}

static int fails(uint32_t kind, int fd)
{
	char name[64], path[1024];
	ssize_t len;

	if (!world || !(world->kinds & kind))
		return 0;
	snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
	len = readlink(name, path, sizeof path - 1);
	path[len < 0 ? 0 : len] = '\0';
	return fails_path(kind, path);
}

int clock_gettime(clockid_t id, struct timespec *now)
{
	static __typeof__(&clock_gettime) real;
	int64_t us;
	int failed;

	if (!real)
		real = REAL(clock_gettime);
	failed = real(id, now);
	if (failed || !world ||
	    (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE))
		return failed;
	us = now->tv_sec * INT64_C(1000000) + now->tv_nsec / 1000 +
	     world->offset_us;
	now->tv_sec = us / 1000000;
	now->tv_nsec = us % 1000000 * 1000 + now->tv_nsec % 1000;
	return 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec exact;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &exact);
	now->tv_sec = exact.tv_sec;
	now->tv_usec = exact.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *now_out)
{
	struct timespec exact;

	clock_gettime(CLOCK_REALTIME, &exact);
	if (now_out)
		*now_out = exact.tv_sec;
	return exact.tv_sec;
}

#define FAULTY(type, name, kind, list, ...) \
type name list \
{ \
	return fails(kind, fd) ? -1 : REAL(name)(__VA_ARGS__); \
}

FAULTY(ssize_t, write, FAULT_WRITE, (int fd, const void *data, size_t len),
       fd, data, len)
FAULTY(ssize_t, pwrite, FAULT_WRITE,
       (int fd, const void *data, size_t len, off_t at), fd, data, len, at)
FAULTY(ssize_t, pwrite64, FAULT_WRITE,
       (int fd, const void *data, size_t len, off64_t at), fd, data, len, at)
FAULTY(ssize_t, writev, FAULT_WRITE,
       (int fd, const struct iovec *parts, int count), fd, parts, count)
FAULTY(ssize_t, pwritev, FAULT_WRITE,
       (int fd, const struct iovec *parts, int count, off_t at),
       fd, parts, count, at)
FAULTY(ssize_t, pwritev64, FAULT_WRITE,
       (int fd, const struct iovec *parts, int count, off64_t at),
       fd, parts, count, at)
FAULTY(int, fsync, FAULT_SYNC, (int fd), fd)
FAULTY(int, fdatasync, FAULT_SYNC, (int fd), fd)

int unlink(const char *path)
{
	return fails_path(FAULT_UNLINK, path) ? -1 : REAL(unlink)(path);
}

int rename(const char *from, const char *to)
{
	return fails_path(FAULT_CREATE, to) ? -1 : REAL(rename)(from, to);
}
