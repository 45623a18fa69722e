#include <config.h>

#include "bulk/likeness.h"

#include "base/clock.h"
#include "bulk/bulk.h"
#include "bulk/bulkclock.h"
#include "bulk/bulksettings.h"
#include "bulk/campaigns.h"
#include "bulk/window.h"
#include "message/contents.h"
#include "message/headervalue.h"

#include <inttypes.h>
#include <string.h>

#define FILES_MAX 4
#define FILE_MIN 4096		/* bytes; smaller ones are logos and the like */
#define FILE_BYTES 262144	/* that tell one from the others */
#define KEY_MARK 'L'		/* what its keys begin with */
#define WELCOME_SHARE 0.2	/* of the score, for welcome mail and
				 * true lists */
#define NETWORK_BITS4 120	/* /24 */
#define NETWORK_BITS6 64

static const char *const words[] = {
	"messages", "senders", "addresses", "networks", "recipients",
};
G_STATIC_ASSERT(G_N_ELEMENTS(words) == LIKENESS_COUNTS);

static const struct { uint64_t least; const char *symbol; double score; }
levels[] = {
	{ 1000, "BULK_LIKE_1000", 4.0 }, { 100, "BULK_LIKE_100", 2.0 },
	{ 10, "BULK_LIKE_10", 0.5 },
};

const char *likeness_word(enum likeness_count count)
{
	return words[count];
}

struct counts_key likeness_key(uint64_t campaign, enum likeness_count count,
			       int64_t window_ms, struct arena *arena)
{
	int64_t seconds = CLAMP(window_ms / 1000, WINDOW_LEAST_S,
				WINDOW_MOST_S);
	uint64_t big = GUINT64_TO_BE(campaign);
	char *bytes = arena_alloc(arena, 2 + sizeof big);

	bytes[0] = KEY_MARK;
	bytes[1] = (char)('0' + count);
	memcpy(bytes + 2, &big, sizeof big);
	return (struct counts_key){ COUNTS_DISTINCT, (uint32_t)seconds,
				    span_of(bytes, 2 + sizeof big) };
}

bool likeness_read_key(const struct counts_key *key, uint64_t *campaign_out,
		       enum likeness_count *count_out)
{
	const char *bytes = key->bytes.ptr;
	uint64_t big;

	if (key->bytes.len != 2 + sizeof big || bytes[0] != KEY_MARK ||
	    bytes[1] < '0' || bytes[1] >= '0' + LIKENESS_COUNTS)
		return false;
	memcpy(&big, bytes + 2, sizeof big);
	*campaign_out = GUINT64_FROM_BE(big);
	*count_out = (enum likeness_count)(bytes[1] - '0');
	return true;
}

/* A campaign that this message is of, and its counts, the message included. */
struct meeting {
	struct campaign campaign;
	uint64_t counts[LIKENESS_COUNTS];
};

G_STATIC_ASSERT(LIKENESS_COUNTS == CAMPAIGN_THINGS);

/* Never 0. */
static uint64_t hash_of(const struct transaction *tx, struct span bytes)
{
	return counts_hash(bulk_counts(tx->bulk), bytes) | 1;
}

static uint64_t hash_of_address(struct transaction *tx,
				const struct mailaddr *addr)
{
	return hash_of(tx, span_text(mailaddr_format(addr, &tx->arena)));
}

static struct span message_of(struct transaction *tx)
{
	const struct header *id = transaction_find_header(tx, "Message-ID");
	struct span value = id ? span_trim(id->value) : span_of(NULL, 0);

	return value.len ? value : span_text(tx->id);
}

/* What a message is counted by; 0: not by that. Its recipients
 * come by themselves. */
static void take_things(struct transaction *tx, uint64_t *things)
{
	const struct netaddr *addr = &tx->client.addr;

	things[LIKENESS_MESSAGES] = hash_of(tx, message_of(tx));
	things[LIKENESS_SENDERS] = hash_of_address(tx, &tx->sender);
	if (addr->family != NETADDR_NONE) {
		struct network network = network_around(addr,
			addr->family == NETADDR_IP4 ? NETWORK_BITS4 :
						      NETWORK_BITS6);

		things[LIKENESS_CLIENTS] = hash_of(tx, span_of(
			(const char *)addr->bytes, sizeof addr->bytes));
		things[LIKENESS_NETWORKS] = hash_of(tx, span_of(
			(const char *)network.base.bytes,
			sizeof network.base.bytes));
	}
}

static void count(struct transaction *tx, struct meeting *meeting,
		  enum likeness_count what, uint64_t thing)
{
	struct counts_key key;

	if (!thing)
		return;
	key = likeness_key(meeting->campaign.id, what,
			   bulk_settings_of(tx->settings)->likeness_ms,
			   &tx->arena);
	meeting->counts[what] = counts_add_thing(bulk_counts(tx->bulk), &key,
		span_of((const char *)&thing, sizeof thing),
		bulkclock_now_us());
}

static void count_things(struct transaction *tx, struct meeting *meeting,
			 const uint64_t *things)
{
	for (int i = 0; i < LIKENESS_COUNTS; i++)
		count(tx, meeting, (enum likeness_count)i, things[i]);
}

/* The first message of the campaign, now that there is another one. It stays as
 * long as that one; when it is over, it never counts. */
static void count_first(struct transaction *tx, struct meeting *meeting)
{
	int64_t window_us = bulk_settings_of(tx->settings)->likeness_ms * 1000;

	if (clock_now_us() - meeting->campaign.first_us < window_us)
		count_things(tx, meeting, meeting->campaign.only);
}

static void count_all(struct transaction *tx, struct meeting *meeting,
		      const uint64_t *things)
{
	count_first(tx, meeting);
	count_things(tx, meeting, things);
	for (guint i = 0; i < tx->recipients->len; i++) {
		const struct recipient *rcpt = &g_array_index(
			tx->recipients, struct recipient, i);

		if (rcpt->state == RCPT_ACCEPTED)
			count(tx, meeting, LIKENESS_RECIPIENTS,
			      hash_of_address(tx, &rcpt->addr));
	}
}

/* Of a message that has no other one, or NULL. */
static const struct recipient *only_recipient(const struct transaction *tx)
{
	const struct recipient *only = NULL;

	for (guint i = 0; i < tx->recipients->len; i++) {
		const struct recipient *rcpt = &g_array_index(
			tx->recipients, struct recipient, i);

		if (rcpt->state != RCPT_ACCEPTED)
			continue;
		if (only)
			return NULL;
		only = rcpt;
	}
	return only;
}

static uint64_t size_of(const struct meeting *meeting)
{
	return MAX(meeting->counts[LIKENESS_MESSAGES],
		   meeting->counts[LIKENESS_RECIPIENTS]);
}

static void tell_if_bad(struct transaction *tx,
			const struct fingerprint *print)
{
	struct campaign bad;
	struct finding *finding;

	if (!bulk_find_bad(tx->bulk, print, &bad))
		return;
	finding = transaction_find(tx, "BULK_KNOWN_BAD", "%s: %s",
				   print->is_exact ? "file" : "text",
				   bad.subject);
	finding->score = 10.0;
	finding->demand = ACTION_REJECT;
	finding->code = 550;
	finding->enhanced = "5.7.1";
	finding->text = "refused by local policy";
}

/* Keeps the largest. */
static void meet(struct transaction *tx, const struct fingerprint *print,
		 struct meeting *largest)
{
	const struct header *subject = transaction_find_header(tx, "Subject");
	const struct recipient *only = only_recipient(tx);
	struct meeting meeting = { .counts = { 0 } };
	uint64_t things[LIKENESS_COUNTS] = { 0 };
	bool is_new;

	tell_if_bad(tx, print);
	take_things(tx, things);
	if (only)
		things[LIKENESS_RECIPIENTS] = hash_of_address(tx, &only->addr);
	if (!campaigns_meet(bulk_campaigns(tx->bulk), print,
			    subject ? headervalue_decode(subject, &tx->arena) :
			    "", clock_now_us(), only ? things : NULL,
			    &meeting.campaign, &is_new))
		return;
	if (!is_new || !only)
		count_all(tx, &meeting, things);
	else
		for (int i = 0; i < LIKENESS_COUNTS; i++)
			meeting.counts[i] = things[i] != 0;
	if (size_of(&meeting) > size_of(largest))
		*largest = meeting;
}

static void meet_files(struct transaction *tx, struct meeting *largest)
{
	const struct attachments *files = contents_attachments(tx);
	unsigned count = 0;

	for (guint i = 0; i < files->all->len && count < FILES_MAX; i++) {
		g_autoptr(GByteArray) bytes = mime_decode_bytes(
			g_array_index(files->all, struct attachment, i).part,
			FILE_BYTES);
		struct fingerprint print;

		if (bytes->len < FILE_MIN)
			continue;
		print = fingerprint_of_bytes(span_first(span_of(
			(const char *)bytes->data, bytes->len), FILE_BYTES));
		meet(tx, &print, largest);
		count++;
	}
}

static bool is_found(const struct transaction *tx, const char *symbol)
{
	for (guint i = 0; i < tx->findings->len; i++)
		if (strcmp(g_array_index(tx->findings, struct finding,
					 i).symbol, symbol) == 0)
			return true;
	return false;
}

/* RFC 2919; and it is the list that says so. */
static bool is_true_list(const struct transaction *tx)
{
	bool is_proven = tx->auth.dmarc.result == AUTH_RESULT_PASS ||
			 tx->auth.spf.result == AUTH_RESULT_PASS;

	return transaction_find_header(tx, "List-Id") && is_proven;
}

static void tell(struct transaction *tx, const struct meeting *largest)
{
	uint64_t size = size_of(largest);
	const uint64_t *counts = largest->counts;
	bool is_welcome = is_found(tx, "LIST_WELCOME") || is_true_list(tx);

	for (size_t i = 0; i < COUNT_OF(levels); i++) {
		struct finding *finding;

		if (size < levels[i].least)
			continue;
		finding = transaction_find(tx, levels[i].symbol,
			"%" PRIu64 " messages from %" PRIu64 " senders at %"
			PRIu64 " addresses to %" PRIu64 " recipients, %s%016"
			PRIx64, counts[LIKENESS_MESSAGES],
			counts[LIKENESS_SENDERS], counts[LIKENESS_CLIENTS],
			counts[LIKENESS_RECIPIENTS],
			is_welcome ? "welcome, " : "", largest->campaign.id);
		finding->score = levels[i].score *
				 (is_welcome ? WELCOME_SHARE : 1);
		return;
	}
}

void likeness_message(struct transaction *tx)
{
	struct meeting largest = { .counts = { 0 } };
	struct fingerprint print;

	if (!tx->bulk || !bulk_settings_of(tx->settings)->has_likeness)
		return;
	print = fingerprint_of_text(tx);
	meet(tx, &print, &largest);
	meet_files(tx, &largest);
	tx->campaign = largest.campaign.id;
	tell(tx, &largest);
}
