#include <config.h>

#include "sender/arccheck.h"

#include "message/domaintable.h"
#include "message/mailaddr.h"
#include "message/orgdomain.h"
#include "sender/arcseal.h"
#include "sender/arctext.h"
#include "sender/authres.h"
#include "sender/dkimverify.h"
#include "sender/keyfetch.h"
#include "sender/sendersettings.h"
#include "sender/signkey.h"

#include <string.h>

#define NAMES_MAX 500		/* in h=; each is looked for in the
				 * whole header */

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
	const char *ascii = domain ? mailaddr_domain_ascii(span_text(domain),
							   arena) : NULL;

	return ascii ? keyfetch_name(selector, ascii, arena) : NULL;
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

/* Fetches the key and verifies what is in the text; what is
 * wrong, else NULL. */
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
	arctext_listed(text, tx, *names, canon);
	arctext_signature(text, tx, set->signature, canon);
	return verify(check, tx, tags, text);
}

/* 5.2, step 6: sets in order, its own last without b=. */
static const char *check_seal(struct arccheck *check,
			      const struct transaction *tx, unsigned index)
{
	const struct arc_set *set = &check->chain->sets[index];
	const struct taglist *tags = set->seal_tags;
	g_autoptr(GString) text = NULL;

	if (!is_rsa_sha256(tags))
		return "a seal's algorithm is not rsa-sha256";
	if (!is_time(tags))
		return "a seal's t= is wrong";
	if (taglist_find(tags, "h") || taglist_find(tags, "bh"))
		return "a seal has tags of a signature";
	text = g_string_new(NULL);
	arctext_sets(text, tx, check->chain, index);
	arctext_field(text, tx, set->results, CANON_RELAXED);
	arctext_field(text, tx, set->signature, CANON_RELAXED);
	arctext_signature(text, tx, set->seal, CANON_RELAXED);
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
	arc->reason = tx->is_body_bytes_exact ? validate(check, tx) :
		      "not all of the body was looked at";
	arc->result = arc->reason ? AUTH_RESULT_FAIL : AUTH_RESULT_PASS;
	if (!chain->problem)
		arc->sealer = sealer_of(&chain->sets[chain->count - 1], tx);
	arc->is_trusted = arc->sealer && domaintable_has(
		sender_settings_of(tx->settings)->arc.trusted, arc->sealer);
	arc->is_unsettled = arc->is_trusted && check->is_unsettled;
	arc->is_unread = arc->is_trusted && !tx->is_body_bytes_exact;
	arc->is_trusted &= !arc->reason;
}

/* Either it says that DMARC passed, or that DKIM or SPF of that very
 * organisation did. */
static bool vouches(struct transaction *tx, const struct authres *results,
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
		of = of ? mailaddr_domain_ascii(span_text(of), &tx->arena) :
			  NULL;
		if (of && orgdomain_is_same(tx->settings, of, domain))
			return true;
	}
	return false;
}

/* Another Subject, put on top of what was sealed, would be seen first. */
static bool has_added(const struct arccheck *check,
		      const struct transaction *tx)
{
	const struct arc_set *last = &check->chain->sets[
		check->chain->count - 1];
	const struct span *names = taglist_find(last->signature_tags, "h");

	return !names || dkimverify_find_added(tx, *names);
}

bool arccheck_has_passed(const struct arccheck *check, struct transaction *tx,
			 const struct from_facts *from)
{
	const struct arc_settings *settings =
		&sender_settings_of(tx->settings)->arc;

	if (!tx->auth.arc.is_trusted || from->domain_count != 1 ||
	    from->fields != 1 || has_added(check, tx))
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
		    vouches(tx, &results, from->domains[0]))
			return true;
	}
	return false;
}

/* What a mailing list here sends on was judged when it came in; of a chain that
 * grew since, only our own seal is known to be good. */
static bool is_judged(const struct arc_chain *chain, struct transaction *tx)
{
	const struct signkey *key = sender_settings_of(tx->settings)->arc.key;
	const char *sealer;

	if (tx->auth.arc.result > AUTH_RESULT_NONE)
		return true;
	sealer = sealer_of(&chain->sets[chain->count - 1], tx);
	return sealer && g_ascii_strcasecmp(sealer, key->domain) == 0;
}

void arccheck_seal(struct arccheck *check, struct transaction *tx,
		   const char *results)
{
	/* A chain that is not even sets has no place for one more. */
	if (check->chain && (check->chain->problem ||
			     check->chain->count >= ARC_SETS_MAX ||
			     check->is_unsettled ||
			     !is_judged(check->chain, tx)))
		return;
	bodyhash_finish(check->own_body, check->digest);
	arcseal_add(tx, check->chain, check->digest, results);
}
