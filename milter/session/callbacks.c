#include <config.h>

#include "session/callbacks.h"

#include "base/clock.h"
#include "sender/clientcheck.h"
#include "session/answer.h"
#include "session/gather.h"
#include "session/keep.h"
#include "session/released.h"
#include "session/service.h"
#include "verdict/checks.h"
#include "verdict/verdict.h"

/*
 * What is found before RCPT is said at RCPT, so that the record of a refused
 * message names sender and recipient; but for who is suspended, to whom it does
 * not matter whom he writes to. For most other steps the MTA is told not
 * to wait (libmilter fakes that for MTAs that do). But it waits at connect and
 * at MAIL: when it hangs up, libmilter forgets what it has not read yet, and a
 * session or message must not go unrecorded because its client was quick.
 */
#define NO_REPLIES (SMFIP_NR_HELO | SMFIP_NR_DATA | SMFIP_NR_UNKN |	\
		    SMFIP_NR_HDR | SMFIP_NR_EOH)
#define OPTIONAL (SMFIP_RCPT_REJ | SMFIP_HDR_LEADSPC)
#define ACTIONS (SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE)

static bool is_body_skipped;

static const struct { int step; const char *names; } macros[] = {
	{ SMFIM_CONNECT, "j v {daemon_name} {daemon_addr} {daemon_port} "
			 "{client_ptr} {client_resolve}" },
	{ SMFIM_HELO, "{tls_version} {cipher} {cipher_bits} {cert_subject} "
		      "{cert_issuer} {cert_fp} {cert_md5}" },
	{ SMFIM_ENVFROM, "i {auth_authen} {auth_type}" },
	{ SMFIM_ENVRCPT, "i {rcpt_mailer} {rcpt_host} {rcpt_addr}" },
	{ SMFIM_DATA, "i" },
	{ SMFIM_EOM, "i {msg_size}" },
};

static struct session *session_of(SMFICTX *ctx)
{
	return smfi_getpriv(ctx);
}

/* libmilter may call with nothing before: a probe that sends HELO first. */
static struct session *session_make(SMFICTX *ctx)
{
	struct session *session = session_of(ctx);

	if (!session) {
		session = session_new();
		smfi_setpriv(ctx, session);
	}
	return session;
}

static sfsistat on_negotiate(SMFICTX *ctx, unsigned long actions,
			     unsigned long steps, unsigned long unused2,
			     unsigned long unused3, unsigned long *actions_out,
			     unsigned long *steps_out, unsigned long *out2,
			     unsigned long *out3)
{
	struct session *session = session_make(ctx);
	unsigned long wanted = NO_REPLIES | OPTIONAL |
			       (is_body_skipped ? SMFIP_SKIP : SMFIP_NR_BODY);

	(void)unused2;
	(void)unused3;
	*actions_out = actions & ACTIONS;
	*steps_out = steps & wanted;
	*out2 = *out3 = 0;
	session->is_space_known = true;
	session->has_leading_space = steps & SMFIP_HDR_LEADSPC;
	if (actions & SMFIF_SETSYMLIST) {
		*actions_out |= SMFIF_SETSYMLIST;
		for (size_t i = 0; i < COUNT_OF(macros); i++)
			smfi_setsymlist(ctx, macros[i].step,
					(char *)macros[i].names);
	}
	return SMFIS_CONTINUE;
}

static sfsistat on_connect(SMFICTX *ctx, char *host, struct sockaddr *addr)
{
	struct session *session = session_make(ctx);

	gather_connect(session, ctx, host, addr);
	clientcheck_prefetch(service_resolver(), &session->facts.client);
	service_count(COUNTER_SESSIONS, 1);
	service_count(COUNTER_SESSIONS_OPEN, 1);
	return SMFIS_CONTINUE;
}

static sfsistat on_helo(SMFICTX *ctx, char *name)
{
	gather_helo(session_make(ctx), name);
	return SMFIS_NOREPLY;
}

static void end_unfinished(struct session *session, enum ending ending)
{
	struct transaction *tx = &session->tx;
	bool is_any_left = false;

	if (!session->is_in_message)
		return;
	for (guint i = 0; i < tx->recipients->len; i++)
		is_any_left |= g_array_index(tx->recipients, struct recipient,
					     i).state == RCPT_ACCEPTED;
	tx->ending = tx->recipients->len && !is_any_left ? ENDING_REFUSED :
							   ending;
	tx->ended_us = clock_now_us();
	verdict_unfinished(tx);
	checks_end(tx);
	service_count(COUNTER_UNFINISHED, 1);
	service_count(COUNTER_MESSAGES_OPEN, -1);
	keep_unfinished(session);
	gather_forget_message(session);
}

static void demand_deferral(struct transaction *tx, const char *symbol,
			    const char *enhanced, const char *text)
{
	struct finding *finding = transaction_find(tx, symbol, NULL);

	finding->demand = ACTION_DEFER;
	finding->code = 451;
	finding->enhanced = enhanced;
	finding->text = text;
}

/* What stands against any message now, whoever sends it. */
static void check_service(struct transaction *tx)
{
	if (service_is_draining())
		demand_deferral(tx, "SERVICE_STOPPING", "4.3.2",
				"the filter is being stopped, try again");
	if (!keep_is_possible(tx->settings))
		demand_deferral(tx, "STORE_FAILED", "4.3.0",
				"no record can be kept now, try again later");
	else if (!keep_has_room(tx->settings))
		demand_deferral(tx, "STORE_FULL", "4.3.1", "the disk has no "
				"room for records of mail, try again later");
}

/* Nothing more comes of it: it ends here, with its record. */
static sfsistat refuse_mail(struct session *session, SMFICTX *ctx)
{
	sfsistat reply = answer_reply(ctx, &session->tx.outcome);

	end_unfinished(session, ENDING_REFUSED);
	return reply;
}

static sfsistat on_mail(SMFICTX *ctx, char **argv)
{
	struct session *session = session_make(ctx);

	end_unfinished(session, ENDING_ABORTED);
	gather_mail(session, ctx, argv);
	service_count(COUNTER_MESSAGES, 1);
	service_count(COUNTER_MESSAGES_OPEN, 1);
	checks_run(&session->tx, STAGE_CONNECT);
	checks_run(&session->tx, STAGE_HELO);
	checks_run(&session->tx, STAGE_MAIL);
	check_service(&session->tx);
	return verdict_sender(&session->tx) ? refuse_mail(session, ctx) :
					      SMFIS_CONTINUE;
}

static const struct outcome too_many = {
	ACTION_DEFER, 452, "4.5.3",
	"too many recipients, send the others in another message", 0,
};

static sfsistat on_rcpt(SMFICTX *ctx, char **argv)
{
	struct session *session = session_of(ctx);
	struct session_facts *facts;
	struct recipient *rcpt;

	if (!session || !session->is_in_message)
		return SMFIS_TEMPFAIL;
	facts = &session->facts;
	gather_queue_id(session, ctx);
	rcpt = gather_rcpt(session, ctx, argv);
	if (!rcpt)
		return answer_reply(ctx, &too_many);
	if (rcpt->state == RCPT_ACCEPTED) {
		checks_run(&session->tx, STAGE_RCPT);
		verdict_recipient(&session->tx);
	}
	checks_recipient(&session->tx);
	if (rcpt->state == RCPT_ACCEPTED) {
		facts->recipients_accepted++;
		return SMFIS_CONTINUE;
	}
	facts->recipients_refused++;
	service_count(COUNTER_RECIPIENTS_REFUSED, 1);
	return rcpt->state == RCPT_REFUSED_BY_US ?
	       answer_reply(ctx, &rcpt->outcome) : SMFIS_CONTINUE;
}

static sfsistat on_data(SMFICTX *ctx)
{
	struct session *session = session_of(ctx);

	if (session && session->is_in_message)
		gather_queue_id(session, ctx);
	return SMFIS_NOREPLY;
}

static sfsistat on_header(SMFICTX *ctx, char *name, char *value)
{
	struct session *session = session_of(ctx);

	if (session && session->is_in_message)
		gather_header(session, name, value);
	return SMFIS_NOREPLY;
}

static sfsistat on_end_of_header(SMFICTX *ctx)
{
	struct session *session = session_of(ctx);

	if (session && session->is_in_message) {
		gather_queue_id(session, ctx);
		checks_header(&session->tx);
	}
	return SMFIS_NOREPLY;
}

static sfsistat on_body(SMFICTX *ctx, unsigned char *bytes, size_t len)
{
	struct session *session = session_of(ctx);
	bool is_more = true;

	if (session && session->is_in_message)
		is_more = gather_body(session,
				      span_of((const char *)bytes, len));
	if (!is_body_skipped)
		return SMFIS_NOREPLY;
	return is_more ? SMFIS_CONTINUE : SMFIS_SKIP;
}

static const enum service_counter counter_of[] = {
	[ACTION_NONE] = COUNTER_ACCEPTED,
	[ACTION_ACCEPT] = COUNTER_ACCEPTED,
	[ACTION_TAG] = COUNTER_TAGGED,
	[ACTION_QUARANTINE] = COUNTER_QUARANTINED,
	[ACTION_DEFER] = COUNTER_DEFERRED,
	[ACTION_REJECT] = COUNTER_REJECTED,
	[ACTION_DISCARD] = COUNTER_DISCARDED,
};

/* What was found before the header came does not count for
 * released mail either. */
static void judge(struct transaction *tx)
{
	if (released_check(tx)) {
		tx->stage = STAGE_MESSAGE;
		verdict_released(tx);
		return;
	}
	checks_run(tx, STAGE_MESSAGE);
	verdict_message(tx);
	checks_after(tx);
}

/* The record first, the answer then: what the MTA is told is on disk. */
static sfsistat on_end_of_message(SMFICTX *ctx)
{
	struct session *session = session_of(ctx);
	sfsistat reply;

	if (!session || !session->is_in_message)
		return SMFIS_TEMPFAIL;
	gather_end(session, ctx);
	judge(&session->tx);
	session->tx.ending = ENDING_COMPLETE;
	session->tx.ended_us = clock_now_us();
	keep_message(session);
	checks_end(&session->tx);
	reply = answer_message(session, ctx);
	service_count(counter_of[session->tx.outcome.action], 1);
	service_count(COUNTER_MESSAGES_OPEN, -1);
	gather_forget_message(session);
	return reply;
}

static sfsistat on_abort(SMFICTX *ctx)
{
	struct session *session = session_of(ctx);

	if (session)
		end_unfinished(session, ENDING_ABORTED);
	return SMFIS_CONTINUE;
}

/* May be the only callback of a session (a probe that connects and leaves), and
 * is called with libmilter's own lock held: it must not wait. */
static sfsistat on_close(SMFICTX *ctx)
{
	struct session *session = session_of(ctx);

	if (!session)
		return SMFIS_CONTINUE;
	end_unfinished(session, ENDING_LOST);
	if (session->is_connected) {
		session->facts.ended_us = clock_now_us();
		service_count(COUNTER_SESSIONS_OPEN, -1);
		keep_session(session);
	}
	smfi_setpriv(ctx, NULL);
	session_free(session);
	return SMFIS_CONTINUE;
}

static sfsistat on_unknown(SMFICTX *ctx, const char *command)
{
	struct session *session = session_of(ctx);

	(void)command;
	if (session)
		session->facts.unknown_commands++;
	return SMFIS_NOREPLY;
}

bool callbacks_register(bool is_skipping)
{
	struct smfiDesc filter = {
		.xxfi_name = (char *)"mailreeve",
		.xxfi_version = SMFI_VERSION,
		.xxfi_flags = ACTIONS | SMFIF_SETSYMLIST,
		.xxfi_negotiate = on_negotiate,
		.xxfi_connect = on_connect,
		.xxfi_helo = on_helo,
		.xxfi_envfrom = on_mail,
		.xxfi_envrcpt = on_rcpt,
		.xxfi_data = on_data,
		.xxfi_header = on_header,
		.xxfi_eoh = on_end_of_header,
		.xxfi_body = on_body,
		.xxfi_eom = on_end_of_message,
		.xxfi_abort = on_abort,
		.xxfi_close = on_close,
		.xxfi_unknown = on_unknown,
	};

	is_body_skipped = is_skipping;
	return smfi_register(filter) == MI_SUCCESS;
}
