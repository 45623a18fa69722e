#include <config.h>

#include "sender/dkimverify.h"

#include "sender/dkimlib.h"
#include "sender/sendersettings.h"
#include "sender/spfcheck.h"

#include <string.h>

#define FIELD "DKIM-Signature"
#define SHOWN 8			/* characters of b= that tell two apart */

struct dkimverify {
	DKIM *dkim;
	struct dns_asker asker;
	int64_t most;			/* signatures */
	GPtrArray *names;		/* of keys */
	unsigned fields;		/* of From */
	bool is_incomplete;		/* not all of the header was kept */
};

/* What makes a result that is not "permerror". */
static const struct { int error; enum auth_result result; } results[] = {
	{ DKIM_SIGERROR_BADSIG, AUTH_RESULT_FAIL },
	{ DKIM_SIGERROR_KEYFAIL, AUTH_RESULT_TEMPERROR },
};

static void ask_key(struct dkimverify *verify, DKIM_SIGINFO *sig)
{
	const char *selector = (const char *)dkim_sig_getselector(sig);
	const char *domain = (const char *)dkim_sig_getdomain(sig);

	if (selector && domain && *selector && *domain)
		g_ptr_array_add(verify->names,
				g_strdup_printf("%s._domainkey.%s", selector,
						domain));
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
	verify->names = g_ptr_array_new_with_free_func(g_free);
	verify->fields = count_fields(tx, "From");
	verify->is_incomplete = tx->headers_dropped || tx->headers_cut;
	verify->dkim = dkim_verify(dkimlib_get(settings),
				   (const unsigned char *)tx->id, NULL,
				   &status);
	BUG_IF(!verify->dkim);
	dkim_set_user_context(verify->dkim, &verify->most);
	dkimlib_feed_header(verify->dkim, tx);
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
	g_free(verify);
}

void dkimverify_body(struct dkimverify *verify, struct span chunk)
{
	dkimlib_feed_body(verify->dkim, chunk);
}

bool dkimverify_is_ready(struct dkimverify *verify)
{
	bool is_ready = true;

	for (guint i = 0; i < verify->names->len; i++)
		is_ready &= verify->asker.ask(
			verify->asker.asker,
			g_ptr_array_index(verify->names, i), DNS_TXT) != NULL;
	return is_ready;
}

static enum auth_result result_of(DKIM_SIGINFO *sig)
{
	int error = dkim_sig_geterror(sig);

	if (DKIM_SIG_CHECK(sig))
		return AUTH_RESULT_PASS;
	for (size_t i = 0; i < COUNT_OF(results); i++)
		if (results[i].error == error)
			return results[i].result;
	if (error == DKIM_SIGERROR_OK &&
	    dkim_sig_getbh(sig) == DKIM_SIGBH_MISMATCH)
		return AUTH_RESULT_FAIL;
	return AUTH_RESULT_PERMERROR;
}

static const char *reason_of(DKIM_SIGINFO *sig)
{
	int error = dkim_sig_geterror(sig);

	if (dkim_sig_getbh(sig) == DKIM_SIGBH_MISMATCH)
		return "verification failed: the body was changed";
	if (error == DKIM_SIGERROR_BADSIG)
		return "verification failed: the header was changed";
	return error == DKIM_SIGERROR_OK ? "not verified" :
	       dkim_sig_geterrorstr(error);
}

static const char *tag_text(DKIM_SIGINFO *sig, const char *tag, size_t most,
			    struct arena *arena)
{
	const char *value = (const char *)dkim_sig_gettagvalue(
		sig, false, (unsigned char *)tag);

	return value && *value ? spfcheck_clean(
		span_first(span_text(value), most), arena) : NULL;
}

/* RFC 6376, 3.6.1: t=s wants i= in the very domain of d=. The library reads the
 * flag, and leaves it at that. */
static bool is_subdomain_forbidden(DKIM_SIGINFO *sig,
				   const struct auth_dkim *dkim)
{
	const char *at = dkim->identity ? strrchr(dkim->identity, '@') : NULL;

	return dkim_sig_getflags(sig) & DKIM_SIGFLAG_NOSUBDOMAIN && at &&
	       dkim->domain && g_ascii_strcasecmp(at + 1, dkim->domain) != 0;
}

/* What passes by the mathematics, but not by our policy. */
static const char *objection(const struct dkimverify *verify,
			     const struct dkim_settings *policy,
			     const struct auth_dkim *dkim, bool is_sha1)
{
	bool is_rsa = dkim->algorithm && g_str_has_prefix(dkim->algorithm,
							  "rsa");

	if (verify->is_incomplete)
		return "not all of the header was kept";
	if (is_sha1 && !policy->is_sha1_allowed)
		return "rsa-sha1 is not accepted any more";
	if (is_rsa && dkim->key_bits < policy->min_key_bits)
		return "the key is too short";
	if (is_rsa && dkim->key_bits > policy->max_key_bits)
		return "the key is too long";
	return NULL;
}

static bool is_partial(struct dkimverify *verify, DKIM_SIGINFO *sig)
{
	ssize_t body = 0, canonical = 0, in_hash = 0;

	return dkim_sig_getcanonlen(verify->dkim, sig, &body, &canonical,
				    &in_hash) == DKIM_STAT_OK &&
	       in_hash >= 0 && in_hash < canonical;
}

static void judge(struct dkimverify *verify, struct transaction *tx,
		  DKIM_SIGINFO *sig, struct auth_dkim *dkim)
{
	const struct dkim_settings *policy =
		&sender_settings_of(tx->settings)->dkim;
	const char *why;
	dkim_alg_t algorithm = DKIM_SIGN_UNKNOWN;

	(void)dkim_sig_getkeysize(sig, &dkim->key_bits);
	(void)dkim_sig_getsignalg(sig, &algorithm);
	dkim->result = result_of(sig);
	dkim->is_testing = dkim_sig_getflags(sig) & DKIM_SIGFLAG_TESTKEY;
	dkim->is_partial = is_partial(verify, sig);
	why = objection(verify, policy, dkim,
			algorithm == DKIM_SIGN_RSASHA1);
	if (verify->fields != 1) {
		dkim->result = AUTH_RESULT_PERMERROR;
		dkim->reason = verify->fields ? "more than one From" :
						"no From";
	} else if (dkim->result != AUTH_RESULT_PASS &&
		   !verify->is_incomplete) {
		dkim->reason = spfcheck_clean(span_text(reason_of(sig)),
					      &tx->arena);
	} else if (is_subdomain_forbidden(sig, dkim)) {
		dkim->result = AUTH_RESULT_PERMERROR;
		dkim->reason = "the key is not for subdomains (t=s)";
	} else if (why) {
		dkim->result = AUTH_RESULT_POLICY;
		dkim->reason = why;
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

/* So that another one can be shown than was signed: RFC 6376, 8.15. */
static const char *find_added(const struct transaction *tx, DKIM_SIGINFO *sig)
{
	static const char *const names[] = {
		"Subject", "To", "Cc", "Date", "Sender", "Reply-To",
		"Message-ID", "MIME-Version", "Content-Type",
	};
	struct span listed = span_text((const char *)dkim_sig_gettagvalue(
		sig, false, (unsigned char *)"h"));

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
	char identity[512];

	dkim->domain = tag_text(sig, "d", 255, &tx->arena);
	dkim->selector = tag_text(sig, "s", 255, &tx->arena);
	dkim->algorithm = tag_text(sig, "a", 20, &tx->arena);
	dkim->signature = tag_text(sig, "b", SHOWN, &tx->arena);
	dkim->added = find_added(tx, sig);
	if (dkim_sig_getidentity(verify->dkim, sig,
				 (unsigned char *)identity,
				 sizeof identity) == DKIM_STAT_OK)
		dkim->identity = spfcheck_clean(span_text(identity),
						&tx->arena);
}

void dkimverify_finish(struct dkimverify *verify, struct transaction *tx)
{
	DKIM_SIGINFO **sigs;
	int count = 0;

	dkimlib_begin(&verify->asker);
	(void)dkim_eom(verify->dkim, NULL);
	dkimlib_end();
	if (dkim_getsiglist(verify->dkim, &sigs, &count) != DKIM_STAT_OK)
		return;
	if (count > verify->most)
		transaction_find(tx, "DKIM_MANY", "%d signatures, %d verified",
				 count, (int)verify->most);
	for (int i = 0; i < MIN(count, verify->most); i++) {
		struct auth_dkim dkim = { .result = AUTH_RESULT_UNKNOWN };

		describe(verify, tx, sigs[i], &dkim);
		judge(verify, tx, sigs[i], &dkim);
		g_array_append_val(tx->auth.dkim, dkim);
	}
}
