#include <config.h>

#include "session/reloader.h"

#include "content/contentcheck.h"

#include <pthread.h>
#include <stdatomic.h>

/* Compilers of patterns go deep; our other threads have less. */
#define STACK_BYTES ((size_t)8 << 20)

static struct {
	const char *settings_file;
	const struct setting_group *const *groups;
	void (*on_done)(void);
	pthread_t thread;
	struct settings *old;		/* RELOADER_STALE; a reference */
	struct reloader_result result;
	bool is_busy, is_joinable;
	bool is_asked_again;
	atomic_bool is_done;
} self;

static void read_all(void)
{
	struct reloader_result *to = &self.result;

	to->settings = to->cause == RELOADER_STALE ?
		settings_refresh(self.old, &to->error) :
		settings_load(self.settings_file, self.groups, &to->error);
	if (to->settings && !contentcheck_load(to->settings, &to->error)) {
		settings_unref(to->settings);
		to->settings = NULL;
	}
}

static void *run(void *unused)
{
	(void)unused;
	read_all();
	atomic_store(&self.is_done, true);
	self.on_done();
	return NULL;
}

static void begin(enum reloader_cause cause)
{
	pthread_attr_t attributes;

	self.result = (struct reloader_result){ .cause = cause };
	self.is_busy = true;
	atomic_store(&self.is_done, false);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	self.is_joinable = pthread_create(&self.thread, &attributes, run,
					  NULL) == 0;
	pthread_attr_destroy(&attributes);
	/* The loop waits, then; better than never to reload. */
	if (!self.is_joinable)
		(void)run(NULL);
}

void reloader_init(const char *settings_file,
		   const struct setting_group *const *groups,
		   void (*on_done)(void))
{
	self.settings_file = settings_file;
	self.groups = groups;
	self.on_done = on_done;
}

void reloader_ask(enum reloader_cause cause, struct settings *old)
{
	if (self.is_busy) {
		self.is_asked_again |= cause == RELOADER_ASKED;
		return;
	}
	if (cause == RELOADER_STALE)
		self.old = settings_ref(old);
	begin(cause);
}

bool reloader_is_busy(void)
{
	return self.is_busy;
}

bool reloader_take(struct reloader_result *result_out)
{
	if (!self.is_busy || !atomic_load(&self.is_done))
		return false;
	if (self.is_joinable)
		pthread_join(self.thread, NULL);
	*result_out = self.result;
	self.is_busy = false;
	settings_unref(self.old);
	self.old = NULL;
	if (self.is_asked_again) {
		self.is_asked_again = false;
		begin(RELOADER_ASKED);
	}
	return true;
}

void reloader_release(struct reloader_result *result)
{
	settings_unref(result->settings);
	g_clear_error(&result->error);
	result->settings = NULL;
}
