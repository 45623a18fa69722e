#include <config.h>

#include "content/clamd.h"

#include "base/clock.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define REPLY_MAX 65536		/* bytes of one answer */
#define PING_US (500 * 1000)
#define BACKLOG_MS 20		/* until a full backlog is tried again */

enum health { HEALTH_WELL, HEALTH_SLOW, HEALTH_DEAD };

/* How the socket was when it was last asked, until some time. */
struct memory {
	enum health health;
	int64_t until_us;
	struct clamd_last last;
};

/* What is sent, and what came back. */
struct exchange {
	int fd;
	int64_t until_us;
	struct iovec out[6];
	size_t next, count;	/* of out */
	GString *reply;
	bool is_whole;		/* a NUL was behind the reply */
};

enum talk { TALK_DONE, TALK_REFUSED, TALK_TIMED_OUT, TALK_BROKEN };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static GHashTable *memories;	/* text of the address -> struct memory * */

/* The lock is held. */
static struct memory *memory_of(const char *address)
{
	struct memory *memory;

	if (!memories)
		memories = g_hash_table_new_full(g_str_hash, g_str_equal,
						 g_free, g_free);
	memory = g_hash_table_lookup(memories, address);
	if (!memory) {
		memory = g_new0(struct memory, 1);
		g_hash_table_insert(memories, g_strdup(address), memory);
	}
	return memory;
}

static enum health recall(const char *address)
{
	const struct memory *memory;
	enum health health = HEALTH_WELL;

	pthread_mutex_lock(&lock);
	memory = memory_of(address);
	if (memory->until_us > clock_monotonic_us())
		health = memory->health;
	pthread_mutex_unlock(&lock);
	return health;
}

static void remember(const char *address, enum health health,
		     int64_t retry_ms)
{
	struct memory *memory;

	pthread_mutex_lock(&lock);
	memory = memory_of(address);
	memory->health = health;
	memory->until_us = clock_monotonic_us() + retry_ms * 1000;
	pthread_mutex_unlock(&lock);
}

/* The events that came; 0 when the time is up. */
static short wait_for(int fd, short events, int64_t until_us)
{
	struct pollfd poll_for = { .fd = fd, .events = events };
	int done;

	do {
		int64_t left_us = until_us - clock_monotonic_us();

		if (left_us <= 0)
			return 0;
		done = poll(&poll_for, 1, (int)(left_us / 1000) + 1);
	} while (done < 0 && errno == EINTR);
	return done == 1 ? poll_for.revents : 0;
}

static enum talk wait_connected(int fd, int64_t until_us)
{
	int failure = 0;
	socklen_t len = sizeof failure;

	if (!wait_for(fd, POLLOUT, until_us))
		return TALK_TIMED_OUT;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &len) < 0)
		return TALK_REFUSED;
	errno = failure;
	return failure ? TALK_REFUSED : TALK_DONE;
}

/* A Unix socket whose backlog is full says EAGAIN, and not when
 * there is room. */
static enum talk dial(const struct clamd_address *to, int fd,
			    int64_t until_us)
{
	while (connect(fd, (const struct sockaddr *)&to->addr, to->size) < 0) {
		if (errno == EINPROGRESS || errno == EINTR)
			return wait_connected(fd, until_us);
		if (errno != EAGAIN)
			return TALK_REFUSED;
		if (clock_monotonic_us() >= until_us)
			return TALK_TIMED_OUT;
		poll(NULL, 0, BACKLOG_MS);
	}
	return TALK_DONE;
}

static bool is_sent(const struct exchange *on)
{
	return on->next == on->count;
}

static void advance(struct exchange *on, size_t done)
{
	while (!is_sent(on) && done >= on->out[on->next].iov_len) {
		done -= on->out[on->next].iov_len;
		on->next++;
	}
	if (done) {
		on->out[on->next].iov_base = (char *)
			on->out[on->next].iov_base + done;
		on->out[on->next].iov_len -= done;
	}
}

/* false: it takes no more. */
static bool send_some(struct exchange *on)
{
	struct msghdr message = { .msg_iov = on->out + on->next,
				  .msg_iovlen = on->count - on->next };
	ssize_t done = sendmsg(on->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (done < 0)
		return errno == EAGAIN || errno == EINTR;
	advance(on, (size_t)done);
	return true;
}

/* false: there is no more to come. */
static bool receive_some(struct exchange *on)
{
	char buffer[4096];
	ssize_t done = recv(on->fd, buffer, sizeof buffer, MSG_DONTWAIT);
	const char *end;

	if (done <= 0)
		return done < 0 && (errno == EAGAIN || errno == EINTR);
	end = memchr(buffer, '\0', (size_t)done);
	g_string_append_len(on->reply, buffer, end ? end - buffer : done);
	on->is_whole = end != NULL;
	return !end && on->reply->len < REPLY_MAX;
}

/* It may answer before all is sent, and close: then its answer
 * is still read. */
static enum talk run(struct exchange *on)
{
	bool takes = true;

	for (;;) {
		bool wants = takes && !is_sent(on);
		short events = wait_for(on->fd, wants ? POLLIN | POLLOUT :
					POLLIN, on->until_us);

		if (!events)
			return TALK_TIMED_OUT;
		if (events & (POLLIN | POLLHUP | POLLERR) &&
		    !receive_some(on))
			return on->is_whole ? TALK_DONE : TALK_BROKEN;
		if (wants && events & POLLOUT)
			takes = send_some(on);
	}
}

static void add_out(struct exchange *on, const void *bytes, size_t len)
{
	if (!len)
		return;
	on->out[on->count++] = (struct iovec){ (void *)(uintptr_t)bytes, len };
}

static enum talk do_talk(const struct clamd_address *to,
			    struct exchange *on)
{
	enum talk talk;

	on->fd = socket(to->addr.ss_family,
			SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (on->fd < 0)
		return TALK_REFUSED;
	talk = dial(to, on->fd, on->until_us);
	if (talk == TALK_DONE)
		talk = run(on);
	close(on->fd);
	return talk;
}

/* A refusal costs no time, so it is no reason to leave one alone. */
static bool is_alive(const struct clamd_settings *settings,
		     const struct clamd_address *to, int64_t until_us)
{
	static const char ping[] = "zPING";
	g_autoptr(GString) reply = g_string_new(NULL);
	struct exchange on = { .reply = reply,
		.until_us = MIN(until_us, clock_monotonic_us() + PING_US) };

	add_out(&on, ping, sizeof ping);
	enum talk talk = do_talk(to, &on);

	if (talk == TALK_TIMED_OUT)
		remember(to->text, HEALTH_DEAD, settings->retry_ms);
	return talk == TALK_DONE && strcmp(reply->str, "PONG") == 0;
}

static struct clamdreply trouble(const char *what)
{
	struct clamdreply reply = { .kind = CLAMDREPLY_ERROR };

	g_strlcpy(reply.text, what, sizeof reply.text);
	return reply;
}

/* "OK" before all was sent is no answer about the message. */
static struct clamdreply judge(const struct exchange *on,
			       enum talk talk)
{
	struct clamdreply reply;

	if (talk == TALK_REFUSED)
		return trouble("it does not take connections");
	if (talk == TALK_TIMED_OUT)
		return trouble("it did not answer in time");
	if (talk == TALK_BROKEN)
		return trouble(on->reply->len >= REPLY_MAX ?
			       "its answer does not end" :
			       "it closed the connection");
	reply = clamdreply_parse(span_of(on->reply->str, on->reply->len));
	if (reply.kind == CLAMDREPLY_CLEAN && !is_sent(on))
		return trouble("it answered before it had the message");
	return reply;
}

static struct clamdreply ask(const struct clamd_settings *settings,
			     const struct clamd_address *to, struct span head,
			     struct span body, int64_t until_us)
{
	static const char command[] = "zINSTREAM";
	g_autoptr(GString) text = g_string_new(NULL);
	struct exchange on = { .reply = text, .until_us = until_us };
	uint32_t sizes[] = { htonl((uint32_t)head.len),
			     htonl((uint32_t)body.len), 0 };
	enum talk talk;

	add_out(&on, command, sizeof command);
	/* A chunk of no bytes ends the stream. */
	add_out(&on, &sizes[0], head.len ? sizeof sizes[0] : 0);
	add_out(&on, head.ptr, head.len);
	add_out(&on, &sizes[1], body.len ? sizeof sizes[1] : 0);
	add_out(&on, body.ptr, body.len);
	add_out(&on, &sizes[2], sizeof sizes[2]);
	talk = do_talk(to, &on);
	if (talk == TALK_TIMED_OUT)
		remember(to->text, HEALTH_SLOW, settings->retry_ms);
	return judge(&on, talk);
}

static struct clamdreply try_one(const struct clamd_settings *settings,
				 const struct clamd_address *to,
				 struct span head, struct span body,
				 int64_t until_us)
{
	enum health health = recall(to->text);

	if (health == HEALTH_DEAD)
		return trouble("it gave no sign of life a while ago");
	if (health == HEALTH_SLOW && !is_alive(settings, to, until_us))
		return trouble("it gives no sign of life");
	return ask(settings, to, head, body, until_us);
}

static bool is_answer(const struct clamdreply *reply)
{
	return reply->kind != CLAMDREPLY_ERROR &&
	       reply->kind != CLAMDREPLY_NONSENSE;
}

static void tell_failure(const struct log_context *log,
			 const struct clamd_address *to,
			 const struct clamdreply *reply)
{
	g_autofree char *why = log_text(span_text(reply->text));

	log_event(log, LOG_WARNING, "clamd_failed", "socket=%s why=%s",
		  to->text, why);
}

static void note(const struct clamd_address *to,
		 const struct clamdreply *reply)
{
	struct clamd_last last = {
		.at_us = clock_now_us(), .is_well = is_answer(reply),
	};

	if (!last.is_well)
		g_strlcpy(last.why, reply->text, sizeof last.why);
	pthread_mutex_lock(&lock);
	memory_of(to->text)->last = last;
	pthread_mutex_unlock(&lock);
}

struct clamdreply clamd_scan(const struct clamd_settings *settings,
			     const struct log_context *log, struct span head,
			     struct span body)
{
	int64_t until_us = clock_monotonic_us() + settings->timeout_ms * 1000;
	struct clamdreply reply = trouble("there is none");
	guint count = settings->addresses->len;

	for (guint i = 0; i < count; i++) {
		const struct clamd_address *to = &g_array_index(
			settings->addresses, struct clamd_address, i);
		int64_t now_us = clock_monotonic_us();

		reply = try_one(settings, to, head, body, now_us +
				MAX(until_us - now_us, 0) / (count - i));
		note(to, &reply);
		if (is_answer(&reply))
			break;
		tell_failure(log, to, &reply);
	}
	return reply;
}

struct clamd_last clamd_last(const struct clamd_address *address)
{
	struct clamd_last last;

	pthread_mutex_lock(&lock);
	last = memory_of(address->text)->last;
	pthread_mutex_unlock(&lock);
	return last;
}
