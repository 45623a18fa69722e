/* dnsanswer.h - what the DNS said, and how to read it */
#ifndef RESOLVER_DNSANSWER_H
#define RESOLVER_DNSANSWER_H

#include "base/arena.h"
#include "base/netaddr.h"
#include "base/span.h"

/* The numbers of RFC 1035 and 3596. */
enum dns_type {
	DNS_A = 1, DNS_PTR = 12, DNS_MX = 15, DNS_TXT = 16, DNS_AAAA = 28,
};

enum dns_status {
	DNS_FOUND,
	DNS_NODATA,		/* the name is there, but nothing of the type */
	DNS_NXDOMAIN,
	DNS_SERVFAIL,		/* the server failed, refused, or lies */
	DNS_TIMEOUT,		/* none in time */
	DNS_BOGUS,		/* DNSSEC says that it is forged */
};

/* Read-only; records are rdata in wire form, names in them uncompressed. */
struct dnsanswer {
	enum dns_status status;
	bool is_secure;		/* DNSSEC proved it */
	uint32_t ttl_s;
	size_t count;
	size_t bytes;		/* of memory, for the cache */
	struct span records[];
};

/* Who asks: NULL means that the answer is not there yet, come again. An answer
 * given once is given again, and lives as long as the asker. */
typedef const struct dnsanswer *dns_ask_fn(void *asker, const char *name,
					   enum dns_type type);
struct dns_asker {
	dns_ask_fn *ask;
	void *asker;
};

/* An answer with copies of the records; free with g_free(). */
struct dnsanswer *dnsanswer_new(enum dns_status status, uint32_t ttl_s,
				const struct span *records, size_t count)
	MUST_USE;
/*
 * The answer section of a packet: its records of that type, whatever aliases
 * led to them, with names uncompressed. Pure. SERVFAIL when it cannot be read,
 * or says anything but NOERROR and NXDOMAIN. Free with g_free().
 */
struct dnsanswer *dnsanswer_parse(struct span packet, enum dns_type type)
	MUST_USE;
/* One without records, that lives for ever. */
const struct dnsanswer *dnsanswer_of(enum dns_status status);

/* "NXDOMAIN" and so on. */
const char *dnsanswer_status_word(enum dns_status status);
/* Asked again later, it may well answer. */
bool dnsanswer_is_temporary(const struct dnsanswer *answer);
/* It says for sure that there is nothing. */
bool dnsanswer_is_empty(const struct dnsanswer *answer);

/* A or AAAA. */
bool dnsanswer_address(const struct dnsanswer *answer, size_t record,
		       struct netaddr *addr_out) MUST_USE;
/* The strings of a TXT record joined without a space (RFC 7208, 3.3). */
struct span dnsanswer_text(const struct dnsanswer *answer, size_t record,
			   struct arena *arena);
/* The name in a PTR or MX record, lower case, no last dot; "" for the root;
 * NULL when a label has a dot, a blank or a byte that cannot be printed. */
const char *dnsanswer_name(const struct dnsanswer *answer, size_t record,
			   enum dns_type type, struct arena *arena);
/* The preference of an MX record. */
unsigned dnsanswer_preference(const struct dnsanswer *answer, size_t record);

#endif
