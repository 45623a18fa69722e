/* limitsettings.h - the limits in force */
#ifndef BULK_LIMITSETTINGS_H
#define BULK_LIMITSETTINGS_H

#include "base/netaddr.h"
#include "message/finding.h"
#include "message/transaction.h"
#include "settings/settings.h"

/* What a key is made of. */
enum limit_part {
	LIMIT_CLIENT, LIMIT_NETWORK, LIMIT_ACCOUNT, LIMIT_CUSTOMER,
	LIMIT_SENDER, LIMIT_SENDER_DOMAIN,
	LIMIT_RECIPIENT, LIMIT_RECIPIENT_DOMAIN,
	LIMIT_PARTS
};

#define LIMIT_PARTS_MAX 2

enum limit_count {
	LIMIT_MESSAGES, LIMIT_RECIPIENTS, LIMIT_DISTINCT_RECIPIENTS,
	LIMIT_REFUSED_RECIPIENTS, LIMIT_BYTES, LIMIT_SESSIONS,
	LIMIT_DEFERRED_MESSAGES, LIMIT_REFUSED_MESSAGES,
};

/* Whom a limit does not concern, by the parts of its key. */
struct limit_exceptions {
	struct netset *networks;	/* for client and network */
	GHashTable *names;		/* of char *, lower case */
	struct domaintable *domains;	/* of senders and recipients */
};

struct limit {
	const char *name;		/* printable ASCII */
	const char *symbol;		/* of its finding; for ever */
	enum limit_part parts[LIMIT_PARTS_MAX];
	size_t part_count;
	enum limit_count count;
	uint64_t most;			/* of bytes: KiB */
	uint32_t window_s;
	bool is_any_direction;
	enum direction direction;
	enum action action;		/* ACTION_NONE, _DEFER or _REJECT */
	double score;
	bool is_incident;
	unsigned prefix4, prefix6;	/* bits of a network */
	struct limit_exceptions exceptions;
	const struct limit_exceptions *exempt;	/* from all limits */
	const char *terms;		/* "100 recipients in 1h" */
};

extern const struct setting_group limit_group;

/* Of struct limit, in order: those of bulk.limits, then the presets that none
 * of them has the name of. */
const GArray *limit_settings_all(const struct settings *settings);
const struct limit *limit_settings_find(const struct settings *settings,
					const char *name);
/* Whether it or bulk.exempt excepts that part of a key; addr is
 * the client's. */
bool limit_is_exempt(const struct limit *limit, enum limit_part part,
		     const char *value, const struct netaddr *addr);
bool limit_has_recipient(const struct limit *limit);

/* "account", "recipients" and so on. */
const char *limit_part_word(enum limit_part part);
const char *limit_count_word(enum limit_count count);

#endif
