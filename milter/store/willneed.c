#include <config.h>

#include "store/willneed.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

void willneed(struct span bytes)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t begin = (uintptr_t)bytes.ptr & ~(page - 1);

	if (bytes.len)
		madvise((void *)begin, (uintptr_t)bytes.ptr + bytes.len -
				       begin, MADV_WILLNEED);
}
