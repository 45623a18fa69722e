/* seal.h - what is signed about a day that is over */
#ifndef STORE_SEAL_H
#define STORE_SEAL_H

#include "store/sealkey.h"
#include "store/segment.h"

/*
 * records/YYYY-MM-DD.seal, a line a fact, in this order, and the
 * signature over all bytes before its own line: so that it can be checked
 * without Mailreeve, too.
 *
 *	mailreeve-seal 1
 *	day 2026-02-28
 *	format 2		of the day's file
 *	records 12345		that the day had
 *	first 1000001		their sequences
 *	last 1012345
 *	before HEX		hash of the record before the first (SHA-256)
 *	head HEX		of the last
 *	tree HEX		root over all of them (hashtree.h)
 *	erased 0		of them words were taken out (erasure.h)
 *	dropped 0		they went at their term, others are held
 *	bytes 3456789		of the day's file, and its SHA-256
 *	sha256 HEX
 *	sealed 2026-03-01T00:00:10Z
 *	key HEX			that signed it
 *	signature HEX
 */
struct seal {
	int64_t day;
	unsigned format;
	uint64_t records, first, last;
	uint8_t before[RECORD_HASH_BYTES], head[RECORD_HASH_BYTES];
	uint8_t tree[RECORD_HASH_BYTES];
	uint64_t erased, dropped;
	uint64_t bytes;
	uint8_t sha256[RECORD_HASH_BYTES];
	int64_t sealed_us;
	uint8_t key[SEALKEY_PUBLIC_BYTES];
	uint8_t signature[SEALKEY_SIGNATURE_BYTES];
};

/* Fills in key and signature. Free it with g_free(). Pure. */
char *seal_format(struct seal *seal, const struct sealkey *key) MUST_USE;

/* Pure. error (STORE_ERROR_DAMAGED) names the line. Does not
 * look at the signature. */
bool seal_parse(struct span text, struct seal *seal_out, GError **error)
	MUST_USE;
/* Whether the signature is that of the key in it. */
bool seal_is_signed(struct span text, const struct seal *seal);

#define SEAL_BYTES_MAX 4096

/* Reads one with its text (free it). Errors name the file; STORE_ERROR_MISSING
 * when there is none. */
bool seal_read(const char *path, struct seal *seal_out, char **text_out,
	       GError **error) MUST_USE;
/* Comes to its name when whole and on disk. */
bool seal_write(const char *path, const char *text, GError **error) MUST_USE;

#endif
