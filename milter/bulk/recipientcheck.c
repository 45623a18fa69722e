#include <config.h>

#include "bulk/recipientcheck.h"

#include "base/clock.h"
#include "bulk/bulk.h"
#include "bulk/bulkclock.h"
#include "bulk/bulksettings.h"
#include "bulk/counts.h"
#include "bulk/streamsettings.h"
#include "bulk/window.h"
#include "store/incidents.h"

#include <inttypes.h>
#include <string.h>

#define HOUR_S 3600
#define NETWORK_BITS4 120	/* /24 */
#define NETWORK_BITS6 64

/* What keys begin with. */
#define REFUSED "Hr"
#define ACCEPTED "Ha"
#define BOUNCES "N"
#define TRAPPED "T"

/* Who sends, for the counts; NULL: nobody that can be told from others. */
static const char *who_sends(struct transaction *tx)
{
	const struct netaddr *addr = &tx->client.addr;
	struct network network;
	char text[NETADDR_TEXT_MAX];

	if (tx->client.login)
		return tx->client.login;
	if (addr->family == NETADDR_NONE || netaddr_is_loopback(addr))
		return NULL;
	network = network_around(addr, addr->family == NETADDR_IP4 ?
				 NETWORK_BITS4 : NETWORK_BITS6);
	return arena_text(&tx->arena, network_format(&network, text));
}

static struct counts_key key_of(struct transaction *tx, enum counts_kind kind,
				uint32_t window_s, const char *front,
				const char *who)
{
	return (struct counts_key){ kind, window_s, span_text(
		arena_printf(&tx->arena, "%s%s", front, who)) };
}

static const struct recipient *last_recipient(const struct transaction *tx)
{
	return &g_array_index(tx->recipients, struct recipient,
			      tx->recipients->len - 1);
}

static bool is_found(const struct transaction *tx, const char *symbol)
{
	for (guint i = 0; i < tx->findings->len; i++)
		if (strcmp(g_array_index(tx->findings, struct finding,
					 i).symbol, symbol) == 0)
			return true;
	return false;
}

/* As who_sends() named him. A stranger is nobody's case. */
static struct incident_subject attacker(const struct transaction *tx,
					const char *who)
{
	if (tx->direction != DIRECTION_OUTBOUND)
		return (struct incident_subject){ 0, "" };
	return (struct incident_subject){ tx->client.login ? LIST_ACCOUNT :
					  LIST_NETWORK, who };
}

static void tell_attack(struct transaction *tx, const char *who,
			uint64_t refused, uint64_t accepted)
{
	const struct stream_settings *settings =
		stream_settings_of(tx->settings);
	struct finding *finding = transaction_find(tx, "DICTIONARY_ATTACK",
		"%s named %" PRIu64 " recipients that do not exist, %" PRIu64
		" that do", who, refused, accepted);

	finding->score = 4.0;
	finding->demand = settings->harvest_action;
	finding->code = finding->demand == ACTION_DEFER ? 451 : 550;
	finding->enhanced = finding->demand == ACTION_DEFER ? "4.7.1" : "5.7.1";
	finding->text = "too many recipients that do not exist";
	incidents_note_about(attacker(tx, who), "harvest", who, finding->detail,
			     (int64_t)HOUR_S * G_USEC_PER_SEC, clock_now_us());
}

/* A bounce, or another's look whether a sender exists, has one recipient (RFC
 * 5321, 4.5.5); who names more to the null sender's is none of these. */
static bool is_answer(const struct transaction *tx)
{
	return tx->sender.is_null && tx->recipients->len < 2;
}

void recipientcheck_recipient(struct transaction *tx)
{
	const char *who;
	struct counts_key refused_key, accepted_key;
	uint64_t refused, accepted;

	if (!tx->bulk || is_answer(tx) ||
	    is_found(tx, "DICTIONARY_ATTACK") || !(who = who_sends(tx)))
		return;
	refused_key = key_of(tx, COUNTS_DISTINCT, HOUR_S, REFUSED, who);
	accepted_key = key_of(tx, COUNTS_DISTINCT, HOUR_S, ACCEPTED, who);
	refused = counts_get(bulk_counts(tx->bulk), &refused_key,
			     bulkclock_now_us());
	if (refused < (uint64_t)stream_settings_of(tx->settings)->harvest)
		return;
	accepted = counts_get(bulk_counts(tx->bulk), &accepted_key,
			      bulkclock_now_us());
	if (refused >= accepted)
		tell_attack(tx, who, refused, accepted);
}

/*
 * As far as the MTA tells: what we refuse ourselves may well exist, and so may
 * what it refuses for its policy, for a full mailbox, or for the sender (RFC
 * 3463: X.7, X.2.2, X.1.7 and X.1.8). Without a status only the reply's code
 * says that it is for good.
 */
static bool is_unknown(const struct recipient *rcpt)
{
	static const char *const statuses[] = {
		"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.2.1",
	};
	const char *reason = rcpt->mta_reason ? rcpt->mta_reason : "";

	if (rcpt->state != RCPT_REFUSED_BY_MTA)
		return false;
	reason += strspn(reason, " ");
	if (!g_str_has_prefix(reason, "5."))
		return reason[0] != '4';
	for (size_t i = 0; i < G_N_ELEMENTS(statuses); i++)
		if (g_str_has_prefix(reason, statuses[i]))
			return true;
	return false;
}

void recipientcheck_after_recipient(struct transaction *tx)
{
	const struct recipient *rcpt;
	const char *who;
	struct counts_key key;

	if (!tx->bulk || !tx->recipients->len || is_answer(tx) ||
	    !(who = who_sends(tx)))
		return;
	rcpt = last_recipient(tx);
	if (!is_unknown(rcpt) && rcpt->state != RCPT_ACCEPTED)
		return;
	key = key_of(tx, COUNTS_DISTINCT, HOUR_S,
		     is_unknown(rcpt) ? REFUSED : ACCEPTED, who);
	counts_add_thing(bulk_counts(tx->bulk), &key, span_text(
		mailaddr_format(&rcpt->addr, &tx->arena)), bulkclock_now_us());
}

static const struct recipient *trap_of(struct transaction *tx)
{
	const struct stream_settings *settings =
		stream_settings_of(tx->settings);

	for (guint i = 0; i < tx->recipients->len; i++) {
		const struct recipient *rcpt = &g_array_index(
			tx->recipients, struct recipient, i);

		if (rcpt->state == RCPT_ACCEPTED &&
		    stream_settings_is_trap(settings, &rcpt->addr, &tx->arena))
			return rcpt;
	}
	return NULL;
}

static void check_traps(struct transaction *tx)
{
	const struct recipient *trap = trap_of(tx);
	int64_t window_ms = bulk_settings_of(tx->settings)->likeness_ms;
	struct counts_key key = key_of(tx, COUNTS_AMOUNT,
		(uint32_t)CLAMP(window_ms / 1000, WINDOW_LEAST_S,
				WINDOW_MOST_S), TRAPPED,
		arena_printf(&tx->arena, "%016" PRIx64, tx->campaign));
	uint64_t hits;

	if (trap) {
		transaction_find(tx, "TRAP_HIT", "%s", mailaddr_format(
			&trap->addr, &tx->arena))->score = 8.0;
		if (tx->campaign)
			counts_add(bulk_counts(tx->bulk), &key, 1,
				   bulkclock_now_us());
		return;
	}
	hits = tx->campaign ? counts_get(bulk_counts(tx->bulk), &key,
					 bulkclock_now_us()) : 0;
	/* Whoever subscribes a trap to a newsletter must not spoil
	 * it for its readers. */
	if (hits && !is_found(tx, "LIST_WELCOME"))
		transaction_find(tx, "BULK_TRAPPED", "%" PRIu64 " like it went "
				 "to traps, %016" PRIx64, hits,
				 tx->campaign)->score = 4.0;
}

static void check_bounces(struct transaction *tx)
{
	int64_t most = stream_settings_of(tx->settings)->bounces;
	uint64_t worst = 0;
	const char *whose = NULL;

	for (guint i = 0; i < tx->recipients->len; i++) {
		const struct recipient *rcpt = &g_array_index(
			tx->recipients, struct recipient, i);
		const char *addr = mailaddr_format(&rcpt->addr, &tx->arena);
		struct counts_key key = key_of(tx, COUNTS_AMOUNT, HOUR_S,
					       BOUNCES, addr);
		uint64_t count;

		if (rcpt->state != RCPT_ACCEPTED)
			continue;
		count = counts_add(bulk_counts(tx->bulk), &key, 1,
				   bulkclock_now_us());
		if (count > worst) {
			worst = count;
			whose = addr;
		}
	}
	if (worst > (uint64_t)most)
		transaction_find(tx, "NULL_SENDER_FLOOD", "%" PRIu64 " for %s "
				 "within an hour", worst, whose)->score = 2.0;
}

void recipientcheck_message(struct transaction *tx)
{
	if (!tx->bulk)
		return;
	check_traps(tx);
	if (tx->sender.is_null && tx->direction == DIRECTION_INBOUND)
		check_bounces(tx);
}
