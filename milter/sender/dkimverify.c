#include <config.h>

#include "sender/dkimverify.h"

#include "sender/dkimlib.h"
#include "sender/keyfetch.h"
#include "sender/sendersettings.h"
#include "sender/spfcheck.h"

#include <string.h>

#define FIELD "DKIM-Signature"
#define SHOWN 8			/* characters of b= that tell two apart */
#define IDENTITY_MAX 320	/* bytes of i= that are shown */

struct dkimverify {
	DKIM *dkim;
	struct dns_asker asker;
	int64_t most;			/* signatures */
	GPtrArray *names;		/* of keys, NULL where there is none */
	struct arena arena;
	unsigned fields;		/* of From */
	bool is_incomplete;		/* not all of the header was kept ... */
	bool is_unread;			/* ... or of the body */
};

static const char *tag_value(DKIM_SIGINFO *sig, const char *tag)
{
	const char *value = (const char *)dkim_sig_gettagvalue(
		sig, false, (unsigned char *)tag);

	return value && *value ? value : NULL;
}

/* d= whole, in its one form: alignment goes by it. NULL when it
 * is no domain. */
static const char *domain_of(DKIM_SIGINFO *sig, struct arena *arena)
{
	const char *value = tag_value(sig, "d");

	return value ? mailaddr_domain_ascii(span_text(value), arena) : NULL;
}

/* NULL where there is no name to ask for. */
static void ask_key(struct dkimverify *verify, DKIM_SIGINFO *sig)
{
	const char *selector = tag_value(sig, "s");
	const char *domain = domain_of(sig, &verify->arena);

	g_ptr_array_add(verify->names, (char *)(domain ?
		keyfetch_name(selector, domain, &verify->arena) : NULL));
}

static unsigned count_fields(const struct transaction *tx, const char *name)
{
	unsigned count = 0;

	for (guint i = 0; i < tx->headers->len; i++)
		count += span_is_word(g_array_index(tx->headers, struct header,
						    i).name, name);
	return count;
}

struct dkimverify *dkimverify_new(const struct transaction *tx,
				  struct dns_asker asker)
{
	const struct sender_settings *settings =
		sender_settings_of(tx->settings);
	struct dkimverify *verify;
	DKIM_SIGINFO **sigs;
	DKIM_STAT status;
	int count = 0;

	if (!count_fields(tx, FIELD) || !settings->dkim.signatures)
		return NULL;
	verify = g_new0(struct dkimverify, 1);
	verify->asker = asker;
	verify->most = settings->dkim.signatures;
	verify->names = g_ptr_array_new();
	arena_init(&verify->arena);
	verify->fields = count_fields(tx, "From");
	verify->is_incomplete = tx->headers_dropped || tx->headers_cut;
	verify->dkim = dkim_verify(dkimlib_get(settings),
				   (const unsigned char *)tx->id, NULL,
				   &status);
	BUG_IF(!verify->dkim);
	dkimlib_feed_header(verify->dkim, tx, (size_t)verify->most);
	(void)dkim_eoh(verify->dkim);
	if (dkim_getsiglist(verify->dkim, &sigs, &count) == DKIM_STAT_OK)
		for (int i = 0; i < MIN(count, verify->most); i++)
			ask_key(verify, sigs[i]);
	(void)dkimverify_is_ready(verify);
	return verify;
}

void dkimverify_free(struct dkimverify *verify)
{
	if (!verify)
		return;
	(void)dkim_free(verify->dkim);
	g_ptr_array_unref(verify->names);
	arena_release(&verify->arena);
	g_free(verify);
}

void dkimverify_body(struct dkimverify *verify, struct span chunk)
{
	dkimlib_feed_body(verify->dkim, chunk);
}

bool dkimverify_is_ready(struct dkimverify *verify)
{
	bool is_ready = true;

	for (guint i = 0; i < verify->names->len; i++) {
		const char *name = g_ptr_array_index(verify->names, i);

		is_ready &= !name || verify->asker.ask(verify->asker.asker,
						       name, DNS_TXT);
	}
	return is_ready;
}

/* To be shown; nothing is compared with it. */
static const char *tag_text(DKIM_SIGINFO *sig, const char *tag, size_t most,
			    struct arena *arena)
{
	const char *value = tag_value(sig, tag);

	return value ? spfcheck_clean(span_first(span_text(value), most),
				      arena) : NULL;
}

/* The bytes of a tag in base64, white space in it or not; free them. */
static guchar *tag_bytes(DKIM_SIGINFO *sig, const char *tag, gsize *len_out)
{
	const char *value = (const char *)dkim_sig_gettagvalue(
		sig, false, (unsigned char *)tag);
	g_autoptr(GString) packed = g_string_new(NULL);

	for (; value && *value; value++)
		if (!g_ascii_isspace(*value))
			g_string_append_c(packed, *value);
	*len_out = 0;
	return g_base64_decode(packed->str, len_out);
}

/* RFC 8463, 3: Ed25519 signs the hash as if it were the message. */
static bool verify_digest(const struct keyfetch *key, const EVP_MD *md,
			  const guchar *signature, gsize signature_len,
			  const guchar *digest, size_t digest_len)
{
	EVP_MD_CTX *context = NULL;
	EVP_PKEY_CTX *pkey = NULL;
	bool is_good;

	if (key->record.is_ed25519) {
		context = EVP_MD_CTX_new();
		is_good = context &&
			EVP_DigestVerifyInit(context, NULL, NULL, NULL,
					     key->key) == 1 &&
			EVP_DigestVerify(context, signature, signature_len,
					 digest, digest_len) == 1;
	} else {
		pkey = EVP_PKEY_CTX_new(key->key, NULL);
		is_good = pkey && EVP_PKEY_verify_init(pkey) == 1 &&
			EVP_PKEY_CTX_set_signature_md(pkey, md) == 1 &&
			EVP_PKEY_verify(pkey, signature, signature_len,
					digest, digest_len) == 1;
	}
	EVP_MD_CTX_free(context);
	EVP_PKEY_CTX_free(pkey);
	return is_good;
}

/* The mathematics alone, with a key that fits. */
static const char *check_hashes(DKIM_SIGINFO *sig, const struct keyfetch *key,
				bool is_sha1)
{
	void *header = NULL, *body = NULL;
	size_t header_len = 0, body_len = 0;
	gsize len;
	g_autofree guchar *claimed = tag_bytes(sig, "bh", &len);

	if (dkim_sig_gethashes(sig, &header, &header_len, &body,
			       &body_len) != DKIM_STAT_OK)
		return "verification failed: there are no hashes";
	if (len != body_len || memcmp(claimed, body, body_len) != 0)
		return "verification failed: the body was changed";
	g_autofree guchar *signature = tag_bytes(sig, "b", &len);

	return verify_digest(key, is_sha1 ? EVP_sha1() : EVP_sha256(),
			     signature, len, header, header_len) ? NULL :
	       "verification failed: the header was changed";
}

/* RFC 6376, 3.6.1: t=s wants i= in the very domain of d=. */
static bool is_subdomain(DKIM_SIGINFO *sig)
{
	const char *identity = tag_value(sig, "i");
	const char *at = identity ? strrchr(identity, '@') : NULL;
	const char *domain = tag_value(sig, "d");

	return at && domain && g_ascii_strcasecmp(at + 1, domain) != 0;
}

/* What the key's record has against this signature. */
static const char *misfit(const struct keyfetch *key,
			  const struct dkim_settings *policy,
			  DKIM_SIGINFO *sig, dkim_alg_t algorithm)
{
	bool is_sha1 = algorithm == DKIM_SIGN_RSASHA1;

	if (key->record.is_ed25519 != (algorithm == DKIM_SIGN_ED25519SHA256))
		return "the key is of another kind";
	if (is_sha1 ? !key->record.is_for_sha1 : !key->record.is_for_sha256)
		return "the key is not for this hash (h=)";
	/* It costs much, and so is not even tried. */
	if (!key->record.is_ed25519 && key->bits > policy->max_key_bits)
		return "the key is too long";
	if (key->record.is_strict && is_subdomain(sig))
		return "the key is not for subdomains (t=s)";
	return NULL;
}

/* What passes by the mathematics, but not by our policy. */
static const char *objection(const struct dkim_settings *policy,
			     const struct keyfetch *key, bool is_sha1)
{
	if (is_sha1 && !policy->is_sha1_allowed)
		return "rsa-sha1 is not accepted any more";
	if (!key->record.is_ed25519 && key->bits < policy->min_key_bits)
		return "the key is too short";
	return NULL;
}

static bool is_partial(struct dkimverify *verify, DKIM_SIGINFO *sig)
{
	ssize_t body = 0, canonical = 0, in_hash = 0;

	return dkim_sig_getcanonlen(verify->dkim, sig, &body, &canonical,
				    &in_hash) == DKIM_STAT_OK &&
	       in_hash >= 0 && in_hash < canonical;
}

static void set_result(struct auth_dkim *dkim, enum auth_result result,
		       const char *reason)
{
	dkim->result = result;
	dkim->reason = reason;
}

static void judge_by_key(const struct dkim_settings *policy,
			 DKIM_SIGINFO *sig, const struct keyfetch *key,
			 struct auth_dkim *dkim)
{
	dkim_alg_t algorithm = DKIM_SIGN_UNKNOWN;
	bool is_sha1;
	const char *why;

	(void)dkim_sig_getsignalg(sig, &algorithm);
	is_sha1 = algorithm == DKIM_SIGN_RSASHA1;
	dkim->key_bits = key->bits;
	dkim->is_testing = key->record.is_testing;
	dkim->is_key_secure = key->is_secure;
	why = misfit(key, policy, sig, algorithm);
	if (why) {
		set_result(dkim, AUTH_RESULT_PERMERROR, why);
		return;
	}
	why = objection(policy, key, is_sha1);
	dkim->reason = check_hashes(sig, key, is_sha1);
	if (dkim->reason)
		dkim->result = AUTH_RESULT_FAIL;
	else
		set_result(dkim, why ? AUTH_RESULT_POLICY : AUTH_RESULT_PASS,
			   why);
}

static void judge(struct dkimverify *verify, struct transaction *tx,
		  DKIM_SIGINFO *sig, const char *name, struct auth_dkim *dkim)
{
	int error = dkim_sig_geterror(sig);
	struct keyfetch key;
	const char *wrong;

	dkim->is_partial = is_partial(verify, sig);
	if (verify->fields != 1) {
		set_result(dkim, AUTH_RESULT_PERMERROR, verify->fields ?
			   "more than one From" : "no From");
	} else if (error != DKIM_SIGERROR_UNKNOWN &&
		   error != DKIM_SIGERROR_OK) {
		set_result(dkim, AUTH_RESULT_PERMERROR,
			   dkim_sig_geterrorstr(error));
	} else if (!name) {
		set_result(dkim, AUTH_RESULT_PERMERROR,
			   "no selector in s=, or no domain in d=");
	} else if (verify->is_incomplete || verify->is_unread) {
		dkim->is_unread = !verify->is_incomplete;
		set_result(dkim, AUTH_RESULT_POLICY,
			   "not all of the message was looked at");
	} else {
		wrong = keyfetch_get(&verify->asker, name, &tx->arena, &key);
		if (wrong)
			set_result(dkim, key.is_temporary ?
				   AUTH_RESULT_TEMPERROR :
				   AUTH_RESULT_PERMERROR, wrong);
		else
			judge_by_key(&sender_settings_of(tx->settings)->dkim,
				     sig, &key, dkim);
		keyfetch_release(&key);
	}
}

static unsigned count_words(struct span names, const char *word)
{
	unsigned count = 0;

	while (names.len) {
		ptrdiff_t colon = span_find(names, ':');
		struct span name = colon < 0 ? names :
				   span_first(names, (size_t)colon);

		count += span_is_word(span_trim(name), word);
		names = span_from(names, name.len + 1);
	}
	return count;
}

const char *dkimverify_find_added(const struct transaction *tx,
				  struct span listed)
{
	static const char *const names[] = {
		"Subject", "To", "Cc", "Date", "Sender", "Reply-To",
		"Message-ID", "MIME-Version", "Content-Type",
	};

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		unsigned count = count_fields(tx, names[i]);

		if (count > 1 && count > count_words(listed, names[i]))
			return names[i];
	}
	return NULL;
}

static void describe(struct dkimverify *verify, struct transaction *tx,
		     DKIM_SIGINFO *sig, struct auth_dkim *dkim)
{
	char identity[1024];

	dkim->domain = domain_of(sig, &tx->arena);
	dkim->selector = tag_text(sig, "s", 255, &tx->arena);
	dkim->algorithm = tag_text(sig, "a", 20, &tx->arena);
	dkim->signature = tag_text(sig, "b", SHOWN, &tx->arena);
	dkim->added = dkimverify_find_added(tx, span_text(tag_value(sig,
								    "h")));
	if (dkim_sig_getidentity(verify->dkim, sig,
				 (unsigned char *)identity,
				 sizeof identity) == DKIM_STAT_OK)
		dkim->identity = spfcheck_clean(
			span_first(span_text(identity), IDENTITY_MAX),
			&tx->arena);
}

void dkimverify_finish(struct dkimverify *verify, struct transaction *tx)
{
	DKIM_SIGINFO **sigs;
	int count = 0;

	verify->is_unread = !tx->is_body_bytes_exact;
	(void)dkim_eom(verify->dkim, NULL);
	if (count_fields(tx, FIELD) > verify->most)
		transaction_find(tx, "DKIM_MANY", "%u signatures, %d looked at",
				 count_fields(tx, FIELD), (int)verify->most);
	if (dkim_getsiglist(verify->dkim, &sigs, &count) != DKIM_STAT_OK)
		return;
	for (int i = 0; i < MIN(count, verify->most); i++) {
		struct auth_dkim dkim = { .result = AUTH_RESULT_UNKNOWN };

		describe(verify, tx, sigs[i], &dkim);
		judge(verify, tx, sigs[i],
		      g_ptr_array_index(verify->names, i), &dkim);
		g_array_append_val(tx->auth.dkim, dkim);
	}
}
