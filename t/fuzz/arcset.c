#include <config.h>

#include "catalog.h"
#include "fuzz/target.h"
#include "message/rawmessage.h"
#include "sender/arccheck.h"

#define KEY "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWR" \
	"iGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutA" \
	"CDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2Ee" \
	"C3Ip3G+2kryOTIKT+l/K4w3QIDAQAB"

static const struct dnsanswer *ask(void *asker, const char *name,
				   enum dns_type type)
{
	static struct dnsanswer *key;

	(void)asker;
	(void)name;
	(void)type;
	if (!key) {
		static char wire[] = " " KEY;
		struct span record = span_of(wire, sizeof wire - 1);

		wire[0] = (char)(sizeof KEY - 1);
		key = dnsanswer_new(DNS_FOUND, 60, &record, 1);
	}
	return key;
}

/* A whole message: its ARC fields sorted, and the chain validated. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct settings *settings;
	static const struct session_facts session = { .messages = 0 };
	struct from_facts from;
	struct transaction tx;
	struct arccheck *check;

	if (!settings)
		settings = settings_parse("fuzz", span_text(
			"arc { trusted_sealers = [example.org] }"), catalog,
			NULL);
	transaction_init(&tx, settings, &session);
	rawmessage_take(&tx, span_of((const char *)data, size));
	check = arccheck_new(&tx, (struct dns_asker){ ask, NULL }, false);
	if (check) {
		struct span body = span_of((const char *)tx.body->data,
					   tx.body->len);

		/* In pieces, as it comes. */
		arccheck_body(check, span_first(body, body.len / 3));
		arccheck_body(check, span_from(body, body.len / 3));
		arccheck_validate(check, &tx);
		from = dmarccheck_read_from(&tx);
		BUG_IF(tx.auth.arc.result != AUTH_RESULT_PASS &&
		       tx.auth.arc.result != AUTH_RESULT_FAIL);
		BUG_IF(arccheck_has_passed(check, &tx, &from) &&
		       tx.auth.arc.result != AUTH_RESULT_PASS);
		arccheck_free(check);
	}
	transaction_release(&tx);
	return 0;
}
