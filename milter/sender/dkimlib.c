#include <config.h>

#include "sender/dkimlib.h"

#include "base/clock.h"
#include "message/headerwire.h"
#include "sender/sendersettings.h"

#include <pthread.h>
#include <string.h>

#define HEADER_BYTES 12		/* of a DNS packet: RFC 1035, 4.1.1 */
#define RR_BYTES 12		/* of a resource record before its data */
#define RCODE_NXDOMAIN 3

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static DKIM_LIB *library;
static _Thread_local const struct dns_asker *asking;

/* A question of the library's: its answer is there, or never will be. */
struct reply {
	int status;
	size_t bytes;
	int dnssec;
};

static size_t put_16(uint8_t *at, unsigned number)
{
	at[0] = (uint8_t)(number >> 8);
	at[1] = (uint8_t)number;
	return 2;
}

/* The question's name in wire form; 0 when there is no room. */
static size_t put_name(uint8_t *at, size_t room, const char *name)
{
	size_t len = 0;

	while (*name) {
		size_t label = strcspn(name, ".");

		if (label > 63 || len + label + 2 > room)
			return 0;
		at[len++] = (uint8_t)label;
		memcpy(at + len, name, label);
		len += label;
		name += label + (name[label] == '.');
	}
	at[len++] = 0;
	return len;
}

/* The packet that libopendkim wants to read. 0: it would not fit, and no key
 * record is so long. */
static size_t make_packet(const struct dnsanswer *answer, const char *name,
			  uint8_t *packet, size_t room)
{
	size_t len = HEADER_BYTES, part;

	if (room < HEADER_BYTES + 5)
		return 0;
	memset(packet, 0, HEADER_BYTES);
	put_16(packet + 2, 0x8180u | (answer->status == DNS_NXDOMAIN ?
				      RCODE_NXDOMAIN : 0u));
	put_16(packet + 4, 1);
	put_16(packet + 6, (unsigned)answer->count);
	part = put_name(packet + len, room - len - 4, name);
	if (!part)
		return 0;
	len += part;
	len += put_16(packet + len, DNS_TXT);
	len += put_16(packet + len, 1);
	for (size_t i = 0; i < answer->count; i++) {
		struct span data = answer->records[i];

		if (len + RR_BYTES + data.len > room)
			return 0;
		len += put_16(packet + len, 0xc000u | HEADER_BYTES);
		len += put_16(packet + len, DNS_TXT);
		len += put_16(packet + len, 1);
		memset(packet + len, 0, 4);		/* time to live */
		len += 4;
		len += put_16(packet + len, (unsigned)data.len);
		memcpy(packet + len, data.ptr, data.len);
		len += data.len;
	}
	return len;
}

/*
 * Only an answer that says something, or surely nothing, becomes a packet: of any
 * trouble in one the library would make "no key", for ever.
 */
static int start(void *unused, int type, unsigned char *query,
		 unsigned char *buffer, size_t room, void **handle_out)
{
	const char *name = (const char *)query;
	const struct dnsanswer *answer = asking && type == DNS_TXT ?
		asking->ask(asking->asker, name, DNS_TXT) : NULL;
	struct reply *reply = g_new0(struct reply, 1);

	(void)unused;
	reply->status = DKIM_DNS_SUCCESS;
	if (!answer || answer->status == DNS_TIMEOUT)
		reply->status = DKIM_DNS_EXPIRED;
	else if (dnsanswer_is_temporary(answer))
		reply->status = DKIM_DNS_ERROR;
	else if (!(reply->bytes = make_packet(answer, name, buffer, room)))
		reply->bytes = make_packet(dnsanswer_of(DNS_NODATA), name,
					   buffer, room);
	reply->dnssec = answer && answer->is_secure ? DKIM_DNSSEC_SECURE :
						      DKIM_DNSSEC_INSECURE;
	*handle_out = reply;
	return DKIM_DNS_SUCCESS;
}

static int wait_reply(void *unused, void *handle, struct timeval *timeout,
		      size_t *bytes_out, int *error_out, int *dnssec_out)
{
	const struct reply *reply = handle;

	(void)unused;
	(void)timeout;
	*bytes_out = reply->bytes;
	if (error_out)
		*error_out = 0;
	if (dnssec_out)
		*dnssec_out = reply->dnssec;
	return reply->status;
}

/* Always called, once start() was. */
static int cancel(void *unused, void *handle)
{
	(void)unused;
	g_free(handle);
	return DKIM_DNS_SUCCESS;
}

static int do_nothing(void **service)
{
	(void)service;
	return 0;
}

static void close_nothing(void *service)
{
	(void)service;
}

static DKIM_CBSTAT cap_signatures(DKIM *dkim, DKIM_SIGINFO **sigs, int count)
{
	const int64_t *most = dkim_get_user_context(dkim);

	for (int i = 0; i < count; i++)
		if (i >= *most)
			dkim_sig_ignore(sigs[i]);
	return DKIM_CBSTAT_CONTINUE;
}

/* Each of them, where the library alone would stop at the first good one. */
static DKIM_CBSTAT process_all(DKIM *dkim, DKIM_SIGINFO **sigs, int count)
{
	for (int i = 0; i < count; i++)
		if (!(dkim_sig_getflags(sigs[i]) & DKIM_SIGFLAG_IGNORE))
			(void)dkim_sig_process(dkim, sigs[i]);
	return DKIM_CBSTAT_CONTINUE;
}

static void set_option(DKIM_LIB *lib, dkim_opts_t option, void *value,
		       size_t size)
{
	BUG_IF(dkim_options(lib, DKIM_OP_SETOPT, option, value, size) !=
	       DKIM_STAT_OK);
}

static void set_oversigned(DKIM_LIB *lib, const GPtrArray *names)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new();

	for (guint i = 0; i < names->len; i++)
		g_ptr_array_add(list, g_ptr_array_index(names, i));
	g_ptr_array_add(list, NULL);
	/* Copied by the library. */
	set_option(lib, DKIM_OPTS_OVERSIGNHDRS, list->pdata,
		   sizeof list->pdata);
}

static void set_up(DKIM_LIB *lib, const struct sender_settings *settings)
{
	static const char *const signed_names[] = {
		"From", "Sender", "Reply-To", "Subject", "Date", "Message-ID",
		"To", "Cc", "MIME-Version", "Content-Type",
		"Content-Transfer-Encoding", "In-Reply-To", "References",
		"List-Id", "List-Help", "List-Unsubscribe",
		"List-Unsubscribe-Post", "List-Subscribe", "List-Post",
		"List-Owner", "List-Archive", "Feedback-ID", "AutoCrypt", NULL,
	};
	/* Keys are wanted at the end of the message only, not of the header. */
	unsigned flags = DKIM_LIBFLAGS_BADSIGHANDLES |
			 DKIM_LIBFLAGS_DELAYSIGPROC;
	unsigned key_bits = 0;		/* judged by us, with the result policy */
	uint64_t life_s = (uint64_t)settings->dkim.expire_ms / 1000;
	uint64_t fixed_s = clock_is_set() ?
		(uint64_t)(clock_now_us() / G_USEC_PER_SEC) : 0;

	set_option(lib, DKIM_OPTS_FLAGS, &flags, sizeof flags);
	set_option(lib, DKIM_OPTS_MINKEYBITS, &key_bits, sizeof key_bits);
	set_option(lib, DKIM_OPTS_SIGNHDRS, (void *)signed_names,
		   sizeof(char **));
	set_oversigned(lib, settings->dkim.oversign);
	if (life_s)
		set_option(lib, DKIM_OPTS_SIGNATURETTL, &life_s,
			   sizeof life_s);
	if (fixed_s)
		set_option(lib, DKIM_OPTS_FIXEDTIME, &fixed_s, sizeof fixed_s);
	dkim_dns_set_init(lib, do_nothing);
	dkim_dns_set_close(lib, close_nothing);
	dkim_dns_set_query_start(lib, start);
	dkim_dns_set_query_waitreply(lib, wait_reply);
	dkim_dns_set_query_cancel(lib, cancel);
	dkim_set_prescreen(lib, cap_signatures);
	dkim_set_final(lib, process_all);
}

DKIM_LIB *dkimlib_get(const struct sender_settings *settings)
{
	DKIM_LIB *lib;

	pthread_mutex_lock(&lock);
	if (!library) {
		library = dkim_init(NULL, NULL);
		BUG_IF(!library);
		set_up(library, settings);
	}
	lib = library;
	pthread_mutex_unlock(&lock);
	return lib;
}

void dkimlib_begin(const struct dns_asker *asker)
{
	asking = asker;
}

void dkimlib_end(void)
{
	asking = NULL;
}

void dkimlib_feed_header(DKIM *dkim, const struct transaction *tx)
{
	for (guint i = 0; i < tx->headers->len; i++) {
		GString *field = headerwire_format(tx,
			&g_array_index(tx->headers, struct header, i));

		(void)dkim_header(dkim, (unsigned char *)field->str,
				  field->len);
		g_string_free(field, TRUE);
	}
}

void dkimlib_feed_body(DKIM *dkim, struct span chunk)
{
	/* The library takes what it only reads without const. */
	if (chunk.len)
		(void)dkim_body(dkim, (unsigned char *)chunk.ptr, chunk.len);
}
