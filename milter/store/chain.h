/* chain.h - whether the records are those that were written,
 * all, and in order */
#ifndef STORE_CHAIN_H
#define STORE_CHAIN_H

#include "store/segment.h"

/*
 * Each record carries the hash of the one before (record.proto), and each day
 * begins with the last day's head. Whoever changes one record breaks its link
 * to the next; who puts all hashes behind it right as well has another head in
 * the end, which an anchor that somebody else keeps tells.
 */
struct chain_anchor {
	int64_t day;
	struct segment_head head;
};

#define CHAIN_ANCHOR_MAX 128
/* "2026-02-28 12345 " and 64 hex digits. Into a buffer of CHAIN_ANCHOR_MAX. */
const char *chain_format_anchor(const struct chain_anchor *anchor, char *out);
bool chain_parse_anchor(struct span text, struct chain_anchor *anchor_out)
	MUST_USE;

/* Of the newest day that has a record. False with error: it cannot be read;
 * false without: there is no record yet. */
bool chain_newest(const char *records_dir, struct chain_anchor *anchor_out,
		  GError **error) MUST_USE;

struct chain_day {
	int64_t day;
	uint64_t records;		/* that were looked at */
	uint64_t erased, dropped;	/* of a sealed day: seal.h */
	bool is_sealed;
	struct segment_facts facts;
	bool is_read;			/* facts are there */
	uint64_t where;			/* sequence that problem is about;
					 * 0: none */
	char *problem;			/* the first; NULL: all is well */
};

struct chain_query {
	int64_t since_day, until_day;	/* both of them, too */
	int64_t kept_day;		/* those before may have expired: a hold
					 * can keep an older one */
	const uint8_t *public_key;	/* that signs the seals
					 * (SEALKEY_PUBLIC_BYTES); NULL: any */
	unsigned threads;		/* 0: as many as processors */
	const struct chain_anchor *anchors;
	size_t anchor_count;
};

/*
 * Computes all hashes anew, a thread a day, and compares them with each other
 * and with what the seals say, whose signatures it checks as well. Records may
 * be written meanwhile: what was there at the beginning is looked at, in short
 * transactions. Returns struct chain_day, oldest first; free with
 * g_array_unref(). NULL with error when the folder cannot be read.
 */
GArray *chain_verify(const char *records_dir, const struct chain_query *query,
		     GError **error) MUST_USE;

#endif
