#include <config.h>

#include "storesample.h"

#include "store/recordid.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define CLIENTS 100000
#define DOMAINS 20000
#define SENDERS 300000
#define ACCOUNTS 5000
#define MAILBOXES 20000
#define WORDS 8000
#define SESSION_SHARE 0.4	/* of all records */

static const char *const names[] = {
	"anna", "info", "john.smith", "newsletter", "li.wei", "support",
	"maria", "noreply", "sales", "peter.mueller", "wang.fang", "billing",
	"k.tanaka", "office", "j.doe", "orders", "zhang", "service",
};
static const char *const tops[] = {
	"com", "com", "com", "net", "org", "cn", "de", "com.cn", "co.uk", "fr",
};
static const char *const syllables[] = {
	"ka", "ren", "to", "mi", "sol", "ver", "an", "ta", "lo", "gri", "pe",
	"dun", "sha", "ne", "bor", "ling",
};
static const char *const ours[] = {
	"example.org", "mail.example.org", "example.com",
};

/* SplitMix64: any number gives a good one. */
static uint64_t mix(uint64_t x)
{
	x += UINT64_C(0x9E3779B97F4A7C15);
	x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
	return x ^ x >> 31;
}

static uint64_t draw(uint64_t *chance)
{
	return *chance = mix(*chance);
}

static double share(uint64_t *chance)
{
	return (double)(draw(chance) >> 11) / 9007199254740992.0;
}

/* 0 to count - 1, the n-th as 1/n: the inverse of the logarithm. */
static uint64_t zipf(uint64_t *chance, uint64_t count)
{
	return (uint64_t)pow((double)count + 1, share(chance)) - 1;
}

#define PICK(chance, list) ((list)[draw(chance) % COUNT_OF(list)])

static void put_word(GString *out, uint64_t number)
{
	uint64_t bits = mix(number + 77);

	for (unsigned i = 0; i < 2 + bits % 3; i++, bits >>= 4)
		g_string_append(out, syllables[bits >> 8 &
					       (COUNT_OF(syllables) - 1)]);
}

static void put_domain(GString *out, uint64_t rank)
{
	put_word(out, rank);
	g_string_append_printf(out, "%" PRIu64 ".%s", rank % 100,
			       tops[mix(rank) % COUNT_OF(tops)]);
}

static void take(char *to, size_t size, GString *from)
{
	g_strlcpy(to, from->str, size);
	g_string_truncate(from, 0);
}

static void make_client(struct storesample *sample, uint64_t *chance,
			GString *text)
{
	uint64_t rank = zipf(chance, CLIENTS), bits = mix(rank + 5);

	if (rank % 20 == 7)
		g_string_printf(text, "2001:db8:%x:%x::%x",
				(unsigned)(bits & 0xFFF),
				(unsigned)(bits >> 16 & 0xFFFF),
				(unsigned)(bits >> 32 & 0xFFFF));
	else
		g_string_printf(text, "%u.%u.%u.%u",
				(unsigned)(bits % 200 + 11),
				(unsigned)(bits >> 8 & 0x1F),
				(unsigned)(bits >> 16 & 0xFF),
				(unsigned)(bits >> 24 & 0xFF));
	take(sample->client, sizeof sample->client, text);
	g_string_append_printf(text, "mail%u.", (unsigned)(bits % 30));
	put_domain(text, rank % DOMAINS);
	take(sample->name, sizeof sample->name, text);
}

static void make_sender(struct storesample *sample, uint64_t *chance,
			GString *text)
{
	double which = share(chance);
	uint64_t rank = zipf(chance, SENDERS);

	if (which < 0.05) {
		g_string_append(text, "<>");
	} else if (which < 0.2) {
		g_string_append_printf(text, "bounce-%" PRIu64 "-%06x@news.",
				       rank % 500, (unsigned)draw(chance) &
						   0xFFFFFF);
		put_domain(text, rank % 300);
	} else {
		g_string_append_printf(text, "%s%" PRIu64 "@",
				       names[mix(rank) % COUNT_OF(names)],
				       rank / 50 % 1000);
		if (sample->is_outbound)
			g_string_append(text, ours[rank % COUNT_OF(ours)]);
		else
			put_domain(text, mix(rank) % DOMAINS);
	}
	take(sample->sender, sizeof sample->sender, text);
}

/* 1.6 of them on average. */
static void make_recipients(struct storesample *sample, uint64_t *chance,
			    GString *text)
{
	unsigned count = 1;

	while (count < COUNT_OF(sample->recipients) && share(chance) < 0.38)
		count++;
	for (unsigned i = 0; i < count; i++) {
		uint64_t rank = zipf(chance, sample->is_outbound ? SENDERS :
								   MAILBOXES);

		g_string_append_printf(text, "%s%" PRIu64 "@",
				       names[rank % COUNT_OF(names)],
				       rank / COUNT_OF(names));
		if (sample->is_outbound)
			put_domain(text, mix(rank + 3) % DOMAINS);
		else
			g_string_append(text, ours[rank % COUNT_OF(ours)]);
		take(sample->recipients[i], sizeof sample->recipients[i],
		     text);
	}
	sample->recipient_count = count;
}

static void make_headers(struct storesample *sample, uint64_t *chance,
			 GString *text)
{
	static const char letters[] = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjk";
	uint64_t bits = draw(chance);

	g_string_append_printf(text, "%0*" PRIx64 "@",
			       8 + (int)(bits % 20), bits);
	put_domain(text, zipf(chance, DOMAINS));
	take(sample->message_id, sizeof sample->message_id, text);
	for (int i = 0; i < 12; i++)
		g_string_append_c(text, letters[draw(chance) %
						(sizeof letters - 1)]);
	take(sample->queue_id, sizeof sample->queue_id, text);
	if (share(chance) < 0.15) {
		g_autofree char *coded = NULL;

		for (int i = 0; i < 8; i++)
			g_string_append_unichar(text, 0x4E00 + (gunichar)
						zipf(chance, 3000));
		coded = g_base64_encode((const guchar *)text->str, text->len);
		g_string_printf(text, "=?UTF-8?B?%s?=", coded);
	} else {
		for (unsigned i = 0; i < 3 + bits % 6; i++) {
			put_word(text, zipf(chance, WORDS));
			g_string_append_c(text, ' ');
		}
	}
	take(sample->subject, sizeof sample->subject, text);
	g_string_printf(text, "\"%s\" <%s>", names[bits % COUNT_OF(names)],
			sample->sender);
	take(sample->from, sizeof sample->from, text);
}

void storesample_make(struct storesample *sample, uint64_t seed,
		      uint64_t number, int64_t time_us)
{
	uint64_t chance = mix(seed ^ mix(number)), of_session;
	g_autoptr(GString) text = g_string_new(NULL);
	double what;

	memset(sample, 0, sizeof *sample);
	sample->number = number;
	sample->time_us = time_us;
	sample->is_session = share(&chance) < SESSION_SHARE;
	sample->session = sample->is_session ? number : number - number % 3;
	of_session = mix(seed ^ sample->session);
	sample->is_outbound = share(&of_session) < 0.3;
	make_client(sample, &of_session, text);
	if (sample->is_outbound && share(&of_session) < 0.8)
		g_snprintf(sample->account, sizeof sample->account,
			   "user%" PRIu64 "@example.org",
			   zipf(&of_session, ACCOUNTS));
	make_sender(sample, &chance, text);
	make_recipients(sample, &chance, text);
	make_headers(sample, &chance, text);
	what = share(&chance);
	sample->action = what < 0.70 ? ACTION_ACCEPT :
			 what < 0.78 ? ACTION_TAG :
			 what < 0.80 ? ACTION_QUARANTINE :
			 what < 0.84 ? ACTION_DEFER : ACTION_REJECT;
	sample->chance = chance;
}

static void put_findings(struct transaction *tx, uint64_t *chance)
{
	static const struct { const char *symbol, *detail; double share; }
	all[] = {
		{ "SPF_SOFTFAIL", "~all", .05 }, { "SPF_FAIL", "-all", .04 },
		{ "DKIM_INVALID", "body hash did not verify", .04 },
		{ "DMARC_REJECT", "p=reject", .03 },
		{ "CLIENT_NO_PTR", NULL, .1 }, { "HELO_BARE", NULL, .05 },
		{ "DNSLIST_CLIENT", "127.0.0.4 of zen.example", .12 },
		{ "BULK_ALIKE", "42 alike in an hour", .1 },
		{ "MESSAGE_ID_FORGED", NULL, .02 },
		{ "ADV_SUBJECT", "free >>offer<< today", .06 },
		{ "LIST_UNSUBSCRIBE_MISSING", NULL, .1 },
		{ "HTML_IMAGE_ONLY", NULL, .05 },
		{ "CUSTOM_PAYROLL", NULL, .0005 },
		{ "RELAY_DENIED", NULL, .01 },
	};

	for (size_t i = 0; i < COUNT_OF(all); i++)
		if (share(chance) < all[i].share)
			transaction_find(tx, all[i].symbol, "%s",
					 all[i].detail ?: "")->score =
				(double)(i % 5) + .5;
}

static void put_auth(struct transaction *tx, const struct storesample *sample,
		     uint64_t *chance)
{
	struct auth_dkim dkim = {
		.result = share(chance) < .93 ? AUTH_RESULT_PASS :
						AUTH_RESULT_FAIL,
		.domain = tx->sender.domain_ascii, .selector = "s2048",
		.algorithm = "rsa-sha256", .key_bits = 2048,
	};

	tx->auth.spf.result = share(chance) < .85 ? AUTH_RESULT_PASS :
						    AUTH_RESULT_SOFTFAIL;
	tx->auth.spf.scope = "mfrom";
	tx->auth.spf.domain = tx->sender.domain_ascii;
	tx->auth.spf.mechanism = "include:_spf.example.net";
	dkim.is_aligned = share(chance) < .8;
	if (share(chance) < .75)
		g_array_append_val(tx->auth.dkim, dkim);
	tx->auth.dmarc = (struct auth_dmarc){
		.result = dkim.is_aligned ? AUTH_RESULT_PASS :
					    AUTH_RESULT_NONE,
		.domain = tx->sender.domain_ascii,
		.record_domain = tx->sender.domain_ascii,
		.published = dkim.is_aligned ? DMARC_POLICY_REJECT :
					       DMARC_POLICY_UNKNOWN,
		.tag = "p", .percent = 100,
		.is_dkim_aligned = dkim.is_aligned, .has_reports = true,
	};
	tx->auth.iprev.result = AUTH_RESULT_PASS;
	tx->auth.iprev.name = sample->name;
}

static void put_outcome(struct transaction *tx,
			const struct storesample *sample, uint64_t *chance)
{
	bool is_bad = sample->action >= ACTION_DEFER;

	tx->outcome = (struct outcome){
		.action = sample->action, .score = share(chance) * 8,
		.code = sample->action == ACTION_DEFER ? 451 :
			is_bad ? 550 : 250,
		.enhanced = is_bad ? "5.7.1" : "2.0.0",
		.text = arena_printf(&tx->arena, "refused by local policy "
				     "(%s)", tx->id),
	};
}

static void put_envelope(struct transaction *tx,
			 const struct storesample *sample, uint64_t *chance)
{
	tx->direction = sample->is_outbound ? DIRECTION_OUTBOUND :
					      DIRECTION_INBOUND;
	tx->queue_id = sample->queue_id;
	tx->sender = mailaddr_parse(span_text(sample->sender), &tx->arena);
	tx->mail_params.size_bytes = (int64_t)(draw(chance) % 200000 + 900);
	tx->mail_params.body = "8BITMIME";
	for (unsigned i = 0; i < sample->recipient_count; i++) {
		struct recipient *rcpt = transaction_add_recipient(tx);

		rcpt->addr = mailaddr_parse(span_text(sample->recipients[i]),
					    &tx->arena);
		rcpt->mailer = sample->is_outbound ? "smtp" : "lmtp";
		rcpt->host = sample->is_outbound ? "mx.example.net" : "local";
	}
	transaction_add_header(tx, span_text("Message-ID"), span_text(
		arena_printf(&tx->arena, "<%s>", sample->message_id)));
	transaction_add_header(tx, span_text("From"),
			       span_text(sample->from));
	transaction_add_header(tx, span_text("Subject"),
			       span_text(sample->subject));
	transaction_add_header(tx, span_text("Date"),
			       span_text("Thu, 26 Nov 2026 10:11:12 +0800"));
	tx->body_bytes = tx->mail_params.size_bytes;
	tx->is_body_bytes_exact = true;
}

static uint64_t id_at(int64_t time_us, uint64_t number)
{
	return (uint64_t)time_us / 1000 << 20 | (number & 0xFFFFF);
}

static struct session_facts facts_of(const struct storesample *sample)
{
	struct session_facts facts = {
		.began_us = sample->time_us - 1500000,
		.ended_us = sample->time_us, .messages = 1,
		.recipients_accepted = sample->recipient_count,
		.client = {
			.kind = CLIENT_INET, .name = sample->name,
			.port = (uint16_t)(1024 + sample->number % 60000),
			.is_name_verified = true, .helo = sample->name,
			.daemon_name = "smtpd", .daemon_port = "25",
			.mta_host = "mx1.example.org",
			.daemon_addr = "192.0.2.25",
			.mta_version = "Postfix 3.7.11",
			.tls_version = "TLSv1.3", .tls_bits = "256",
			.tls_cipher = "TLS_AES_256_GCM_SHA384",
			.login = *sample->account ? sample->account : NULL,
			.login_mechanism = *sample->account ? "PLAIN" : NULL,
		},
	};

	/* Of the time of this record, but for the sessions of one session. */
	record_id_format(id_at(facts.began_us - facts.began_us % 60000000,
			       sample->session), facts.id);
	BUG_IF(!netaddr_parse(span_text(sample->client),
			      &facts.client.addr));
	return facts;
}

struct packed_record *storesample_pack(const struct storesample *sample,
				       const struct settings *settings)
{
	struct session_facts facts = facts_of(sample);
	uint64_t chance = sample->chance;
	struct packed_record *packed;
	struct transaction tx;

	if (sample->is_session)
		return recordform_pack_session(&facts);
	transaction_init(&tx, settings, &facts);
	record_id_format(id_at(sample->time_us, sample->number), tx.id);
	tx.began_us = sample->time_us - 400000;
	tx.ended_us = sample->time_us;
	tx.ending = ENDING_COMPLETE;
	tx.stage = STAGE_MESSAGE;
	tx.is_enforced = true;
	tx.campaign = draw(&chance);
	put_envelope(&tx, sample, &chance);
	put_findings(&tx, &chance);
	if (!sample->is_outbound)
		put_auth(&tx, sample, &chance);
	put_outcome(&tx, sample, &chance);
	packed = recordform_pack_message(&tx);
	transaction_release(&tx);
	return packed;
}
