#include <config.h>

#include "session/released.h"

#include "base/clock.h"
#include "store/day.h"
#include "store/evidencemarks.h"
#include "store/hex.h"
#include "store/recordid.h"

#include <openssl/crypto.h>
#include <string.h>

#define VALID_US (5 * DAY_US)	/* an MTA may be down so long */
#define FIELD "X-Mailreeve-Released"

/* "RECORD-ID 0123456789abcdef0123456789abcdef" */
static bool read_field(struct span value, uint64_t *id_out,
		       uint8_t token_out[EVIDENCE_TOKEN_BYTES])
{
	struct span text = span_trim(value), hex;
	ptrdiff_t blank = span_find(text, ' ');

	if (blank < 0 || !record_id_parse(span_first(text, (size_t)blank),
					  id_out))
		return false;
	hex = span_from(text, (size_t)blank + 1);
	return hex_parse(hex, token_out, EVIDENCE_TOKEN_BYTES);
}

static bool is_release(const struct transaction *tx, uint64_t id,
		       const uint8_t *token)
{
	struct evidence_release release;
	uint8_t body_sha256[DIGEST_SHA256_BYTES];
	bool is_it;

	if (!evidencemarks_find_release(tx->state, id, &release))
		return false;
	evidencemarks_hash_body(span_of((const char *)tx->body->data,
					tx->body->len), body_sha256);
	is_it = CRYPTO_memcmp(token, release.token, sizeof release.token) ==
		0 && memcmp(body_sha256, release.body_sha256,
			    sizeof body_sha256) == 0 &&
		clock_now_us() < release.when_us + VALID_US;
	evidencemarks_clear_release(&release);
	return is_it;
}

bool released_check(struct transaction *tx)
{
	const struct header *header = transaction_find_header(tx, FIELD);
	bool is_own = tx->direction == DIRECTION_LOCAL ||
		      netaddr_is_loopback(&tx->client.addr);
	uint8_t token[EVIDENCE_TOKEN_BYTES];
	char text[RECORD_ID_BYTES];
	uint64_t id;

	if (!header || !is_own || !tx->state ||
	    !read_field(header->value, &id, token))
		return false;
	if (!is_release(tx, id, token)) {
		log_event(&tx->log, LOG_WARNING, "release_unknown",
			  "record=%s " FIELD " is not what was released, or "
			  "too late: judged as any other mail", tx->id);
		return false;
	}
	transaction_find(tx, "RELEASED", "from quarantine, record %s",
			 record_id_format(id, text));
	return true;
}
