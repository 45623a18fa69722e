#include <config.h>

#include "message/gmimelib.h"

#include <gmime/gmime.h>
#include <pthread.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;

void gmimelib_init(void)
{
	pthread_once(&once, g_mime_init);
}
