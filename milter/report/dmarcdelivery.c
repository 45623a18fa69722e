#include <config.h>

#include "report/dmarcdelivery.h"

#include "base/clock.h"
#include "base/log.h"
#include "message/sendmail.h"
#include "report/dmarcmail.h"
#include "report/dmarcsettings.h"
#include "resolver/inquiry.h"
#include "resolver/resolversettings.h"
#include "store/day.h"
#include "store/evidencesettings.h"

#include <inttypes.h>

#define SENDMAIL_MOST_MS 30000
#define LOOK_EVERY_US 5000
#define RETRY_MOST_MS (INT64_C(12) * 3600 * 1000)
#define TRIES_FOR_ALL 3

static bool is_cancelled(const struct dmarcsender *sender)
{
	return sender->is_cancelled && atomic_load(sender->is_cancelled);
}

static const struct dnsanswer *ask(void *asker, const char *name)
{
	struct inquiry *inquiry = asker;
	const struct dnsanswer *answer;

	while (!(answer = inquiry_ask(inquiry, name, DNS_TXT)))
		(void)inquiry_wait(inquiry);
	return answer;
}

struct dmarctargets dmarcdelivery_targets(const struct dmarcsender *sender,
					const char *domain,
					struct arena *arena)
{
	struct inquiry *inquiry = inquiry_new(
		sender->resolver, resolver_settings_of(sender->settings));
	struct dmarctargets targets = dmarctargets_find(
		sender->settings, domain, ask, inquiry, arena);

	inquiry_free(inquiry);
	return targets;
}

/* One report under way. */
struct sending {
	const struct dmarcsender *sender;
	struct dmarcoutbox_report *report;
	struct arena *arena;
};

static void set_target(struct sending *on, struct dmarcoutbox_target *target,
		       enum dmarcoutbox_state state, const char *why)
{
	char day[DAY_TEXT_MAX];

	target->state = state;
	target->when_us = clock_now_us();
	target->why = why;
	if (state == DMARCOUTBOX_SENDING)
		return;
	log_event(NULL, state == DMARCOUTBOX_DOUBTFUL ? LOG_WARNING :
		  LOG_NOTICE, "dmarc_report", "day=%s domain=%s to=%s "
		  "state=\"%s\"%s%s%s", day_format(on->report->day, day),
		  on->report->domain, target->address,
		  dmarcoutbox_state_word(state), *why ? " why=\"" : "", why,
		  *why ? "\"" : "");
}

static void take_targets(struct sending *on, const GArray *found)
{
	on->report->target_count = found->len;
	on->report->targets = arena_new_n(
		on->arena, struct dmarcoutbox_target, found->len);
	for (guint i = 0; i < found->len; i++) {
		const struct dmarctarget *one = &g_array_index(
			found, struct dmarctarget, i);

		on->report->targets[i] = (struct dmarcoutbox_target){
			.address = one->address, .why = "",
			.most_bytes = one->most_bytes,
		};
	}
}

/* False: the DNS is in trouble. After some tries those that it knows have
 * waited long enough for the others. */
static bool find_targets(struct sending *on)
{
	struct dmarctargets targets = dmarcdelivery_targets(
		on->sender, on->report->domain, on->arena);
	bool is_settled = targets.is_settled ||
			  (targets.found->len &&
			   on->report->tries >= TRIES_FOR_ALL);

	on->report->why = arena_text(on->arena, targets.why->str);
	if (is_settled)
		take_targets(on, targets.found);
	dmarctargets_release(&targets);
	return is_settled;
}

static enum sendmail_end run_sendmail(const struct sending *on,
				      const char *address,
				      const GString *bytes, GError **error)
{
	const struct settings *settings = on->sender->settings;
	const struct sendmail_mail mail = {
		.program = evidence_settings_of(settings)->sendmail,
		.sender = span_text(dmarcsettings_of(settings)->email),
		.to = (const char *const[]){ address, NULL },
		.bytes = span_string(bytes),
	};
	struct sendmail_job *job = sendmail_start(&mail, error);
	enum sendmail_end end = job ? SENDMAIL_RUNS : SENDMAIL_FAILED;

	while (end == SENDMAIL_RUNS) {
		end = sendmail_poll(&job, SENDMAIL_MOST_MS, error);
		if (end == SENDMAIL_RUNS)
			g_usleep(LOOK_EVERY_US);
	}
	return end;
}

static void hand_over(struct sending *on, struct dmarcoutbox_target *target,
		      const GString *mail)
{
	static const enum dmarcoutbox_state states[] = {
		[SENDMAIL_TAKEN] = DMARCOUTBOX_SENT,
		[SENDMAIL_FAILED] = DMARCOUTBOX_WAITING,
		[SENDMAIL_LOST] = DMARCOUTBOX_DOUBTFUL,
	};
	g_autoptr(GError) why = NULL;
	enum sendmail_end end = run_sendmail(on, target->address, mail, &why);

	set_target(on, target, states[end],
		   why ? arena_text(on->arena, why->message) : "");
}

/* Its beginning is on disk before it begins, and its end when it has ended. */
static bool send_to(struct sending *on, struct dmarcoutbox_target *target,
		    GError **error)
{
	struct state *state = on->sender->state;
	const struct dmarcmail facts = {
		on->report->day, on->report->domain, target->address,
		on->report->report, on->report->made_us,
	};
	g_autoptr(GString) mail = dmarcmail_format(&facts,
						   on->sender->settings);

	if (target->most_bytes && mail->len > target->most_bytes) {
		set_target(on, target, DMARCOUTBOX_REFUSED, arena_printf(
			on->arena, "it takes %" PRIu64 " bytes, and this has "
			"%zu", target->most_bytes, mail->len));
		return true;
	}
	set_target(on, target, DMARCOUTBOX_SENDING, "");
	if (!dmarcoutbox_put(state, on->report, error))
		return false;
	hand_over(on, target, mail);
	return dmarcoutbox_put(state, on->report, error);
}

static bool is_waiting(const struct dmarcoutbox_report *report)
{
	for (size_t i = 0; i < report->target_count; i++)
		if (report->targets[i].state == DMARCOUTBOX_WAITING)
			return true;
	return false;
}

static bool send_to_all(struct sending *on, GError **error)
{
	for (size_t i = 0; i < on->report->target_count; i++) {
		struct dmarcoutbox_target *target = &on->report->targets[i];

		/* We have the lock, and it is not us. */
		if (target->state == DMARCOUTBOX_SENDING)
			set_target(on, target, DMARCOUTBOX_DOUBTFUL, "we were "
				"ended while it was sent: --again sends it "
				"once more");
		if (target->state == DMARCOUTBOX_WAITING &&
		    !is_cancelled(on->sender) && !send_to(on, target, error))
			return false;
	}
	return true;
}

static void give_up(struct sending *on)
{
	for (size_t i = 0; i < on->report->target_count; i++)
		if (on->report->targets[i].state == DMARCOUTBOX_WAITING)
			set_target(on, &on->report->targets[i],
				   DMARCOUTBOX_GIVEN_UP,
				   on->report->targets[i].why);
	on->report->next_us = 0;
}

/* Twice as late each time. */
static void put_off(struct sending *on)
{
	const struct dmarcsettings *settings =
		dmarcsettings_of(on->sender->settings);
	int64_t wait_ms = settings->retry_ms, now_us = clock_now_us();

	for (unsigned i = 0; i < on->report->tries && wait_ms < RETRY_MOST_MS;
	     i++)
		wait_ms *= 2;
	wait_ms = MAX(MIN(wait_ms, RETRY_MOST_MS), settings->retry_ms);
	on->report->tries++;
	on->report->next_us = now_us + wait_ms * 1000;
	if (now_us >= on->report->made_us + settings->give_up_ms * 1000)
		give_up(on);
}

static void tell_nobody(const struct sending *on)
{
	g_autofree char *why = log_text(span_text(on->report->why));
	char day[DAY_TEXT_MAX];

	log_event(NULL, LOG_INFO, "dmarc_report", "day=%s domain=%s "
		  "nobody takes it: %s", day_format(on->report->day, day),
		  on->report->domain, why);
}

bool dmarcdelivery_send(const struct dmarcsender *sender,
			struct dmarcoutbox_report *report,
			struct arena *arena, GError **error)
{
	struct sending sending = { sender, report, arena }, *on = &sending;
	bool is_settled = on->report->target_count > 0 || find_targets(on);

	if (is_settled && !on->report->target_count)
		tell_nobody(on);
	if (!send_to_all(on, error))
		return false;
	if (is_cancelled(on->sender))
		return dmarcoutbox_put(on->sender->state, on->report, error);
	if (!is_settled || is_waiting(on->report))
		put_off(on);
	else
		on->report->next_us = 0;
	if (!on->report->next_us)
		on->report->report = span_of("", 0);
	return dmarcoutbox_put(on->sender->state, on->report, error);
}
