/* clock.c - loaded in front of libc: the time of day is off by what a
 * file says, so that a test can move it while a program runs.
 * Intervals stay as they are. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static volatile const int64_t *offset_us;	/* in the file */

__attribute__((constructor)) static void map_file(void)
{
	const char *path = getenv("MAILREEVE_CLOCK");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *map = fd < 0 ? MAP_FAILED :
		mmap(NULL, sizeof *offset_us, PROT_READ, MAP_SHARED, fd, 0);

	if (map != MAP_FAILED)
		offset_us = map;
	if (fd >= 0)
		close(fd);
}

/* Past libc's own, which may not be there yet when a sanitizer starts. */
int clock_gettime(clockid_t clock, struct timespec *out)
{
	int status = (int)syscall(SYS_clock_gettime, clock, out);
	int64_t ns;

	if (status != 0 || !offset_us ||
	    (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE))
		return status;
	ns = ((int64_t)out->tv_sec * 1000000 + *offset_us) * 1000 +
	     out->tv_nsec;
	out->tv_sec = (time_t)(ns / 1000000000);
	out->tv_nsec = (long)(ns % 1000000000);
	return 0;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	out->tv_sec = now.tv_sec;
	out->tv_usec = now.tv_nsec / 1000;
	return 0;
}

/* A time to wait for, of our clock, as the kernel has it: one of the monotonic
 * clock is much smaller. */
static struct timespec real_of(const struct timespec *when)
{
	struct timespec real = *when;

	if (offset_us && real.tv_sec > 1000000000) {
		real.tv_sec -= (time_t)(*offset_us / 1000000);
		real.tv_nsec -= (long)(*offset_us % 1000000 * 1000);
		real.tv_sec -= real.tv_nsec < 0;
		real.tv_nsec += real.tv_nsec < 0 ? 1000000000 : 0;
		real.tv_sec += real.tv_nsec >= 1000000000;
		real.tv_nsec %= 1000000000;
	}
	return real;
}

int pthread_cond_timedwait(pthread_cond_t *restrict cond,
			   pthread_mutex_t *restrict mutex,
			   const struct timespec *restrict when)
{
	int (*next)(pthread_cond_t *, pthread_mutex_t *,
		    const struct timespec *) =
		(int (*)(pthread_cond_t *, pthread_mutex_t *,
			 const struct timespec *))dlsym(RTLD_NEXT, __func__);
	struct timespec real = real_of(when);

	return next(cond, mutex, &real);
}

time_t time(time_t *out)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (out)
		*out = now.tv_sec;
	return now.tv_sec;
}
