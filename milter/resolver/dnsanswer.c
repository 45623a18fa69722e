#include <config.h>

#include "resolver/dnsanswer.h"

#include <arpa/nameser.h>
#include <limits.h>
#include <string.h>

struct dnsanswer *dnsanswer_new(enum dns_status status, uint32_t ttl_s,
				const struct span *records, size_t count)
{
	size_t bytes = sizeof(struct dnsanswer) +
		       count * sizeof(struct span);
	struct dnsanswer *answer;
	char *at;

	for (size_t i = 0; i < count; i++)
		bytes += records[i].len;
	answer = g_malloc0(bytes);
	answer->status = status;
	answer->ttl_s = ttl_s;
	answer->count = count;
	answer->bytes = bytes;
	at = (char *)(answer->records + count);
	for (size_t i = 0; i < count; i++) {
		if (records[i].len)
			memcpy(at, records[i].ptr, records[i].len);
		answer->records[i] = span_of(at, records[i].len);
		at += records[i].len;
	}
	return answer;
}

/* The rdata with its name, if it has one, uncompressed into the arena. */
static bool take_rdata(const ns_msg *message, const ns_rr *rr,
		       enum dns_type type, struct arena *arena,
		       struct span *out)
{
	const uint8_t *data = ns_rr_rdata(*rr);
	size_t len = ns_rr_rdlen(*rr), before = type == DNS_MX ? 2 : 0;
	uint8_t *copy;

	*out = span_of((const char *)data, len);
	if (type != DNS_MX && type != DNS_PTR)
		return true;
	if (len <= before)
		return false;
	copy = arena_alloc(arena, before + NS_MAXCDNAME);
	memcpy(copy, data, before);
	if (ns_name_unpack(ns_msg_base(*message), ns_msg_end(*message),
			   data + before, copy + before, NS_MAXCDNAME) < 0)
		return false;
	len = before;
	while (copy[len])
		len += (size_t)copy[len] + 1;
	*out = span_of((const char *)copy, len + 1);
	return true;
}

/* False when the section cannot be read. */
static bool take_records(ns_msg *message, enum dns_type type,
			 struct arena *arena, GArray *records,
			 uint32_t *ttl_out)
{
	for (int i = 0; i < ns_msg_count(*message, ns_s_an); i++) {
		struct span record;
		ns_rr rr;

		if (ns_parserr(message, ns_s_an, i, &rr) < 0)
			return false;
		if ((unsigned)ns_rr_type(rr) != (unsigned)type)
			continue;
		if (!take_rdata(message, &rr, type, arena, &record))
			return false;
		*ttl_out = MIN(*ttl_out, ns_rr_ttl(rr));
		g_array_append_val(records, record);
	}
	return true;
}

struct dnsanswer *dnsanswer_parse(struct span packet, enum dns_type type)
{
	g_autoptr(GArray) records = g_array_new(FALSE, FALSE,
						sizeof(struct span));
	enum dns_status status = DNS_SERVFAIL;
	struct dnsanswer *answer;
	uint32_t ttl_s = UINT32_MAX;
	struct arena arena;
	ns_msg message;
	int code;

	arena_init(&arena);
	if (packet.len <= INT_MAX &&
	    ns_initparse((const uint8_t *)packet.ptr, (int)packet.len,
			 &message) == 0) {
		code = ns_msg_getflag(message, ns_f_rcode);
		if (code == ns_r_nxdomain)
			status = DNS_NXDOMAIN;
		else if (code == ns_r_noerror &&
			 take_records(&message, type, &arena, records,
				      &ttl_s))
			status = records->len ? DNS_FOUND : DNS_NODATA;
	}
	answer = dnsanswer_new(status, status == DNS_FOUND ? ttl_s : 0,
			       (const struct span *)records->data,
			       status == DNS_FOUND ? records->len : 0);
	arena_release(&arena);
	return answer;
}

const struct dnsanswer *dnsanswer_of(enum dns_status status)
{
	static const struct dnsanswer all[] = {
		[DNS_FOUND] = { .status = DNS_FOUND },
		[DNS_NODATA] = { .status = DNS_NODATA },
		[DNS_NXDOMAIN] = { .status = DNS_NXDOMAIN },
		[DNS_SERVFAIL] = { .status = DNS_SERVFAIL },
		[DNS_TIMEOUT] = { .status = DNS_TIMEOUT },
		[DNS_BOGUS] = { .status = DNS_BOGUS },
	};

	BUG_IF((size_t)status >= COUNT_OF(all));
	return &all[status];
}

const char *dnsanswer_status_word(enum dns_status status)
{
	static const char *const words[] = {
		"found", "no data", "NXDOMAIN", "SERVFAIL", "time-out",
		"bogus",
	};

	BUG_IF((size_t)status >= COUNT_OF(words));
	return words[status];
}

bool dnsanswer_is_temporary(const struct dnsanswer *answer)
{
	return answer->status == DNS_SERVFAIL ||
	       answer->status == DNS_TIMEOUT || answer->status == DNS_BOGUS;
}

bool dnsanswer_is_empty(const struct dnsanswer *answer)
{
	return answer->status == DNS_NODATA ||
	       answer->status == DNS_NXDOMAIN;
}

bool dnsanswer_address(const struct dnsanswer *answer, size_t record,
		       struct netaddr *addr_out)
{
	return netaddr_of_bytes(answer->records[record], addr_out);
}

struct span dnsanswer_text(const struct dnsanswer *answer, size_t record,
			   struct arena *arena)
{
	struct span from = answer->records[record];
	char *text = arena_alloc(arena, from.len + 1);
	size_t len = 0;

	while (from.len) {
		size_t part = MIN((size_t)(unsigned char)from.ptr[0],
				  from.len - 1);

		memcpy(text + len, from.ptr + 1, part);
		len += part;
		from = span_from(from, part + 1);
	}
	return span_of(text, len);
}

/* More than a host's name may have, but nothing that would make it two. */
static bool is_name_byte(char c)
{
	return g_ascii_isgraph(c) && c != '.' && c != '\\';
}

const char *dnsanswer_name(const struct dnsanswer *answer, size_t record,
			   enum dns_type type, struct arena *arena)
{
	struct span from = span_from(answer->records[record],
				     type == DNS_MX ? 2 : 0);
	char *name = arena_alloc(arena, from.len + 1);
	size_t len = 0;

	while (from.len && from.ptr[0]) {
		size_t part = (unsigned char)from.ptr[0];

		if (part > 63 || part >= from.len)
			return NULL;
		if (len)
			name[len++] = '.';
		for (size_t i = 1; i <= part; i++) {
			if (!is_name_byte(from.ptr[i]))
				return NULL;
			name[len++] = g_ascii_tolower(from.ptr[i]);
		}
		from = span_from(from, part + 1);
	}
	return name;
}

unsigned dnsanswer_preference(const struct dnsanswer *answer, size_t record)
{
	const unsigned char *bytes = (const void *)answer->records[record].ptr;

	return answer->records[record].len < 2 ? 0 :
	       (unsigned)bytes[0] << 8 | bytes[1];
}
