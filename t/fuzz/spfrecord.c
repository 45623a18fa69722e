#include <config.h>

#include "fuzz/target.h"
#include "sender/spfcheck.h"
#include "sender/spfrecord.h"
#include "sender/spfsecond.h"

#include <string.h>

/* Every TXT is the input; other questions have short answers of each kind. */
static const struct dnsanswer *ask(void *asker, const char *name,
				   enum dns_type type)
{
	static struct dnsanswer *a, *mx, *ptr;
	static const char mx_data[] = "\0\012\002mx\001t", ptr_data[] = "\001n\001t";

	if (!a) {
		struct span record = span_of("\300\000\002\001", 4);

		a = dnsanswer_new(DNS_FOUND, 60, &record, 1);
		record = span_of(mx_data, sizeof mx_data);
		mx = dnsanswer_new(DNS_FOUND, 60, &record, 1);
		record = span_of(ptr_data, sizeof ptr_data);
		ptr = dnsanswer_new(DNS_FOUND, 60, &record, 1);
	}
	BUG_IF(strlen(name) > 16384 + 512);
	if (type == DNS_TXT)
		return asker;
	if (strlen(name) % 7 == 3)
		return dnsanswer_of(DNS_NXDOMAIN);
	return type == DNS_MX ? mx : type == DNS_PTR ? ptr : a;
}

/* One TXT record of the bytes, in strings of 255. */
static struct dnsanswer *txt_of(const uint8_t *data, size_t size)
{
	g_autoptr(GString) wire = g_string_new(NULL);

	for (size_t at = 0; at < size || !at; at += 255) {
		size_t part = MIN(size - at, 255);

		g_string_append_c(wire, (char)part);
		g_string_append_len(wire, (const char *)data + at,
				    (gssize)part);
		if (!size)
			break;
	}
	struct span record = span_of(wire->str, wire->len);

	return dnsanswer_new(DNS_FOUND, 60, &record, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct dnsanswer *txt = txt_of(data, size);
	struct spf_query query = {
		.dns = { ask, txt }, .scope = "mfrom",
		.local = span_text("strong-bad"), .domain = "email.example.com",
		.helo = "mx.example.org", .receiver = "us.example",
		.now_s = 1000000000, .lookups = 10, .void_lookups = 2,
	};
	struct auth_spf spf;
	struct spf_record record;

	arena_init(&arena);
	BUG_IF(!netaddr_parse(span_text(size % 2 ? "192.0.2.3" :
					"2001:db8::cb01"), &query.client));
	if (spfrecord_is_one(span_of((const char *)data, size)))
		(void)!spfrecord_parse(span_of((const char *)data, size),
				       &arena, &record);
	BUG_IF(!spfcheck_run(&query, &arena, &spf));
	BUG_IF(spf.result == AUTH_RESULT_UNKNOWN);
	for (const char *c = spf.explanation; c && *c; c++)
		BUG_IF(*c < 0x20 || *c > 0x7e);
	arena_release(&arena);
	g_free(txt);
	return 0;
}
