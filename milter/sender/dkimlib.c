#include <config.h>

#include "sender/dkimlib.h"

#include "base/clock.h"
#include "message/headerwire.h"
#include "sender/sendersettings.h"

#include <pthread.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static DKIM_LIB *library;

/* It has no business with the DNS. */
static int refuse(void *unused, int type, unsigned char *query,
		  unsigned char *buffer, size_t room, void **handle_out)
{
	(void)unused;
	(void)type;
	(void)query;
	(void)buffer;
	(void)room;
	(void)handle_out;
	return DKIM_DNS_ERROR;
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

/* All hashes are made by now: what follows would be the keys,
 * and those are ours. */
static DKIM_CBSTAT stop_here(DKIM *dkim, DKIM_SIGINFO **sigs, int count)
{
	(void)dkim;
	for (int i = 0; i < count; i++)
		dkim_sig_ignore(sigs[i]);
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
	uint64_t life_s = (uint64_t)settings->dkim.expire_ms / 1000;
	uint64_t fixed_s = clock_is_set() ?
		(uint64_t)(clock_now_us() / G_USEC_PER_SEC) : 0;

	set_option(lib, DKIM_OPTS_FLAGS, &flags, sizeof flags);
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
	dkim_dns_set_query_start(lib, refuse);
	dkim_set_final(lib, stop_here);
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

void dkimlib_feed_header(DKIM *dkim, const struct transaction *tx,
			 size_t most_signatures)
{
	size_t signatures = 0;

	for (guint i = 0; i < tx->headers->len; i++) {
		const struct header *header =
			&g_array_index(tx->headers, struct header, i);
		GString *field;

		if (span_is_word(header->name, DKIM_SIGNHEADER) &&
		    ++signatures > most_signatures)
			continue;
		field = headerwire_format(tx, header);

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
