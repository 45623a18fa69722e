#include <config.h>

#include "sender/arccheck.h"

#include "base/clock.h"
#include "message/domaintable.h"
#include "message/headerwire.h"
#include "message/mailaddr.h"
#include "message/orgdomain.h"
#include "sender/authres.h"
#include "sender/canon.h"
#include "sender/keyfetch.h"
#include "sender/sendersettings.h"
#include "sender/signkey.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LINE_WIDTH 72
#define NAMES_MAX 500		/* in h=; each is looked for in the whole header */

struct arccheck {
	struct dns_asker asker;
	struct arc_chain *chain;	/* NULL: none */
	bool is_unsettled;		/* the DNS failed us */
	struct bodyhash *body;		/* as the last signature wants it */
	struct bodyhash *own_body;	/* relaxed, for ours */
	uint8_t digest[CANON_HASH_BYTES];
	struct arena *arena;		/* the transaction's */
};

/* RFC 8617 names no default; sealers that leave c= out mean relaxed. */
static enum canon canon_of(const struct taglist *tags, bool is_body,
			   bool *is_known_out)
{
	const struct span *value = taglist_find(tags, "c");
	struct span word = value ? *value : span_text("relaxed/relaxed");
	ptrdiff_t slash = span_find(word, '/');

	if (is_body)
		word = slash < 0 ? span_text("simple") :
				   span_from(word, (size_t)slash + 1);
	else if (slash >= 0)
		word = span_first(word, (size_t)slash);
	*is_known_out = span_is_word(word, "simple") ||
			span_is_word(word, "relaxed");
	return span_is_word(word, "relaxed") ? CANON_RELAXED : CANON_SIMPLE;
}

static const char *key_name(const struct taglist *tags, struct arena *arena)
{
	const char *domain = taglist_packed(tags, "d", arena);
	const char *selector = taglist_packed(tags, "s", arena);

	return domain && selector && *domain && *selector ?
	       keyfetch_name(selector, domain, arena) : NULL;
}

bool arccheck_is_ready(struct arccheck *check)
{
	const struct arc_chain *chain = check->chain;
	bool is_ready = true;

	if (!chain || chain->problem)
		return true;
	for (unsigned i = 0; i < chain->count; i++) {
		const char *name = key_name(chain->sets[i].seal_tags,
					    check->arena);

		if (name)
			is_ready &= check->asker.ask(check->asker.asker, name,
						     DNS_TXT) != NULL;
	}
	if (chain->count) {
		const char *name = key_name(
			chain->sets[chain->count - 1].signature_tags,
			check->arena);

		if (name)
			is_ready &= check->asker.ask(check->asker.asker, name,
						     DNS_TXT) != NULL;
	}
	return is_ready;
}

struct arccheck *arccheck_new(struct transaction *tx, struct dns_asker asker,
			      bool is_sealing)
{
	struct arc_chain *chain = arcset_collect(tx);
	struct arccheck *check;
	bool is_known;

	if (!chain && !is_sealing)
		return NULL;
	check = g_new0(struct arccheck, 1);
	check->asker = asker;
	check->chain = chain;
	check->arena = &tx->arena;
	if (chain && !chain->problem)
		check->body = bodyhash_new(canon_of(
			chain->sets[chain->count - 1].signature_tags, true,
			&is_known));
	if (is_sealing)
		check->own_body = bodyhash_new(CANON_RELAXED);
	(void)arccheck_is_ready(check);
	return check;
}

void arccheck_free(struct arccheck *check)
{
	if (!check)
		return;
	bodyhash_free(check->body);
	bodyhash_free(check->own_body);
	g_free(check);
}

void arccheck_body(struct arccheck *check, struct span chunk)
{
	if (check->body)
		bodyhash_add(check->body, chunk);
	if (check->own_body)
		bodyhash_add(check->own_body, chunk);
}

static void append_field(GString *out, const struct transaction *tx,
			 const struct header *header, enum canon canon)
{
	GString *field = headerwire_format(tx, header);

	canon_header(out, span_of(field->str, field->len), canon);
	g_string_free(field, TRUE);
}

static void append_signature(GString *out, const struct transaction *tx,
			     const struct header *header, enum canon canon)
{
	GString *field = headerwire_format(tx, header);

	canon_signature(out, span_of(field->str, field->len), canon);
	g_string_free(field, TRUE);
}

/* RFC 6376, 5.4.2: of a name that is listed several times, the fields count from
 * the last one up; one that is not there counts as nothing. */
static void append_listed(GString *out, const struct transaction *tx,
			  struct span names, enum canon canon)
{
	g_autofree bool *used = g_new0(bool, tx->headers->len + 1);

	while (names.len) {
		ptrdiff_t colon = span_find(names, ':');
		struct span name = colon < 0 ? names :
				   span_first(names, (size_t)colon);
		g_autofree char *word = NULL;

		names = span_from(names, name.len + 1);
		name = span_trim(name);
		if (!name.len)
			continue;
		word = g_strndup(name.ptr, name.len);
		for (guint i = tx->headers->len; i > 0; i--) {
			const struct header *header = &g_array_index(
				tx->headers, struct header, i - 1);

			if (used[i - 1] || !span_is_word(header->name, word))
				continue;
			used[i - 1] = true;
			append_field(out, tx, header, canon);
			break;
		}
	}
}

static const char *verify_text(const struct dkim_settings *policy,
			       const struct keyfetch *key, const char *packed,
			       const GString *text)
{
	g_autofree guchar *signature = NULL;
	EVP_MD_CTX *context;
	gsize len = 0;
	bool is_good;

	if (key->record.is_ed25519 || !key->record.is_for_sha256)
		return "the key is not for rsa-sha256";
	if (key->bits < policy->min_key_bits ||
	    key->bits > policy->max_key_bits)
		return "the key is too short or too long";
	signature = g_base64_decode(packed, &len);
	context = EVP_MD_CTX_new();
	is_good = context &&
		EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL,
				     key->key) == 1 &&
		EVP_DigestVerify(context, signature, len,
				 (const unsigned char *)text->str,
				 text->len) == 1;
	EVP_MD_CTX_free(context);
	return is_good ? NULL : "a signature does not verify";
}

/* Fetches the key and verifies what is in the text; what is wrong, else NULL. */
static const char *verify(struct arccheck *check,
			  const struct transaction *tx,
			  const struct taglist *tags, const GString *text)
{
	const char *name = key_name(tags, check->arena), *wrong;
	const char *packed = taglist_packed(tags, "b", check->arena);
	struct keyfetch key;

	if (!name || !packed || !*packed)
		return "a tag is missing";
	wrong = keyfetch_get(&check->asker, name, check->arena, &key);
	check->is_unsettled |= key.is_temporary;
	if (!wrong)
		wrong = verify_text(&sender_settings_of(tx->settings)->dkim,
				    &key, packed, text);
	keyfetch_release(&key);
	return wrong;
}

static bool is_rsa_sha256(const struct taglist *tags)
{
	const struct span *value = taglist_find(tags, "a");

	return value && span_is_word(*value, "rsa-sha256");
}

static bool is_too_long(struct span names)
{
	size_t count = 1;

	for (size_t i = 0; i < names.len; i++)
		count += names.ptr[i] == ':';
	return count > NAMES_MAX;
}

static bool is_time(const struct taglist *tags)
{
	int64_t when;

	return !taglist_find(tags, "t") || taglist_number(tags, "t", &when);
}

/* 5.2, step 4: the last ARC-Message-Signature must verify. */
static const char *check_signature(struct arccheck *check,
				   const struct transaction *tx,
				   const struct arc_set *set)
{
	const struct taglist *tags = set->signature_tags;
	const struct span *names = taglist_find(tags, "h");
	const char *hash = taglist_packed(tags, "bh", check->arena);
	g_autofree char *ours = g_base64_encode(check->digest,
						CANON_HASH_BYTES);
	g_autoptr(GString) text = NULL;
	bool is_header_known, is_body_known;
	enum canon canon = canon_of(tags, false, &is_header_known);

	(void)canon_of(tags, true, &is_body_known);
	if (!is_rsa_sha256(tags))
		return "a signature's algorithm is not rsa-sha256";
	if (!is_header_known || !is_body_known)
		return "a signature's c= is wrong";
	if (!is_time(tags))
		return "a signature's t= is wrong";
	if (names && is_too_long(*names))
		return "a signature's h= is too long";
	/* That From is not in it is for who trusts the sealer to judge. */
	if (!names || taglist_has_word(*names, ':', "arc-seal"))
		return "a signature's h= is missing, or has a seal";
	if (!hash || strcmp(hash, ours) != 0)
		return "the body was changed since the last seal";
	text = g_string_new(NULL);
	append_listed(text, tx, *names, canon);
	append_signature(text, tx, set->signature, canon);
	return verify(check, tx, tags, text);
}

/* 5.1.1: what a seal covers, sets in order, its own last without b=. */
static GString *seal_text(const struct transaction *tx,
			  const struct arc_chain *chain, unsigned first,
			  unsigned last)
{
	GString *text = g_string_new(NULL);

	for (unsigned i = first; i <= last; i++) {
		const struct arc_set *set = &chain->sets[i];

		append_field(text, tx, set->results, CANON_RELAXED);
		append_field(text, tx, set->signature, CANON_RELAXED);
		if (i < last)
			append_field(text, tx, set->seal, CANON_RELAXED);
		else
			append_signature(text, tx, set->seal, CANON_RELAXED);
	}
	return text;
}

/* 5.2, step 6. */
static const char *check_seal(struct arccheck *check,
			      const struct transaction *tx, unsigned index)
{
	const struct taglist *tags = check->chain->sets[index].seal_tags;
	g_autoptr(GString) text = NULL;

	if (!is_rsa_sha256(tags))
		return "a seal's algorithm is not rsa-sha256";
	if (!is_time(tags))
		return "a seal's t= is wrong";
	if (taglist_find(tags, "h") || taglist_find(tags, "bh"))
		return "a seal has tags of a signature";
	text = seal_text(tx, check->chain, 0, index);
	return verify(check, tx, tags, text);
}

static const char *validate(struct arccheck *check,
			    const struct transaction *tx)
{
	const struct arc_chain *chain = check->chain;
	const char *problem = chain->problem;

	if (problem)
		return problem;
	problem = check_signature(check, tx, &chain->sets[chain->count - 1]);
	for (unsigned i = chain->count; i > 0 && !problem; i--)
		problem = check_seal(check, tx, i - 1);
	return problem;
}

/* NULL when d= is no domain. */
static const char *sealer_of(const struct arc_set *set,
			     struct transaction *tx)
{
	const char *domain = taglist_packed(set->seal_tags, "d", &tx->arena);

	return domain ? mailaddr_domain_ascii(span_text(domain), &tx->arena) :
			NULL;
}

void arccheck_validate(struct arccheck *check, struct transaction *tx)
{
	struct auth_arc *arc = &tx->auth.arc;
	const struct arc_chain *chain = check->chain;

	arc->result = AUTH_RESULT_NONE;
	if (!chain)
		return;
	if (check->body)
		bodyhash_finish(check->body, check->digest);
	arc->sets = chain->count;
	arc->reason = validate(check, tx);
	arc->result = arc->reason ? AUTH_RESULT_FAIL : AUTH_RESULT_PASS;
	if (!arc->reason || check->is_unsettled)
		arc->sealer = sealer_of(&chain->sets[chain->count - 1], tx);
	arc->is_trusted = arc->sealer && domaintable_has(
		sender_settings_of(tx->settings)->arc.trusted, arc->sealer);
	arc->is_unsettled = arc->is_trusted && check->is_unsettled;
	arc->is_trusted &= !arc->reason;
}

static bool is_same_organisation(const struct transaction *tx, const char *a,
				 const char *b)
{
	struct arena arena;
	const char *ascii;
	bool is_same;

	arena_init(&arena);
	ascii = mailaddr_domain_ascii(span_text(a), &arena);
	is_same = ascii && g_str_equal(orgdomain_of(tx->settings, ascii),
				       orgdomain_of(tx->settings, b));
	arena_release(&arena);
	return is_same;
}

/* Either it says that DMARC passed, or that DKIM or SPF of that very
 * organisation did. */
static bool vouches(const struct transaction *tx, const struct authres *results,
		    const char *domain)
{
	for (size_t i = 0; i < results->count; i++) {
		const struct authres_method *one = &results->methods[i];
		const char *of = NULL;

		if (one->result != AUTH_RESULT_PASS)
			continue;
		if (strcmp(one->method, "dmarc") == 0)
			of = one->header_from;
		else if (strcmp(one->method, "dkim") == 0)
			of = one->header_d;
		else if (strcmp(one->method, "spf") == 0 && one->smtp_mailfrom)
			of = strrchr(one->smtp_mailfrom, '@') ?
			     strrchr(one->smtp_mailfrom, '@') + 1 :
			     one->smtp_mailfrom;
		if (of && is_same_organisation(tx, of, domain))
			return true;
	}
	return false;
}

bool arccheck_has_passed(const struct arccheck *check, struct transaction *tx,
			 const char *const *domains, size_t count)
{
	const struct arc_settings *settings =
		&sender_settings_of(tx->settings)->arc;

	if (!tx->auth.arc.is_trusted || count != 1)
		return false;
	for (unsigned i = check->chain->count; i > 0; i--) {
		const struct arc_set *set = &check->chain->sets[i - 1];
		const char *sealer = sealer_of(set, tx);
		struct authres results;
		struct span rest;

		if (!sealer || !domaintable_has(settings->trusted, sealer))
			return false;
		(void)arcset_results_instance(set->results->value, &rest);
		if (authres_parse(rest, &tx->arena, &results) &&
		    vouches(tx, &results, domains[0]))
			return true;
	}
	return false;
}

/* Sealing. */

/* A long value in lines, as b= and h= are. */
static void append_folded(GString *out, const char *text, size_t column)
{
	for (; *text; text++) {
		if (column++ >= LINE_WIDTH) {
			g_string_append(out, "\n\t ");
			column = 9;
		}
		g_string_append_c(out, *text);
	}
}

static void append_names(GString *out, const struct transaction *tx)
{
	static const char *const names[] = {
		"From", "Sender", "Reply-To", "To", "Cc", "Subject", "Date",
		"Message-ID", "In-Reply-To", "References", "MIME-Version",
		"Content-Type", "Content-Transfer-Encoding", "List-Id",
		"List-Unsubscribe", "List-Unsubscribe-Post", "List-Post",
		"DKIM-Signature",
	};
	bool is_first = true;
	size_t column = 9;

	for (size_t i = 0; i < COUNT_OF(names); i++)
		for (guint j = 0; j < tx->headers->len; j++) {
			if (!span_is_word(g_array_index(tx->headers,
				struct header, j).name, names[i]))
				continue;
			if (column + strlen(names[i]) > LINE_WIDTH) {
				g_string_append(out, is_first ? "" : ":");
				g_string_append(out, "\n\t ");
				column = 9;
			} else if (!is_first) {
				g_string_append_c(out, ':');
			}
			g_string_append(out, names[i]);
			column += strlen(names[i]) + 1;
			is_first = false;
		}
}

/* The value with b= filled in, from what was collected of the hashed text. */
static const char *sign(struct transaction *tx, const struct signkey *key,
			const char *name, const char *value,
			const GString *covered, enum canon canon)
{
	g_autofree char *field = g_strdup_printf("%s: %s", name, value);
	g_autoptr(GString) text = g_string_new_len(covered->str,
						   (gssize)covered->len);
	g_autoptr(GString) out = g_string_new(value);
	g_autofree unsigned char *bytes = NULL;
	g_autofree char *encoded = NULL;
	size_t len = 0;
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	canon_signature(text, span_text(field), canon);
	BUG_IF(!context ||
	       EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL,
				  key->key) != 1 ||
	       EVP_DigestSign(context, NULL, &len,
			      (const unsigned char *)text->str,
			      text->len) != 1);
	bytes = g_malloc(len);
	BUG_IF(EVP_DigestSign(context, bytes, &len,
			      (const unsigned char *)text->str,
			      text->len) != 1);
	EVP_MD_CTX_free(context);
	encoded = g_base64_encode(bytes, len);
	append_folded(out, encoded, 11);
	return arena_text(&tx->arena, out->str);
}

static void cover(GString *text, const char *name, const char *value)
{
	g_autofree char *field = g_strdup_printf("%s: %s", name, value);

	canon_header(text, span_text(field), CANON_RELAXED);
}

static const char *make_signature(struct arccheck *check,
				  struct transaction *tx,
				  const struct signkey *key,
				  unsigned instance)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(GString) names = g_string_new(NULL);
	g_autoptr(GString) value = g_string_new(NULL);
	g_autofree char *hash = NULL;

	bodyhash_finish(check->own_body, check->digest);
	hash = g_base64_encode(check->digest, CANON_HASH_BYTES);
	append_names(names, tx);
	g_string_printf(value, "i=%u; a=rsa-sha256; c=relaxed/relaxed;\n\t"
			"d=%s; s=%s; t=%" PRId64 ";\n\th=%s;\n\tbh=%s;\n\tb=",
			instance, key->domain, key->selector,
			clock_now_us() / G_USEC_PER_SEC, names->str, hash);
	append_listed(text, tx, span_of(names->str, names->len),
		      CANON_RELAXED);
	return sign(tx, key, "ARC-Message-Signature", value->str, text,
		    CANON_RELAXED);
}

void arccheck_seal(struct arccheck *check, struct transaction *tx,
		   const char *results)
{
	const struct signkey *key = sender_settings_of(tx->settings)->arc.key;
	const struct auth_arc *arc = &tx->auth.arc;
	const struct arc_chain *chain = check->chain;
	unsigned instance = arc->sets + 1;
	bool is_failed = arc->result == AUTH_RESULT_FAIL;
	const char *aar, *ams, *value;
	g_autoptr(GString) text = NULL;

	/* A chain that is not even sets has no place for one more. */
	if (instance > ARC_SETS_MAX || (chain && chain->problem))
		return;
	aar = arena_printf(&tx->arena, "i=%u; %s", instance, results);
	ams = make_signature(check, tx, key, instance);
	/* 5.1.2: a seal that says "fail" covers its own set alone. */
	text = g_string_new(NULL);
	for (unsigned i = 0; chain && !is_failed && i < chain->count; i++) {
		append_field(text, tx, chain->sets[i].results, CANON_RELAXED);
		append_field(text, tx, chain->sets[i].signature,
			     CANON_RELAXED);
		append_field(text, tx, chain->sets[i].seal, CANON_RELAXED);
	}
	cover(text, "ARC-Authentication-Results", aar);
	cover(text, "ARC-Message-Signature", ams);
	value = arena_printf(&tx->arena,
		"i=%u; a=rsa-sha256; t=%" PRId64 "; cv=%s;\n\td=%s; s=%s;\n\t"
		"b=", instance, clock_now_us() / G_USEC_PER_SEC,
		is_failed ? "fail" : chain ? "pass" : "none", key->domain,
		key->selector);
	value = sign(tx, key, "ARC-Seal", value, text, CANON_RELAXED);
	transaction_annotate(tx, "ARC-Authentication-Results", aar);
	transaction_annotate(tx, "ARC-Message-Signature", ams);
	transaction_annotate(tx, "ARC-Seal", value);
}
