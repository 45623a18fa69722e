#include <config.h>

#include "sender/authcheck.h"

#include "base/clock.h"
#include "message/domaintable.h"
#include "resolver/inquiry.h"
#include "sender/arccheck.h"
#include "sender/authfindings.h"
#include "sender/authres.h"
#include "sender/bodygames.h"
#include "sender/clientcheck.h"
#include "sender/contacts.h"
#include "sender/dkimsign.h"
#include "sender/dkimverify.h"
#include "sender/dmarccheck.h"
#include "sender/forgery.h"
#include "sender/sendersettings.h"
#include "sender/spfcheck.h"
#include "sender/spfsecond.h"
#include "settings/global.h"

#include <string.h>

/* What is under way for one message. */
struct senderwork {
	struct dns_asker asker, dmarc_asker;
	bool is_spf_done, is_helo_done, is_iprev_done;
	bool has_header, has_body;
	struct from_facts from;
	struct dkimverify *verify;
	struct dkimsign *sign;
	struct arccheck *arc;
	bool is_sealing;
	struct bodygames games;
};

static void work_free(struct senderwork *work)
{
	dkimverify_free(work->verify);
	dkimsign_free(work->sign);
	arccheck_free(work->arc);
	g_free(work);
}

static struct senderwork *work_of(struct transaction *tx)
{
	if (!tx->sender_work) {
		tx->sender_work = g_new0(struct senderwork, 1);
		tx->sender_work->asker = inquiry_asker(tx->inquiry);
		tx->sender_work->dmarc_asker =
			inquiry_reserved_asker(tx->inquiry);
		tx->free_sender_work = work_free;
	}
	return tx->sender_work;
}

static bool is_stranger(const struct transaction *tx)
{
	return tx->direction == DIRECTION_INBOUND;
}

static bool run_spf(struct transaction *tx, const struct spf_query *query,
		    struct auth_spf *out)
{
	return sender_settings_of(tx->settings)->spf.engine ==
	       SPFENGINE_LIBSPF2 ?
	       spfsecond_run(query, &tx->arena, out) :
	       spfcheck_run(query, &tx->arena, out);
}

static struct spf_query query_of(const struct transaction *tx,
				 const struct senderwork *work)
{
	const struct sender_settings *settings =
		sender_settings_of(tx->settings);

	return (struct spf_query){
		.dns = work->asker,
		.client = tx->client.addr,
		.helo = tx->client.helo ? tx->client.helo : "",
		.receiver = global_settings_of(tx->settings)->authserv_id,
		.now_s = clock_now_us() / G_USEC_PER_SEC,
		.lookups = settings->spf.lookups,
		.void_lookups = settings->spf.void_lookups,
	};
}

/* RFC 7208, 2.3: postmaster at the name that was said. */
static bool check_helo(struct transaction *tx, struct senderwork *work)
{
	struct spf_query query = query_of(tx, work);
	const char *domain = mailaddr_domain_ascii(span_text(query.helo),
						   &tx->arena);

	query.scope = "helo";
	query.domain = domain ? domain : "";
	return run_spf(tx, &query, &tx->auth.helo);
}

/* 2.4: the null sender stands for postmaster at the HELO name. */
static bool check_mailfrom(struct transaction *tx, struct senderwork *work)
{
	struct spf_query query = query_of(tx, work);

	if (tx->sender.is_null) {
		if (!work->is_helo_done)
			return false;
		tx->auth.spf = tx->auth.helo;
		return true;
	}
	query.scope = "mfrom";
	query.local = tx->sender.local;
	query.domain = tx->sender.is_literal ? "" : tx->sender.domain_ascii;
	return run_spf(tx, &query, &tx->auth.spf);
}

/* Goes as far as the answers that are there allow; true when all are. */
static bool advance(struct transaction *tx, struct senderwork *work)
{
	bool is_done = true;

	if (!work->is_helo_done)
		work->is_helo_done = check_helo(tx, work);
	if (!work->is_spf_done)
		work->is_spf_done = check_mailfrom(tx, work);
	if (!work->is_iprev_done)
		work->is_iprev_done = clientcheck_iprev(tx, &work->asker);
	if (work->verify)
		is_done &= dkimverify_is_ready(work->verify);
	if (work->arc)
		is_done &= arccheck_is_ready(work->arc);
	if (work->has_header)
		is_done &= dmarccheck_ask(tx, &work->from,
					  &work->dmarc_asker);
	return is_done && work->is_helo_done && work->is_spf_done &&
	       work->is_iprev_done;
}

void authcheck_sender(struct transaction *tx)
{
	struct senderwork *work = work_of(tx);

	if (!is_stranger(tx)) {
		authfindings_check_login(tx);
		return;
	}
	/* Without an address there is nothing to look at. */
	if (tx->client.addr.family == NETADDR_NONE)
		work->is_helo_done = work->is_spf_done =
			work->is_iprev_done = true;
	if (!sender_settings_of(tx->settings)->is_iprev_checked)
		work->is_iprev_done = true;
	(void)advance(tx, work);
}

static bool is_forward(const struct arc_settings *arc,
		       const struct mailaddr *addr, struct arena *arena)
{
	g_autofree char *text = NULL;

	if (addr->is_null || !*addr->domain_ascii)
		return false;
	text = g_ascii_strdown(mailaddr_format(addr, arena), -1);
	return domaintable_has(arc->forward_domains, addr->domain_ascii) ||
	       g_hash_table_contains(arc->forward_addresses, text);
}

/* Mail that comes in for a forward, and what a mailing list here sends on. */
static bool is_to_be_sealed(struct transaction *tx)
{
	const struct arc_settings *arc = &sender_settings_of(tx->settings)->arc;

	if (!arc->key)
		return false;
	if (arc->seal == ARC_SEAL_INBOUND && is_stranger(tx))
		return true;
	/* Accounts might bring results of their own making. */
	if (!is_stranger(tx))
		return !tx->client.login &&
		       is_forward(arc, &tx->sender, &tx->arena);
	for (guint i = 0; i < tx->recipients->len; i++) {
		const struct recipient *rcpt = &g_array_index(
			tx->recipients, struct recipient, i);

		if (rcpt->state == RCPT_ACCEPTED &&
		    is_forward(arc, &rcpt->addr, &tx->arena))
			return true;
	}
	return false;
}

void authcheck_header(struct transaction *tx)
{
	struct senderwork *work = work_of(tx);

	work->from = dmarccheck_read_from(tx);
	work->has_header = true;
	work->is_sealing = is_to_be_sealed(tx);
	if (is_stranger(tx)) {
		work->verify = dkimverify_new(tx, work->asker);
		work->arc = arccheck_new(tx, work->asker, work->is_sealing);
		(void)advance(tx, work);
		return;
	}
	/* What goes out under one name of ours gets its signature. */
	if (work->from.fields == 1 && work->from.domain_count == 1)
		work->sign = dkimsign_new(tx, work->from.domains[0]);
	if (work->is_sealing)
		work->arc = arccheck_new(tx, work->asker, true);
}

void authcheck_body(struct transaction *tx, struct span chunk)
{
	struct senderwork *work = work_of(tx);

	if (work->verify)
		dkimverify_body(work->verify, chunk);
	if (work->sign)
		dkimsign_body(work->sign, chunk);
	if (work->arc)
		arccheck_body(work->arc, chunk);
	if (is_stranger(tx))
		bodygames_add(&work->games, chunk);
}

static void wait_for_all(struct transaction *tx, struct senderwork *work)
{
	while (!advance(tx, work))
		if (!inquiry_wait(tx->inquiry)) {
			/* The budget is spent: what is open is a time-out. */
			(void)advance(tx, work);
			return;
		}
}

static void add_no_signature(struct transaction *tx)
{
	struct auth_dkim none = { .result = AUTH_RESULT_NONE };

	if (!tx->auth.dkim->len)
		g_array_append_val(tx->auth.dkim, none);
}

static void refuse(struct transaction *tx, const char *symbol,
		   const char *detail, const char *text)
{
	struct finding *finding = transaction_find(tx, symbol, "%s", detail);

	finding->demand = ACTION_REJECT;
	finding->code = 554;
	finding->enhanced = "5.6.0";
	finding->text = text;
}

/* Who wrote it cannot be told when not all of that was seen; and results that
 * may say to be ours cannot be removed. */
static void refuse_hidden(struct transaction *tx,
			  const struct from_facts *from)
{
	if (tx->is_vital_dropped)
		refuse(tx, "FROM_HIDDEN", "From or Authentication-Results past "
		       "limits.header, limits.headers or limits.all_headers",
		       "too many or too long header fields");
	else if (from->has_more)
		refuse(tx, "FROM_HIDDEN", "more domains or addresses in From "
		       "than are looked at", "too many addresses in From");
}

static void check_stranger(struct transaction *tx, struct senderwork *work)
{
	wait_for_all(tx, work);
	if (work->verify)
		dkimverify_finish(work->verify, tx);
	tx->auth.arc.result = AUTH_RESULT_NONE;
	if (work->arc) {
		arccheck_validate(work->arc, tx);
		tx->auth.arc.has_passed_origin = arccheck_has_passed(
			work->arc, tx, &work->from);
	}
	/* By a tree walk the signers' organisations are asked for, too. */
	wait_for_all(tx, work);
	dmarccheck_judge(tx, &work->from, &work->dmarc_asker);
	add_no_signature(tx);
	authfindings_add(tx);
	clientcheck_find(tx);
	forgery_check_from(tx, &work->from);
	forgery_check_fields(tx, &work->from);
	bodygames_find(&work->games, tx);
}

/* The result that we wrote into the message when it came in, before a mailing
 * list here changed it. Strangers' and accounts' were removed; hosts of
 * relay.networks are taken at their word. */
static const char *stored_results(struct transaction *tx)
{
	const char *id = global_settings_of(tx->settings)->authserv_id;

	for (guint i = 0; i < tx->headers->len; i++) {
		const struct header *header =
			&g_array_index(tx->headers, struct header, i);
		struct authres results;

		if (!span_is_word(header->name, "Authentication-Results") ||
		    !authres_parse(header->value, &tx->arena, &results) ||
		    g_ascii_strcasecmp(results.authserv_id, id) != 0)
			continue;
		for (size_t j = 0; j < results.count; j++)
			if (strcmp(results.methods[j].method, "arc") == 0)
				tx->auth.arc.result =
					results.methods[j].result;
		return arena_span_text(&tx->arena,
				       span_trim(header->value));
	}
	return NULL;
}

static void seal(struct transaction *tx, struct senderwork *work)
{
	const char *id = global_settings_of(tx->settings)->authserv_id;
	const char *results = is_stranger(tx) ? authres_format(tx, id) :
						stored_results(tx);

	if (results)
		arccheck_seal(work->arc, tx, results);
}

/* Whether all of it was seen: else a signature of ours would be wrong. */
static bool is_whole(const struct transaction *tx)
{
	return !tx->headers_cut && !tx->headers_dropped &&
	       tx->is_body_bytes_exact;
}

void authcheck_message(struct transaction *tx)
{
	struct senderwork *work = work_of(tx);

	refuse_hidden(tx, &work->from);
	if (is_stranger(tx))
		check_stranger(tx, work);
	else
		authfindings_check_author(tx, &work->from);
	if (!is_whole(tx)) {
		if (work->sign || work->is_sealing)
			log_event(&tx->log, LOG_WARNING, "not_signed",
				  "part of the message is past limits.header, "
				  "limits.headers or limits.body");
		return;
	}
	if (work->arc && work->is_sealing)
		seal(tx, work);
	if (work->sign)
		dkimsign_finish(work->sign, tx);
}

/* Who wrote to us and was let in, and whom we write to ourselves. */
void authcheck_remember(struct transaction *tx)
{
	const struct senderwork *work = tx->sender_work;

	if (!tx->contacts || !work || tx->outcome.action > ACTION_TAG)
		return;
	if (is_stranger(tx)) {
		if (work->from.list.count)
			contacts_add(tx->contacts, mailaddr_format(
				&work->from.list.boxes[0].addr, &tx->arena));
		return;
	}
	for (guint i = 0; i < tx->recipients->len; i++)
		contacts_add(tx->contacts, mailaddr_format(
			&g_array_index(tx->recipients, struct recipient,
				       i).addr, &tx->arena));
}

/* A mailing list here needs the ones of ours that its mail came in with. */
bool authcheck_is_forged_result(struct transaction *tx,
				const struct header *header)
{
	const char *id;

	if (!span_is_word(header->name, "Authentication-Results") ||
	    (!is_stranger(tx) && !tx->client.login))
		return false;
	id = authres_parse_id(header->value, &tx->arena);
	return !id || g_ascii_strcasecmp(
		id, global_settings_of(tx->settings)->authserv_id) == 0;
}
