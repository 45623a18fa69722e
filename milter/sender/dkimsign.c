#include <config.h>

#include "sender/dkimsign.h"

#include "sender/dkimlib.h"
#include "sender/sendersettings.h"
#include "sender/signkey.h"

#include <stdint.h>
#include <string.h>

struct dkimsign {
	GPtrArray *handles;		/* of DKIM * */
	const GPtrArray *keys;		/* the handles', in order */
};

static void free_handle(gpointer handle)
{
	(void)dkim_free(handle);
}

static DKIM *begin(const struct transaction *tx, const struct signkey *key)
{
	DKIM_STAT status;
	DKIM *dkim = dkim_sign(
		dkimlib_get(sender_settings_of(tx->settings)),
		(const unsigned char *)tx->id, NULL,
		(dkim_sigkey_t)key->pem,
		(const unsigned char *)key->selector,
		(const unsigned char *)key->domain, DKIM_CANON_RELAXED,
		DKIM_CANON_RELAXED,
		key->is_ed25519 ? DKIM_SIGN_ED25519SHA256 :
				  DKIM_SIGN_RSASHA256, -1, &status);

	BUG_IF(!dkim);
	dkimlib_feed_header(dkim, tx, SIZE_MAX);
	(void)dkim_eoh(dkim);
	return dkim;
}

struct dkimsign *dkimsign_new(const struct transaction *tx,
			      const char *domain)
{
	const GPtrArray *keys = sender_settings_find_keys(
		sender_settings_of(tx->settings), domain);
	struct dkimsign *sign;

	if (!keys)
		return NULL;
	sign = g_new0(struct dkimsign, 1);
	sign->keys = keys;
	sign->handles = g_ptr_array_new_with_free_func(free_handle);
	for (guint i = 0; i < keys->len; i++)
		g_ptr_array_add(sign->handles,
				begin(tx, g_ptr_array_index(keys, i)));
	return sign;
}

void dkimsign_free(struct dkimsign *sign)
{
	if (!sign)
		return;
	g_ptr_array_unref(sign->handles);
	g_free(sign);
}

void dkimsign_body(struct dkimsign *sign, struct span chunk)
{
	for (guint i = 0; i < sign->handles->len; i++)
		dkimlib_feed_body(g_ptr_array_index(sign->handles, i), chunk);
}

/* libopendkim folds with CRLF; an MTA wants LF from a filter. */
static const char *value_of(DKIM *dkim, struct arena *arena)
{
	unsigned char *bytes;
	char *value, *to;
	size_t len;

	if (dkim_getsighdr_d(dkim, sizeof DKIM_SIGNHEADER ": ", &bytes,
			     &len) != DKIM_STAT_OK)
		return NULL;
	value = to = arena_span_text(arena, span_of((const char *)bytes, len));
	for (const char *from = value; *from; from++)
		if (*from != '\r')
			*to++ = *from;
	*to = '\0';
	return value;
}

void dkimsign_finish(struct dkimsign *sign, struct transaction *tx)
{
	for (guint i = 0; i < sign->handles->len; i++) {
		DKIM *dkim = g_ptr_array_index(sign->handles, i);
		const struct signkey *key = g_ptr_array_index(sign->keys, i);
		const char *value = NULL, *why;
		DKIM_STAT status = dkim_eom(dkim, NULL);

		if (status == DKIM_STAT_OK)
			value = value_of(dkim, &tx->arena);
		if (value) {
			transaction_annotate(tx, DKIM_SIGNHEADER, value);
			continue;
		}
		why = dkim_geterror(dkim);
		log_event(&tx->log, LOG_ERR, "dkim_sign_failed",
			  "domain=%s selector=%s status=%d error=\"%s\"",
			  key->domain, key->selector, status, why ? why : "");
	}
}
