#include <config.h>

#include "sender/arcseal.h"

#include "base/clock.h"
#include "sender/arctext.h"
#include "sender/sendersettings.h"
#include "sender/signkey.h"

#include <inttypes.h>
#include <string.h>

#define LINE_WIDTH 72

/* A long value in lines, as b= and h= are. */
static void append_folded(GString *out, const char *text, size_t column)
{
	for (; *text; text++) {
		if (column++ >= LINE_WIDTH) {
			g_string_append(out, "\n\t ");
			column = 9;
		}
		g_string_append_c(out, *text);
	}
}

static void append_names(GString *out, const struct transaction *tx)
{
	static const char *const names[] = {
		"From", "Sender", "Reply-To", "To", "Cc", "Subject", "Date",
		"Message-ID", "In-Reply-To", "References", "MIME-Version",
		"Content-Type", "Content-Transfer-Encoding", "List-Id",
		"List-Unsubscribe", "List-Unsubscribe-Post", "List-Post",
		"DKIM-Signature",
	};
	bool is_first = true;
	size_t column = 9;

	for (size_t i = 0; i < COUNT_OF(names); i++)
		for (guint j = 0; j < tx->headers->len; j++) {
			if (!span_is_word(g_array_index(tx->headers,
				struct header, j).name, names[i]))
				continue;
			if (column + strlen(names[i]) > LINE_WIDTH) {
				g_string_append(out, is_first ? "" : ":");
				g_string_append(out, "\n\t ");
				column = 9;
			} else if (!is_first) {
				g_string_append_c(out, ':');
			}
			g_string_append(out, names[i]);
			column += strlen(names[i]) + 1;
			is_first = false;
		}
}

/* The value with b= filled in, from what was collected of the hashed text. */
static const char *sign(struct transaction *tx, const struct signkey *key,
			const char *name, const char *value,
			const GString *covered, enum canon canon)
{
	g_autofree char *field = g_strdup_printf("%s: %s", name, value);
	g_autoptr(GString) text = g_string_new_len(covered->str,
						   (gssize)covered->len);
	g_autoptr(GString) out = g_string_new(value);
	g_autofree unsigned char *bytes = NULL;
	g_autofree char *encoded = NULL;
	size_t len = 0;
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	canon_signature(text, span_text(field), canon);
	BUG_IF(!context ||
	       EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL,
				  key->key) != 1 ||
	       EVP_DigestSign(context, NULL, &len,
			      (const unsigned char *)text->str,
			      text->len) != 1);
	bytes = g_malloc(len);
	BUG_IF(EVP_DigestSign(context, bytes, &len,
			      (const unsigned char *)text->str,
			      text->len) != 1);
	EVP_MD_CTX_free(context);
	encoded = g_base64_encode(bytes, len);
	append_folded(out, encoded, 11);
	return arena_text(&tx->arena, out->str);
}

static void cover(GString *text, const char *name, const char *value)
{
	g_autofree char *field = g_strdup_printf("%s: %s", name, value);

	canon_header(text, span_text(field), CANON_RELAXED);
}

static const char *make_signature(struct transaction *tx,
				  const struct signkey *key,
				  unsigned instance, const uint8_t *digest)
{
	g_autofree char *hash = g_base64_encode(digest, CANON_HASH_BYTES);
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(GString) names = g_string_new(NULL);
	g_autoptr(GString) value = g_string_new(NULL);

	append_names(names, tx);
	g_string_printf(value, "i=%u; a=rsa-sha256; c=relaxed/relaxed;\n\t"
			"d=%s; s=%s; t=%" PRId64 ";\n\th=%s;\n\tbh=%s;\n\tb=",
			instance, key->domain, key->selector,
			clock_now_us() / G_USEC_PER_SEC, names->str, hash);
	arctext_listed(text, tx, span_string(names),
		       CANON_RELAXED);
	return sign(tx, key, "ARC-Message-Signature", value->str, text,
		    CANON_RELAXED);
}

void arcseal_add(struct transaction *tx, const struct arc_chain *chain,
		 const uint8_t body_digest[CANON_HASH_BYTES],
		 const char *results)
{
	const struct signkey *key = sender_settings_of(tx->settings)->arc.key;
	unsigned count = chain ? chain->count : 0;
	bool is_failed = tx->auth.arc.result == AUTH_RESULT_FAIL;
	g_autoptr(GString) text = g_string_new(NULL);
	const char *aar = arena_printf(&tx->arena, "i=%u; %s", count + 1,
				       results);
	const char *ams = make_signature(tx, key, count + 1, body_digest);
	const char *value = arena_printf(&tx->arena,
		"i=%u; a=rsa-sha256; t=%" PRId64 "; cv=%s;\n\td=%s; s=%s;\n\t"
		"b=", count + 1, clock_now_us() / G_USEC_PER_SEC,
		is_failed ? "fail" : chain ? "pass" : "none", key->domain,
		key->selector);

	/* 5.1.2: a seal that says "fail" covers its own set alone. */
	if (chain && !is_failed)
		arctext_sets(text, tx, chain, count);
	cover(text, "ARC-Authentication-Results", aar);
	cover(text, "ARC-Message-Signature", ams);
	value = sign(tx, key, "ARC-Seal", value, text, CANON_RELAXED);
	transaction_annotate(tx, "ARC-Authentication-Results", aar);
	transaction_annotate(tx, "ARC-Message-Signature", ams);
	transaction_annotate(tx, "ARC-Seal", value);
}
