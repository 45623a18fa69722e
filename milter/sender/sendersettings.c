#include <config.h>

#include "sender/sendersettings.h"

#include "message/domaintable.h"
#include "message/mailaddr.h"
#include "message/ours.h"
#include "sender/logins.h"
#include "sender/lookalike.h"
#include "sender/signkey.h"

#include <string.h>

static const char *const engine_words[] = { "strict", "libspf2", NULL };
static const char *const enforce_words[] = {
	"none", "tag", "quarantine", "reject", NULL,
};
static const char *const seal_words[] = { "off", "forwards", "inbound", NULL };
static const char *const temperror_words[] = { "accept", "defer", NULL };
static const char *const mismatch_words[] = { "off", "tag", "reject", NULL };

/* One key of dkim.keys. */
struct key_section {
	char *domain, *selector, *file;
	bool is_for_subdomains;
};

static const struct setting key_rows[] = {
	SETTING_TEXT(struct key_section, domain, "domain", .preset_text = "",
		.help = "The domain of From that it signs for, and d=."),
	SETTING_TEXT(struct key_section, selector, "selector",
		.preset_text = "", .help = "s=."),
	SETTING_TEXT(struct key_section, file, "file", .preset_text = "",
		.help = "The private key in PEM, RSA or Ed25519, that nobody "
			"but its owner can read; reevectl dkim keygen makes "
			"one."),
	SETTING_BOOL(struct key_section, is_for_subdomains, "subdomains",
		.preset = false,
		.help = "Sign for its subdomains, too, with d= still the "
			"domain above."),
};

static const struct setting_section_type key_type = {
	.size = sizeof(struct key_section),
	.rows = key_rows,
	.row_count = G_N_ELEMENTS(key_rows),
};

#define S struct sender_settings
#define LOOKALIKES_MAX 10000	/* of our domains */

static const struct setting rows[] = {
	SETTING_WORD(S, spf.engine, "spf.engine", .words = engine_words,
		.preset = SPFENGINE_STRICT,
		.help = "strict: our own evaluator, which follows RFC 7208. "
			"libspf2: that library, behind the same look-ups and "
			"limits, for who must agree with other programs that "
			"use it; it differs in many corner cases."),
	SETTING_COUNT(S, spf.lookups, "spf.lookups", .preset = 10, .min = 1,
		.max = 100,
		.help = "Most terms of an SPF evaluation that ask the DNS; "
			"past it the result is permerror (RFC 7208, 4.6.4)."),
	SETTING_COUNT(S, spf.void_lookups, "spf.void_lookups", .preset = 2,
		.min = 0, .max = 100,
		.help = "Most of them that may find nothing."),
	SETTING_BOOL(S, spf.has_header, "spf.header", .preset = false,
		.help = "Add Received-SPF (RFC 7208, 9.1), beside "
			"Authentication-Results."),
	SETTING_COUNT(S, dkim.signatures, "dkim.signatures", .preset = 10,
		.min = 0, .max = 100,
		.help = "Most DKIM signatures of a message that are "
			"verified; the finding DKIM_MANY tells of more."),
	SETTING_COUNT(S, dkim.min_key_bits, "dkim.min_key_bits",
		.preset = 1024, .min = 0, .max = 4096,
		.help = "A signature by a shorter RSA key has the result "
			"policy (RFC 8301)."),
	SETTING_COUNT(S, dkim.max_key_bits, "dkim.max_key_bits",
		.preset = 8192, .min = 2048, .max = 16384,
		.help = "A longer RSA key is not tried, since that costs "
			"much: the result is permerror."),
	SETTING_BOOL(S, dkim.is_sha1_allowed, "dkim.allow_sha1",
		.preset = false,
		.help = "Let rsa-sha1 signatures pass. RFC 8301 says that "
			"they must not: their result is policy."),
	SETTING_BOOL(S, dkim.is_partial_trusted, "dkim.trust_partial",
		.preset = false,
		.help = "Let a signature that leaves some of the body unsigned "
			"(l=) count for DMARC."),
	SETTING_SECTIONS(S, dkim.key_sections, "dkim.keys",
		.section = &key_type,
		.help = "Keys that sign outbound mail, by the domain of From: "
			"keys { main { domain = example.org; selector = s1; "
			"file = /etc/mailreeve/s1.pem; } }. All keys of the "
			"domain sign, so that RSA and Ed25519 can stand side "
			"by side."),
	SETTING_TEXT(S, dkim.key_table, "dkim.key_table", .preset_text = "",
		.help = "A file with more keys, one a line: domain, selector, "
			"file; .example.org for example.org with all below "
			"it. It is read anew when it changes."),
	SETTING_LIST(S, dkim.oversign, "dkim.oversign",
		.preset_text = "From Sender Reply-To To Cc Date Message-ID "
			       "In-Reply-To References Subject MIME-Version "
			       "Content-Type Content-Transfer-Encoding",
		.apply = APPLY_START,
		.help = "Header fields that are signed once more than they "
			"are there, so that none can be added."),
	SETTING_TIME_MS(S, dkim.expire_ms, "dkim.expire", .preset = 0,
		.min = 0, .max = INT64_C(31536000000), .apply = APPLY_START,
		.help = "How long our signatures are good for (x=); 0: for "
			"ever."),
	SETTING_WORD(S, dmarc.enforce, "dmarc.enforce",
		.words = enforce_words, .preset = DMARC_ENFORCE_REJECT,
		.help = "The harshest thing that a published policy can "
			"bring about: reject and quarantine honour p= so far, "
			"tag marks the message only, none records it."),
	SETTING_LIST(S, dmarc.exception_list, "dmarc.exceptions",
		.preset_text = "",
		.help = "Domains of From whose policy is not enforced: "
			"example.org, .example.org for all below it."),
	SETTING_BOOL(S, dmarc.is_tree_walk, "dmarc.tree_walk",
		.preset = false,
		.help = "Find policy and organisational domain by the DNS tree "
			"walk of DMARCbis, in place of the public suffix "
			"list."),
	SETTING_LIST(S, arc.trusted_list, "arc.trusted_sealers",
		.preset_text = "",
		.help = "Domains whose ARC seals we believe: when the last "
			"sealer of a valid chain is one of them and says that "
			"DMARC passed, a failure that its mailing list caused "
			"does not count."),
	SETTING_WORD(S, arc.seal, "arc.seal", .words = seal_words,
		.preset = ARC_SEAL_OFF,
		.help = "What gets an ARC seal of ours: forwards: mail to "
			"arc.forwards; inbound: all inbound mail."),
	SETTING_LIST(S, arc.forward_list, "arc.forwards", .preset_text = "",
		.help = "Recipients whose mail is sent on (mailing lists, "
			"aliases to other hosts): addresses, and domains as "
			"relay.domains has them."),
	SETTING_TEXT(S, arc.domain, "arc.domain", .preset_text = "",
		.help = "d= of our seals."),
	SETTING_TEXT(S, arc.selector, "arc.selector", .preset_text = "",
		.help = "s= of our seals."),
	SETTING_TEXT(S, arc.key_file, "arc.key", .preset_text = "",
		.help = "The RSA key of our seals, as dkim.keys have it."),
	SETTING_WORD(S, on_temperror, "sender.on_temperror",
		.words = temperror_words, .preset = ON_TEMPERROR_ACCEPT,
		.help = "When DMARC cannot be decided because the DNS does not "
			"answer: accept, or defer with 451 4.7.5."),
	SETTING_BOOL(S, is_iprev_checked, "sender.iprev", .preset = true,
		.help = "Look whether the client's address has a name that "
			"leads back to it."),
	SETTING_LIST(S, name_list, "sender.protected_names",
		.preset_text = "",
		.help = "Display names that only our own addresses may have "
			"in From: our organisation, its brands and chiefs."),
	SETTING_LIST(S, protected_list, "sender.protected_domains",
		.preset_text = "",
		.help = "Domains, beside our own (the first ten thousand of "
			"relay.domains and relay.domains_file), whose "
			"look-alikes are found."),
	SETTING_BOOL(S, is_lookalike_checked, "sender.lookalikes",
		.preset = true, .help = "Look for look-alikes of our domains."),
	SETTING_LIST(S, login_list, "sender.logins", .preset_text = "",
		.help = "Which account may send as whom, envelope and From: "
			"\"alice: alice@example.org, @sales.example.org\"; "
			"@.domain stands for all below a domain, * for anyone. "
			"The account * is for those without a line. An account "
			"that is an address may send as itself."),
	SETTING_TEXT(S, logins_file, "sender.logins_file", .preset_text = "",
		.help = "A file with more such lines, read anew when it "
			"changes."),
	SETTING_WORD(S, login_mismatch, "sender.login_mismatch",
		.words = mismatch_words, .preset = MISMATCH_REJECT,
		.help = "When an account sends as someone it may not, and "
			"there is a table: off, tag (the findings "
			"LOGIN_ENVELOPE and LOGIN_FROM), or reject."),
	SETTING_COUNT(S, contacts, "sender.contacts", .preset = 65536,
		.min = 0, .max = 16 << 20, .apply = APPLY_START,
		.help = "Senders that are remembered, so that a first contact "
			"is told from a known one; 8 bytes each."),
};

static bool fill_table(const GPtrArray *list, struct domaintable **table_out,
		       const char *name, const struct settings *settings,
		       GError **error)
{
	*table_out = domaintable_new();
	for (guint i = 0; i < list->len; i++) {
		g_autoptr(GError) why = NULL;

		if (!domaintable_add(*table_out,
				     span_text(g_ptr_array_index(list, i)),
				     &why))
			return settings_fail(settings, name, error, "%s",
					     why->message);
	}
	return true;
}

/* A domain's one form, or NULL with the reason. */
static struct signkey *load_key(const char *domain, const char *selector,
				const char *file, GError **error)
{
	struct arena arena;
	struct signkey *key = NULL;
	const char *ascii;

	arena_init(&arena);
	ascii = mailaddr_domain_ascii(span_text(domain), &arena);
	if (!ascii)
		g_set_error(error, SETTINGS_ERROR, 0, "\"%s\" is no domain",
			    domain);
	else if (!signkey_is_selector(selector))
		g_set_error(error, SETTINGS_ERROR, 0, "\"%s\" is no selector",
			    selector);
	else
		key = signkey_load(ascii, selector, file, error);
	arena_release(&arena);
	return key;
}

static void add_key(struct dkim_settings *dkim, struct signkey *key)
{
	GPtrArray *keys = g_hash_table_lookup(dkim->keys, key->domain);

	if (!keys) {
		keys = g_ptr_array_new_with_free_func(
			(GDestroyNotify)signkey_free);
		g_hash_table_insert(dkim->keys, g_strdup(key->domain), keys);
	}
	g_ptr_array_add(keys, key);
}

static bool read_key_line(struct dkim_settings *dkim, char *line,
			  GError **error)
{
	g_auto(GStrv) words = g_strsplit_set(g_strstrip(line), " \t", -1);
	const char *found[3];
	size_t count = 0;
	struct signkey *key;
	bool is_dotted;

	for (char **word = words; *word; word++)
		if (**word && count++ < COUNT_OF(found))
			found[count - 1] = *word;
	if (count == 0)
		return true;
	if (count != COUNT_OF(found)) {
		g_set_error(error, SETTINGS_ERROR, 0,
			    "three words are needed: domain, selector, file");
		return false;
	}
	is_dotted = found[0][0] == '.';
	key = load_key(found[0] + is_dotted, found[1], found[2], error);
	if (!key)
		return false;
	key->is_for_subdomains = is_dotted;
	add_key(dkim, key);
	return true;
}

static bool read_key_table(struct dkim_settings *dkim,
			   struct settings *settings, GError **error)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;
	g_autoptr(GError) why = NULL;

	if (!*dkim->key_table)
		return true;
	settings_watch(settings, dkim->key_table);
	if (!g_file_get_contents(dkim->key_table, &text, NULL, &why))
		return settings_fail(settings, "dkim.key_table", error, "%s",
				     why->message);
	lines = g_strsplit(text, "\n", -1);
	for (unsigned i = 0; lines[i]; i++) {
		char *hash = strchr(lines[i], '#');

		if (hash)
			*hash = '\0';
		if (!read_key_line(dkim, lines[i], &why))
			return settings_fail(settings, "dkim.key_table",
				error, "%s:%u: %s", dkim->key_table, i + 1,
				why->message);
	}
	return true;
}

static bool read_keys(struct dkim_settings *dkim, struct settings *settings,
		      GError **error)
{
	dkim->keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					   (GDestroyNotify)g_ptr_array_unref);
	for (guint i = 0; i < dkim->key_sections->len; i++) {
		const struct setting_section *section =
			g_ptr_array_index(dkim->key_sections, i);
		const struct key_section *wanted = section->values;
		g_autoptr(GError) why = NULL;
		struct signkey *key = load_key(wanted->domain,
					       wanted->selector, wanted->file,
					       &why);

		if (!key)
			return settings_fail(settings, "dkim.keys", error,
					     "%s: %s", section->name,
					     why->message);
		key->is_for_subdomains = wanted->is_for_subdomains;
		add_key(dkim, key);
	}
	return read_key_table(dkim, settings, error);
}

static bool read_forwards(struct arc_settings *arc,
			  const struct settings *settings, GError **error)
{
	arc->forward_domains = domaintable_new();
	arc->forward_addresses = g_hash_table_new_full(g_str_hash, g_str_equal,
						       g_free, NULL);
	for (guint i = 0; i < arc->forward_list->len; i++) {
		const char *text = g_ptr_array_index(arc->forward_list, i);
		g_autoptr(GError) why = NULL;

		if (strchr(text, '@'))
			g_hash_table_add(arc->forward_addresses,
					 g_ascii_strdown(text, -1));
		else if (!domaintable_add(arc->forward_domains,
					  span_text(text), &why))
			return settings_fail(settings, "arc.forwards", error,
					     "%s", why->message);
	}
	return true;
}

static bool read_seal_key(struct arc_settings *arc,
			  const struct settings *settings, GError **error)
{
	g_autoptr(GError) why = NULL;

	if (arc->seal == ARC_SEAL_OFF)
		return true;
	arc->key = load_key(arc->domain, arc->selector, arc->key_file, &why);
	if (!arc->key)
		return settings_fail(settings, "arc.key", error,
			"arc.seal needs arc.domain, arc.selector and arc.key: "
			"%s", why->message);
	if (arc->key->is_ed25519)
		return settings_fail(settings, "arc.key", error,
			"RFC 8617 knows rsa-sha256 only: an RSA key is "
			"needed");
	return true;
}

static bool read_logins(S *mine, struct settings *settings, GError **error)
{
	g_autoptr(GError) why = NULL;

	mine->logins = logins_new();
	for (guint i = 0; i < mine->login_list->len; i++)
		if (!logins_add(mine->logins,
			span_text(g_ptr_array_index(mine->login_list, i)),
			&why))
			return settings_fail(settings, "sender.logins", error,
					     "%s", why->message);
	if (!*mine->logins_file)
		return true;
	settings_watch(settings, mine->logins_file);
	if (logins_add_file(mine->logins, mine->logins_file, &why))
		return true;
	return settings_fail(settings, "sender.logins_file", error, "%s",
			     why->message);
}

/* One of ours; past the first so many they are no longer looked alike. */
static void add_ours(void *mydata, const char *domain)
{
	S *mine = mydata;

	if (mine->lookalike_count++ < LOOKALIKES_MAX)
		(void)!lookalikes_add(mine->lookalikes, domain, NULL);
}

static bool read_lookalikes(S *mine, const struct settings *settings,
			    GError **error)
{
	g_autoptr(GError) why = NULL;

	if (!mine->is_lookalike_checked)
		return true;
	mine->lookalikes = lookalikes_new();
	domaintable_each(ours_of(settings)->table, add_ours, mine);
	for (guint i = 0; i < mine->protected_list->len; i++)
		if (!lookalikes_add(mine->lookalikes,
				    g_ptr_array_index(mine->protected_list,
						      i), &why))
			return settings_fail(settings,
				"sender.protected_domains", error, "%s",
				why->message);
	return true;
}

static bool prepare(void *values, struct settings *settings, GError **error)
{
	S *mine = values;

	return fill_table(mine->dmarc.exception_list, &mine->dmarc.exceptions,
			  "dmarc.exceptions", settings, error) &&
	       fill_table(mine->arc.trusted_list, &mine->arc.trusted,
			  "arc.trusted_sealers", settings, error) &&
	       read_keys(&mine->dkim, settings, error) &&
	       read_forwards(&mine->arc, settings, error) &&
	       read_seal_key(&mine->arc, settings, error) &&
	       read_lookalikes(mine, settings, error) &&
	       read_logins(mine, settings, error);
}

static void release(void *values)
{
	S *mine = values;

	domaintable_free(mine->dmarc.exceptions);
	domaintable_free(mine->arc.trusted);
	domaintable_free(mine->arc.forward_domains);
	g_clear_pointer(&mine->arc.forward_addresses, g_hash_table_unref);
	g_clear_pointer(&mine->dkim.keys, g_hash_table_unref);
	signkey_free(mine->arc.key);
	logins_free(mine->logins);
	lookalikes_free(mine->lookalikes);
}

const struct setting_group sender_group = {
	.size = sizeof(S),
	.rows = rows,
	.row_count = G_N_ELEMENTS(rows),
	.prepare = prepare,
	.release = release,
};

const struct sender_settings *sender_settings_of(
	const struct settings *settings)
{
	return settings_values(settings, &sender_group);
}

const GPtrArray *sender_settings_find_keys(
	const struct sender_settings *settings, const char *domain)
{
	const GPtrArray *keys = g_hash_table_lookup(settings->dkim.keys,
						    domain);

	if (keys)
		return keys;
	for (const char *dot = strchr(domain, '.'); dot;
	     dot = strchr(dot + 1, '.')) {
		keys = g_hash_table_lookup(settings->dkim.keys, dot + 1);
		if (keys && ((const struct signkey *)g_ptr_array_index(
				keys, 0))->is_for_subdomains)
			return keys;
	}
	return NULL;
}
