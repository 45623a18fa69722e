/* sendersettings.h - how senders are checked, and how we sign */
#ifndef SENDER_SENDERSETTINGS_H
#define SENDER_SENDERSETTINGS_H

#include "settings/settings.h"

struct domaintable;
struct lookalikes;
struct logins;
struct signkey;

enum spf_engine { SPFENGINE_STRICT, SPFENGINE_LIBSPF2 };

struct spf_settings {
	enum spf_engine engine;
	int64_t lookups, void_lookups;
	bool has_header;		/* add Received-SPF */
};

struct dkim_settings {
	int64_t signatures, min_key_bits, max_key_bits;
	bool is_sha1_allowed, is_partial_trusted;
	GPtrArray *key_sections;	/* of struct setting_section * */
	char *key_table;		/* "": none */
	GPtrArray *oversign;
	int64_t expire_ms;

	GHashTable *keys;		/* domain -> GPtrArray * of signkey * */
};

/* The harshest thing that a published policy can make us do. */
enum dmarc_enforce {
	DMARC_ENFORCE_NONE, DMARC_ENFORCE_TAG, DMARC_ENFORCE_QUARANTINE,
	DMARC_ENFORCE_REJECT,
};

struct dmarc_settings {
	enum dmarc_enforce enforce;
	GPtrArray *exception_list;
	bool is_tree_walk;

	struct domaintable *exceptions;
};

enum arc_seal { ARC_SEAL_OFF, ARC_SEAL_FORWARDS, ARC_SEAL_INBOUND };

struct arc_settings {
	GPtrArray *trusted_list, *forward_list;
	enum arc_seal seal;
	char *domain, *selector, *key_file;

	struct domaintable *trusted;
	struct domaintable *forward_domains;
	GHashTable *forward_addresses;
	struct signkey *key;		/* NULL: no sealing */
};

enum on_temperror { ON_TEMPERROR_ACCEPT, ON_TEMPERROR_DEFER };
enum mismatch { MISMATCH_OFF, MISMATCH_TAG, MISMATCH_REJECT };

struct sender_settings {
	struct spf_settings spf;
	struct dkim_settings dkim;
	struct dmarc_settings dmarc;
	struct arc_settings arc;
	enum on_temperror on_temperror;
	bool is_iprev_checked;

	GPtrArray *name_list;		/* display names that are ours */
	GPtrArray *protected_list;	/* domains to look for look-alikes of */
	bool is_lookalike_checked;
	struct lookalikes *lookalikes;
	size_t lookalike_count;		/* of ours */

	GPtrArray *login_list;		/* "account: senders" */
	char *logins_file;
	enum mismatch login_mismatch;
	struct logins *logins;		/* NULL: no table */
	int64_t contacts;
};

extern const struct setting_group sender_group;
const struct sender_settings *sender_settings_of(
	const struct settings *settings);

/* The keys that sign for a domain (A-labels), or NULL. Not to be freed. */
const GPtrArray *sender_settings_find_keys(
	const struct sender_settings *settings, const char *domain);

#endif
