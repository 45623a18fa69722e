#include <config.h>

#include "report/redact.h"

#include "report/redactheader.h"
#include "store/hex.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

/* One that is known, and where its @ is. */
struct known {
	char *text;
	size_t at;
};

static void clear_known(void *memory)
{
	g_free(((struct known *)memory)->text);
}

static void add_address(struct redact *redact, protobuf_c_boolean has,
			const ProtobufCBinaryData *data)
{
	struct span text = span_of((const char *)data->data, has ? data->len :
								   0);
	ptrdiff_t at = span_find_last(text, '@');
	struct known known;

	if (at <= 0)
		return;
	known = (struct known){ g_strndup(text.ptr, text.len), (size_t)at };
	g_array_append_val(redact->addresses, known);
}

void redact_init(struct redact *redact, const uint8_t key[REDACTKEY_BYTES],
		 const Reeve__Message *message)
{
	memcpy(redact->key, key, REDACTKEY_BYTES);
	redact->addresses = g_array_new(FALSE, FALSE, sizeof(struct known));
	g_array_set_clear_func(redact->addresses, clear_known);
	for (size_t i = 0; message && i < message->n_recipients; i++) {
		const Reeve__Recipient *rcpt = message->recipients[i];

		add_address(redact, rcpt->has_address, &rcpt->address);
		add_address(redact, rcpt->has_address_raw,
			    &rcpt->address_raw);
	}
}

void redact_release(struct redact *redact)
{
	g_array_unref(redact->addresses);
}

static const char *hash_of(const struct redact *redact, struct span address,
			   struct arena *arena)
{
	g_autofree char *lower = g_ascii_strdown(address.len ? address.ptr :
						 "", (gssize)address.len);
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	g_autofree char *digits = NULL;

	BUG_IF(!HMAC(EVP_sha256(), redact->key, REDACTKEY_BYTES,
		     (const uint8_t *)lower, address.len, digest, &len));
	digits = hex_format(digest, REDACT_HASH_DIGITS / 2);
	return arena_text(arena, digits);
}

const char *redact_address(const struct redact *redact, struct span address,
			   struct arena *arena)
{
	ptrdiff_t at = span_find_last(address, '@');
	const char *hash = hash_of(redact, address, arena);
	struct span domain = at < 0 ? span_of(NULL, 0) :
			     span_from(address, (size_t)at);

	return arena_printf(arena, "%s%.*s", hash, (int)domain.len,
			    domain.len ? domain.ptr : "");
}

/* How long "local", the sign and "domain" at the beginning of text are; 0:
 * they are not there. */
static size_t length_at(struct span text, const struct known *known,
			const char *sign)
{
	size_t len = strlen(sign);
	const char *domain = known->text + known->at + 1;
	size_t whole = known->at + len + strlen(domain);

	if (text.len < whole ||
	    g_ascii_strncasecmp(text.ptr, known->text, known->at) != 0 ||
	    g_ascii_strncasecmp(text.ptr + known->at, sign, len) != 0 ||
	    g_ascii_strncasecmp(text.ptr + known->at + len, domain,
				strlen(domain)) != 0)
		return 0;
	return whole;
}

/* Which known address stands there; NULL: none. */
static const struct known *known_at(const struct redact *redact,
				    struct span text, size_t *len_out,
				    const char **sign_out)
{
	static const char *const signs[] = { "@", "=", "%40" };
	char first = g_ascii_tolower(*text.ptr);

	for (guint i = 0; i < redact->addresses->len; i++) {
		const struct known *one = &g_array_index(
			redact->addresses, struct known, i);

		if (g_ascii_tolower(*one->text) != first)
			continue;
		for (size_t k = 0; k < COUNT_OF(signs); k++) {
			*sign_out = signs[k];
			*len_out = length_at(text, one, signs[k]);
			if (*len_out)
				return one;
		}
	}
	return NULL;
}

bool redact_append(const struct redact *redact, struct span text,
		   GString *out, struct arena *arena)
{
	bool is_any = false;

	while (text.len) {
		size_t len;
		const char *sign;
		const struct known *one = known_at(redact, text, &len, &sign);

		/* Its domain is looked at as well: another may begin there. */
		if (one) {
			g_string_append_printf(out, "%s%s",
				hash_of(redact, span_text(one->text), arena),
				sign);
			len = one->at + strlen(sign);
			is_any = true;
		} else {
			g_string_append_c(out, *text.ptr);
			len = 1;
		}
		text = span_from(text, len);
	}
	return is_any;
}

struct span redact_text(const struct redact *redact, struct span text,
			struct arena *arena)
{
	g_autoptr(GString) out = g_string_new(NULL);

	if (!redact_append(redact, text, out, arena))
		return text;
	return arena_span(arena, span_string(out));
}

static void hide_bytes(const struct redact *redact, protobuf_c_boolean has,
		       ProtobufCBinaryData *data, struct arena *arena)
{
	struct span text;

	if (!has || !data->len)
		return;
	text = redact_text(redact, span_of((char *)data->data, data->len),
			   arena);
	*data = (ProtobufCBinaryData){ text.len, (uint8_t *)text.ptr };
}

static char *hidden_text(const struct redact *redact, char *text,
			 struct arena *arena)
{
	return text ? arena_span_text(arena, redact_text(
		redact, span_text(text), arena)) : NULL;
}

static void hide_recipient(const struct redact *redact, Reeve__Recipient *rcpt,
			   struct arena *arena)
{
	if (rcpt->has_address) {
		const char *hidden = redact_address(redact, span_of(
			(char *)rcpt->address.data, rcpt->address.len), arena);

		rcpt->address = (ProtobufCBinaryData){ strlen(hidden),
						       (uint8_t *)hidden };
	}
	rcpt->has_address_raw = rcpt->has_orcpt =
		rcpt->has_other_parameters = false;
	hide_bytes(redact, rcpt->has_reason, &rcpt->reason, arena);
}

static void hide_subject(const struct redact *redact, Reeve__Message *message,
			 struct arena *arena)
{
	struct span text = span_of((char *)message->header_subject.data,
				   message->header_subject.len);

	if (!message->has_header_subject || !text.len)
		return;
	text = redactheader_value(redact, text, arena);
	message->header_subject = (ProtobufCBinaryData){
		text.len, (uint8_t *)text.ptr };
}

void redact_record(const struct redact *redact, Reeve__Record *record,
		   struct arena *arena)
{
	Reeve__Message *message = record->message;

	if (!message)
		return;
	for (size_t i = 0; i < message->n_recipients; i++)
		hide_recipient(redact, message->recipients[i], arena);
	for (size_t i = 0; i < message->n_findings; i++)
		message->findings[i]->detail = hidden_text(
			redact, message->findings[i]->detail, arena);
	hide_bytes(redact, message->has_sender, &message->sender, arena);
	hide_bytes(redact, message->has_sender_raw, &message->sender_raw,
		   arena);
	hide_bytes(redact, message->has_header_from, &message->header_from,
		   arena);
	hide_bytes(redact, message->has_envid, &message->envid, arena);
	hide_subject(redact, message, arena);
	if (message->outcome)
		hide_bytes(redact, message->outcome->has_text,
			   &message->outcome->text, arena);
}
