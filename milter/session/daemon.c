#include <config.h>

#include "session/daemon.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/notify.h"
#include "base/pidfile.h"
#include "cases/casesettings.h"
#include "cases/complaintbook.h"
#include "cases/complaintdrop.h"
#include "cases/complaintsettings.h"
#include "cases/customerchanges.h"
#include "cases/caseclock.h"
#include "cases/listfiles.h"
#include "content/contentcheck.h"
#include "message/limits.h"
#include "session/callbacks.h"
#include "session/listener.h"
#include "session/privileges.h"
#include "session/reloader.h"
#include "session/reportclock.h"
#include "session/service.h"
#include "session/statusfile.h"
#include "settings/global.h"
#include "store/diskwatch.h"
#include "store/lists.h"
#include "store/recorder.h"
#include "store/state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libmilter/mfapi.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#define TICK_MS 1000
#define CLEAN_EVERY_US (60 * G_USEC_PER_SEC)
#define EXPIRE_EVERY_US (INT64_C(3600) * G_USEC_PER_SEC)
#define STACK_BYTES ((size_t)1 << 20)
#define HANG_UP_WAIT_US 2000000
#define STALE_AGAIN_US 10000000

/* A header may come in one packet: libmilter's preset of 64 KiB is less than
 * what Postfix sends with its own preset (header_size_limit, 100 KiB), and
 * ends the session. This is past any limits.header. */
#define PACKET_MAX ((size_t)17 << 20)

static int signal_pipe[2] = { -1, -1 };
static atomic_bool is_listener_gone;

static struct {
	const struct daemon_options *options;
	struct status_facts facts;
	char *reload_error;
	int64_t stale_failed_us;	/* a changed file could not be
					 * read then */
} self;

/*
 * libmilter waits for SIGHUP, SIGTERM and SIGINT in a thread of its own, and
 * takes each of them as "stop at once". The kernel hands a signal of the
 * process to the main thread first when it does not block it; so the main
 * thread keeps these open, with handlers that only write a byte, and
 * smfi_main() runs in another thread.
 */
static void on_signal(int number)
{
	char byte = (char)number;
	int saved = errno;
	ssize_t done = write(signal_pipe[1], &byte, 1);

	(void)done;		/* a full pipe: enough is waiting already */
	errno = saved;
}

static bool catch_signals(void)
{
	static const int caught[] = {
		SIGTERM, SIGINT, SIGHUP, SIGUSR1,
	};
	struct sigaction action = {
		.sa_handler = on_signal, .sa_flags = SA_RESTART | SA_NODEFER,
	};

	if (pipe(signal_pipe) != 0)
		return false;
	for (int i = 0; i < 2; i++) {
		fcntl(signal_pipe[i], F_SETFD, FD_CLOEXEC);
		fcntl(signal_pipe[i], F_SETFL, O_NONBLOCK);
	}
	for (size_t i = 0; i < COUNT_OF(caught); i++)
		sigaction(caught[i], &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);	/* a file size limit is a full disk */
	return true;
}

/*
 * libmilter makes a thread for each callback that finds none idle, and lets it
 * go afterwards. glibc keeps 40 MiB of the stacks of ended threads for new
 * ones: five of its usual size, but 40 of this.
 */
static void shrink_stacks(void)
{
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	pthread_setattr_default_np(&attributes);
	pthread_attr_destroy(&attributes);
}

/* A byte that is no signal: the loop looks up. */
static void wake(void)
{
	on_signal(0);
}

static void *run_libmilter(void *unused)
{
	(void)unused;
	if (smfi_main() != MI_SUCCESS)
		log_event(NULL, LOG_ERR, "listener_failed", "%s", "");
	atomic_store(&is_listener_gone, true);
	wake();
	return NULL;
}

static void note_reload_error(const char *what)
{
	g_free(self.reload_error);
	self.reload_error = g_strdup(what);
	self.facts.reload_error = self.reload_error;
	self.facts.reload_failures++;
	log_event(NULL, LOG_ERR, "reload_failed",
		  "why=\"%s\" the settings stay as they were", what);
}

static void warn_of_fixed(const struct settings *old,
			  const struct settings *fresh)
{
	g_autoptr(GPtrArray) names = settings_changed_start(old, fresh);

	for (guint i = 0; i < names->len; i++)
		log_event(NULL, LOG_WARNING, "restart_needed",
			  "setting=%s takes effect at the next start",
			  (const char *)g_ptr_array_index(names, i));
}

static void put_in_force(struct settings *fresh)
{
	const struct global_settings *global = global_settings_of(fresh);

	log_set_level((int)global->log_level);
	service_set_settings(fresh);
	self.facts.settings_read_us = clock_now_us();
	self.facts.reloads++;
	g_clear_pointer(&self.reload_error, g_free);
	self.facts.reload_error = NULL;
}

static void begin_reload(void)
{
	notify_manager("RELOADING=1");
	reloader_ask(RELOADER_ASKED, NULL);
}

/* Tables that the settings name (relay.domains_file) changed on disk. */
static void refresh_if_stale(void)
{
	struct settings *old = service_settings();

	if (!reloader_is_busy() && settings_is_stale(old) &&
	    clock_now_us() > self.stale_failed_us + STALE_AGAIN_US)
		reloader_ask(RELOADER_STALE, old);
	settings_unref(old);
}

static void take_over(struct reloader_result *result)
{
	struct settings *old = service_settings();

	if (result->cause == RELOADER_ASKED)
		warn_of_fixed(old, result->settings);
	settings_unref(old);
	put_in_force(g_steal_pointer(&result->settings));
	if (result->cause == RELOADER_STALE)
		log_event(NULL, LOG_NOTICE, "tables_reread", "%s", "");
	else
		log_event(NULL, LOG_NOTICE, "reloaded", "file=%s",
			  self.options->settings_file ?: "presets");
}

/* False: none has ended. */
static bool end_reload(void)
{
	struct reloader_result result;

	if (!reloader_take(&result))
		return false;
	if (result.settings) {
		take_over(&result);
	} else {
		note_reload_error(result.error->message);
		if (result.cause == RELOADER_STALE)
			self.stale_failed_us = clock_now_us();
	}
	reloader_release(&result);
	if (!reloader_is_busy())
		notify_manager("READY=1");
	return true;
}

/* Entries whose time is over are passed over at once, and deleted here. */
static void clean_state(void)
{
	static int64_t cleaned_us;
	int64_t now_us = clock_monotonic_us();
	g_autoptr(GError) why = NULL;

	if (cleaned_us && now_us < cleaned_us + CLEAN_EVERY_US)
		return;
	cleaned_us = now_us;
	state_check_readers(service_state());
	if (!lists_expire(service_state(), clock_now_us(), NULL, &why))
		log_event(NULL, LOG_WARNING, "lists_not_cleaned", "why=\"%s\"",
			  why->message);
	service_save_contacts();
}

/* A directory of plain files: nothing to read is found within microseconds. */
static void take_complaints(const struct settings *settings)
{
	const struct complaint_import import = {
		.settings = settings, .state = service_state(),
		.operator_name = "", .now_us = clock_now_us(),
	};

	complaintdrop_take(complaint_settings_of(settings)->drop_dir, &import);
}

static void expire_books(const struct settings *settings)
{
	static int64_t expired_us;
	int64_t now_us = clock_now_us();
	g_autoptr(GError) why = NULL;

	if (expired_us && clock_monotonic_us() < expired_us + EXPIRE_EVERY_US)
		return;
	expired_us = clock_monotonic_us();
	if (!complaintbook_expire(service_state(), now_us -
			complaint_settings_of(settings)->keep_ms * 1000, &why))
		log_event(NULL, LOG_WARNING, "complaints_not_cleaned",
			  "why=\"%s\"", why->message);
	g_clear_error(&why);
	if (!customerchanges_expire(service_state(), now_us -
			case_settings_of(settings)->changes_ms * 1000, &why))
		log_event(NULL, LOG_WARNING, "customer_changes_not_cleaned",
			  "why=\"%s\"", why->message);
}

static void tick(void)
{
	struct settings *settings;

	refresh_if_stale();
	clean_state();
	settings = service_settings();
	take_complaints(settings);
	expire_books(settings);
	diskwatch_look(service_disk(), settings);
	caseclock_run(service_state(), settings);
	listfiles_run(service_state(), settings);
	self.facts.is_reloading = reloader_is_busy();
	statusfile_write(settings, &self.facts);
	settings_unref(settings);
	notify_manager("WATCHDOG=1");
}

/* Signals that came, as a set of bits; waits for one tick at most. */
static unsigned long wait_for_signals(int wait_ms)
{
	struct pollfd poll_for = { .fd = signal_pipe[0], .events = POLLIN };
	unsigned long seen = 0;
	char bytes[64];
	ssize_t count;

	poll(&poll_for, 1, wait_ms);
	while ((count = read(signal_pipe[0], bytes, sizeof bytes)) > 0)
		for (ssize_t i = 0; i < count; i++)
			seen |= 1ul << bytes[i];
	return seen;
}

static bool has(unsigned long seen, int number)
{
	return seen & (1ul << number);
}

static void serve(void)
{
	int64_t next_us = clock_monotonic_us();

	while (!atomic_load(&is_listener_gone)) {
		int64_t now_us = clock_monotonic_us();

		if (now_us >= next_us) {
			tick();
			next_us = now_us + TICK_MS * 1000;
		}
		unsigned long seen = wait_for_signals(
			(int)((next_us - now_us) / 1000) + 1);

		if (has(seen, SIGTERM) || has(seen, SIGINT))
			return;
		/* What ended was begun before the signals came. */
		if (end_reload())
			next_us = 0;	/* tell reevectl at once */
		if (has(seen, SIGUSR1) || has(seen, SIGHUP)) {
			begin_reload();
			next_us = 0;
		}
	}
}

static void wait_until_zero(enum service_counter counter, int64_t until_us)
{
	while (service_counter(counter) > 0 && clock_monotonic_us() < until_us)
		wait_for_signals(20);
}

/* Messages in hand end as they would have; new ones are deferred. */
static void drain(void)
{
	struct settings *settings = service_settings();
	int64_t wait_us = global_settings_of(settings)->shutdown_wait_ms * 1000;
	int64_t until_us = clock_monotonic_us() + wait_us;

	notify_manager("STOPPING=1");
	service_begin_draining();
	log_event(NULL, LOG_NOTICE, "stopping", "messages_open=%" PRId64,
		  service_counter(COUNTER_MESSAGES_OPEN));
	wait_until_zero(COUNTER_MESSAGES_OPEN, until_us);
	/* Idle connections would be cut off by our end without a record. After
	 * that libmilter is not stopped, but left: smfi_stop() would wait until
	 * its listener looks up from its poll(), up to five seconds. */
	listener_hang_up();
	wait_until_zero(COUNTER_SESSIONS_OPEN,
			clock_monotonic_us() + HANG_UP_WAIT_US);
	caseclock_end(service_state(), settings);
	statusfile_write(settings, &self.facts);
	listener_remove(settings);
	settings_unref(settings);
}

/* To the background: the parent waits until the child serves, so that its exit
 * status is the truth. Before any thread or LMDB environment there is. */
static int detach(void)
{
	int ready[2];
	char byte;
	pid_t child;

	if (pipe(ready) != 0)
		return -1;
	child = fork();
	if (child < 0)
		return -1;
	if (child > 0) {
		close(ready[1]);
		_exit(read(ready[0], &byte, 1) == 1 ? byte : EX_SOFTWARE);
	}
	close(ready[0]);
	setsid();
	return ready[1];
}

static void tell_parent(int ready, int status)
{
	char byte = (char)status;

	if (ready < 0)
		return;
	if (write(ready, &byte, 1) != 1)
		return;
	close(ready);
	if (status == EX_OK) {
		int null = open("/dev/null", O_RDWR);

		for (int fd = 0; fd <= STDERR_FILENO; fd++)
			dup2(null, fd);
		close(null);
	}
}

static void open_log(const struct settings *settings, bool is_foreground)
{
	const struct global_settings *global = global_settings_of(settings);
	bool is_syslog = global->log_target == LOG_WHERE_SYSLOG ||
			 (global->log_target == LOG_WHERE_AUTO &&
			  !is_foreground);

	log_open(is_syslog ? LOG_TARGET_SYSLOG : LOG_TARGET_STDERR,
		 (int)global->log_level);
}

static bool check_still_readable(const char *file)
{
	if (!file || access(file, R_OK) == 0)
		return true;
	log_event(NULL, LOG_WARNING, "settings_unreadable",
		  "file=%s a reload will fail: its user cannot read it", file);
	return false;
}

/* Takes settings over. What needs root comes first, then it is given up. */
static int open_all(struct settings *settings, GError **error)
{
	const struct global_settings *global = global_settings_of(settings);
	g_autofree char *pid_path = g_build_filename(global->state_dir,
						     GLOBAL_PID_FILE, NULL);

	if (!privileges_prepare_state_dir(global->state_dir, global->user,
					  error) ||
	    !callbacks_register(limits_of(settings)->past_body ==
				PAST_BODY_SKIP) ||
	    !listener_open(settings, error) ||
	    !privileges_drop(global->user, error) ||
	    !pidfile_take(pid_path, error)) {
		settings_unref(settings);
		return EX_CONFIG;
	}
	check_still_readable(self.options->settings_file);
	smfi_setmaxdatasize(PACKET_MAX);
	return service_open(settings, error) && reportclock_open(error) ?
	       EX_OK : EX_UNAVAILABLE;
}

static int start(struct settings *settings)
{
	g_autoptr(GError) why = NULL;
	pthread_t libmilter;
	int status;

	if (!catch_signals())
		return EX_OSERR;
	shrink_stacks();
	status = open_all(settings, &why);
	if (status != EX_OK) {
		log_event(NULL, LOG_ERR, "start_failed", "%s",
			  why ? why->message : "libmilter");
		return status;
	}
	self.facts.began_us = self.facts.settings_read_us = clock_now_us();
	if (pthread_create(&libmilter, NULL, run_libmilter, NULL) != 0)
		return EX_OSERR;
	pthread_detach(libmilter);
	return EX_OK;
}

int daemon_run(const struct daemon_options *options)
{
	g_autoptr(GError) why = NULL;
	struct settings *settings;
	int ready = -1, status;

	self.options = options;
	reloader_init(options->settings_file, options->groups, wake);
	privileges_prepare_process();
	settings = settings_load(options->settings_file, options->groups, &why);
	if (!settings || !contentcheck_load(settings, &why)) {
		fprintf(stderr, "%s\n", why->message);
		return EX_CONFIG;
	}
	if (!options->is_foreground && (ready = detach()) < 0)
		return EX_OSERR;
	open_log(settings, options->is_foreground);
	status = start(settings);
	tell_parent(ready, status);
	if (status != EX_OK)
		return status;
	log_event(NULL, LOG_NOTICE, "started", "version=%s", PACKAGE_VERSION);
	notify_manager("READY=1");
	serve();
	status = atomic_load(&is_listener_gone) ? EX_UNAVAILABLE : EX_OK;
	drain();
	reportclock_close();
	service_close();
	log_event(NULL, LOG_NOTICE, "stopped", "%s", "");
	/* Nobody waits for it, and exit() would take away what it stands on. */
	if (reloader_is_busy())
		_exit(status);
	return status;
}
