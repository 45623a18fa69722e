/* auth.h - what is known of a message's origin: the answers of all methods */
#ifndef MESSAGE_AUTH_H
#define MESSAGE_AUTH_H

#include "base/guard.h"

#include <glib.h>
#include <stdint.h>

/* The results of RFC 8601, 2.7: each method has its own choice of them. */
enum auth_result {
	AUTH_RESULT_UNKNOWN,	/* was not looked at: not even told */
	AUTH_RESULT_NONE,
	AUTH_RESULT_PASS,
	AUTH_RESULT_FAIL,
	AUTH_RESULT_SOFTFAIL,
	AUTH_RESULT_NEUTRAL,
	AUTH_RESULT_POLICY,
	AUTH_RESULT_TEMPERROR,
	AUTH_RESULT_PERMERROR,
};

/* "pass" and so on; "" for unknown. */
const char *auth_result_word(enum auth_result result);
enum auth_result auth_result_parse(const char *word);

/* All texts live in the transaction's arena or for ever, are printable (UTF-8
 * in domains only where the message itself was in UTF-8), and may be NULL. */

/* RFC 7208. */
struct auth_spf {
	enum auth_result result;
	const char *scope;		/* "mfrom" or "helo" */
	const char *domain;		/* the one that was checked, A-labels */
	const char *mechanism;		/* what matched, as published */
	const char *explanation;	/* with fail: exp=, made printable */
	const char *reason;		/* with an error: what was wrong */
};

/* RFC 6376, one signature. */
struct auth_dkim {
	enum auth_result result;
	const char *domain, *selector;	/* d= and s= */
	const char *identity;		/* i=, as given or made up */
	const char *algorithm;		/* "rsa-sha256" */
	const char *signature;		/* first 8 characters of b= */
	const char *reason;
	unsigned key_bits;
	const char *added;		/* a field that RFC 5322 allows once
					 * and that is there more often than
					 * h= has it */
	bool is_testing;		/* t=y in the key */
	bool is_key_secure;		/* DNSSEC proves the key's record */
	bool is_unread;			/* it could not be verified to
					 * the end */
	bool is_partial;		/* l= leaves some of the body
					 * unsigned */
	bool is_aligned;		/* with the From domain */
};

enum dmarc_policy {
	DMARC_POLICY_UNKNOWN,
	DMARC_POLICY_NONE, DMARC_POLICY_QUARANTINE, DMARC_POLICY_REJECT,
};

const char *dmarc_policy_word(enum dmarc_policy policy);

/* fo= (RFC 7489, 6.3): several may hold; none is "0". */
enum dmarc_option {
	DMARC_OPTION_ALL = 1 << 0,	/* "0" */
	DMARC_OPTION_ANY = 1 << 1,	/* "1" */
	DMARC_OPTION_DKIM = 1 << 2,	/* "d" */
	DMARC_OPTION_SPF = 1 << 3,	/* "s" */
};
#define DMARC_OPTION_LETTERS "01ds"	/* in that order */

/* RFC 7489. */
struct auth_dmarc {
	enum auth_result result;
	const char *domain;		/* of From; the one that decided */
	const char *record_domain;	/* where the record was found */
	enum dmarc_policy published;	/* p=, sp= or np=, whichever holds */
	const char *tag;		/* which of them: "p", "sp", "np" */
	enum dmarc_policy disposition;	/* what is done, by our settings */
	const char *override;		/* why not what was published: RFC
					 * 7489, appendix C, PolicyOverride */
	const char *reason;
	unsigned percent;
	bool is_spf_aligned, is_dkim_aligned;	/* and passing */
	bool has_reports;		/* rua= asks for aggregate
					 * reports; if so: */
	bool is_spf_strict, is_dkim_strict;
	enum dmarc_policy policy;	/* p= */
	enum dmarc_policy sub_policy;	/* sp=, unknown when not given */
	unsigned failure_options;	/* bits of enum dmarc_option */
};

/* RFC 8617. */
struct auth_arc {
	enum auth_result result;	/* none, pass or fail */
	unsigned sets;
	const char *sealer;		/* d= of the last seal */
	const char *reason;
	bool is_unsettled;		/* the DNS failed, else it
					 * might be ... */
	bool is_unread;			/* or not all of the body was looked
					 * at, ... */
	bool is_trusted;		/* ... sealed by one of
					 * arc.trusted_sealers */
	bool has_passed_origin;		/* that one saw DMARC's domain pass */
};

/* RFC 8601, 3: does the client's name lead to its address and back? */
struct auth_iprev {
	enum auth_result result;
	const char *name;
};

struct auth {
	struct auth_spf spf;		/* of MAIL FROM, of HELO for <> */
	struct auth_spf helo;
	GArray *dkim;			/* of struct auth_dkim, in order */
	struct auth_dmarc dmarc;
	struct auth_arc arc;
	struct auth_iprev iprev;
};

#endif
