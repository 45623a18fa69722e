/* dnslistsettings.h - the settings of DNS lists: what is asked,
 * and what answers mean */
#ifndef BULK_DNSLISTSETTINGS_H
#define BULK_DNSLISTSETTINGS_H

#include "base/netaddr.h"
#include "message/finding.h"
#include "settings/settings.h"

struct domaintable;

/* What of a message a list is asked about; bits. */
enum dnslist_item {
	DNSLIST_CLIENT = 1,	/* the address that connected */
	DNSLIST_HELO = 2,
	DNSLIST_SENDER = 4,	/* the domain of the envelope sender */
	DNSLIST_FROM = 8,	/* that of the From field */
	DNSLIST_URI = 16,	/* hosts that the text leads to */
};

/* Answers that mean something: first to last, or, when bit is not 0, those
 * whose last byte has it. */
struct dnslist_code {
	uint32_t first, last;		/* host order */
	uint8_t bit;
	double score;
};

struct dnslist {
	const char *name;		/* of its section */
	const char *symbol;		/* DNSLIST_NAME; for ever */
	char *zone;			/* lower case */
	char *key;			/* in front of the zone, secret;
					 * or NULL */
	unsigned items;			/* enum dnslist_item */
	bool is_whole_host;		/* not the organisation's
					 * domain alone */
	double score;			/* when there are no codes */
	GArray *codes;			/* of struct dnslist_code */
	enum action action;
	const char *reply;		/* "": the usual one */
};

struct dnslist_settings {
	GPtrArray *sections;
	GPtrArray *except;
	int64_t uris_max, failures_max, pause_ms;

	/* Made from the above. */
	GPtrArray *lists;		/* of struct dnslist * */
	struct domaintable *excepted;
};

extern const struct setting_group dnslists_group;
const struct dnslist_settings *dnslists_settings_of(
	const struct settings *settings);

#endif
