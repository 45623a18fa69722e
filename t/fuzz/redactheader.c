#include <config.h>

#include "report/redactheader.h"
#include "fuzz/target.h"

#include <string.h>

static Reeve__Recipient rcpt;

static void set_recipient(Reeve__Message *message)
{
	static char address[] = "bob@x.example";
	static Reeve__Recipient *list[] = { &rcpt };

	reeve__message__init(message);
	reeve__recipient__init(&rcpt);
	rcpt.has_address = true;
	rcpt.address = (ProtobufCBinaryData){ strlen(address),
					      (uint8_t *)address };
	message->n_recipients = 1;
	message->recipients = list;
}

/* Whatever the header is, he is not in what is shown of it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {
		"bob@x.example", "bob=x.example", "bob%40x.example",
	};
	const uint8_t key[REDACTKEY_BYTES] = { 1 };
	g_autoptr(GByteArray) got = NULL;
	g_autofree char *lower = NULL;
	Reeve__Message message;
	struct redact redact;
	struct arena arena;

	if (size > 65536)
		return 0;
	set_recipient(&message);
	redact_init(&redact, key, &message);
	arena_init(&arena);
	got = redactheader_format(&redact, span_of((const char *)data, size),
				  &arena);
	lower = g_ascii_strdown(got->len ? (const char *)got->data : "",
				(gssize)got->len);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		BUG_IF(memmem(lower, got->len, names[i], strlen(names[i])));
	arena_release(&arena);
	redact_release(&redact);
	return 0;
}
