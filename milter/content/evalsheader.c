#include <config.h>

#include "content/addresses.h"
#include "content/evals.h"

#include "message/maildate.h"
#include "message/orgdomain.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_S 3600.0

static const struct eval_field *find_field(const struct eval_memory *memory,
					   const char *name, bool is_addr,
					   bool is_text)
{
	for (size_t i = 0; i < memory->field_count; i++) {
		const struct eval_field *field = &memory->fields[i];

		if (field->is_addr == is_addr && !field->text == !is_text &&
		    strcmp(field->name, name) == 0)
			return field;
	}
	return NULL;
}

static void remember(struct eval_memory *memory, struct eval_field field)
{
	if (memory->field_count < EVALS_FIELDS_MAX)
		memory->fields[memory->field_count++] = field;
}

const char *evalsheader_field(const struct eval_source *source,
			      const char *name, bool is_addr)
{
	const struct eval_field *known = find_field(source->memory, name,
						    is_addr, true);
	struct header_spec spec = {
		.name = (char *)name, .is_addr = is_addr,
	};
	struct span text;

	if (known)
		return known->text;
	if (!headertext_get(source->header, &spec, &text))
		text = span_text("");
	remember(source->memory, (struct eval_field){
		name, is_addr, text.ptr, NULL,
	});
	return text.ptr;
}

const char *const *evalsheader_addresses(const struct eval_source *source,
					 const char *name)
{
	const struct eval_field *known = find_field(source->memory, name, true,
						    false);
	const char *const *addresses;

	if (known)
		return known->addresses;
	addresses = addresses_of(source->header, name);
	remember(source->memory, (struct eval_field){
		name, true, NULL, addresses,
	});
	return addresses;
}

static bool has_relays(const struct eval_source *source, bool wanted_trusted)
{
	const struct relays *relays = &source->header->relays;

	return wanted_trusted ? relays->trusted > 0 :
				relays->all->len > relays->trusted;
}

static bool all_trusted(const struct eval_source *source,
			char *const *arguments)
{
	(void)arguments;
	return has_relays(source, true) && !has_relays(source, false) &&
	       !source->header->relays.unreadable;
}

static bool no_relays(const struct eval_source *source,
		      char *const *arguments)
{
	(void)arguments;
	return !source->header->relays.all->len &&
	       !source->header->relays.unreadable;
}

static bool relays_unparseable(const struct eval_source *source,
			       char *const *arguments)
{
	(void)arguments;
	return source->header->relays.unreadable > 0;
}

/* "a.b.example.org" is of "example.org". */
static const char *last_labels(const char *addr)
{
	const char *at = strrchr(addr, '@');
	const char *domain = at ? at + 1 : "";
	unsigned dots = 0;

	for (const char *c = domain + strlen(domain); c > domain; c--)
		if (c[-1] == '.' && ++dots == 2)
			return c;
	return domain;
}

static bool equal_from_domains(const struct eval_source *source,
			       char *const *arguments)
{
	const char *from = last_labels(evalsheader_field(source, "From",
							 true));
	const char *envelope = last_labels(evalsheader_field(
		source, "EnvelopeFrom", true));

	(void)arguments;
	return *from && *envelope && g_ascii_strcasecmp(from, envelope) != 0;
}

static bool matching_from(const struct eval_source *source,
			  char *const *arguments)
{
	(void)arguments;
	return g_ascii_strcasecmp(evalsheader_field(source, "EnvelopeFrom", true),
				  evalsheader_field(source, "From", true)) == 0;
}

/* Whether the host that handed it to us is of the sender's organisation; when
 * all are ours, whether one of them is. */
static bool mailfrom_matches(const struct eval_source *source,
			     char *const *arguments)
{
	const struct relays *relays = &source->header->relays;
	const struct settings *settings = source->header->tx->settings;
	const char *at = strrchr(evalsheader_field(source, "EnvelopeFrom", true), '@');
	bool is_ours = relays->trusted == relays->all->len;
	guint end = is_ours ? relays->all->len : relays->trusted + 1;

	(void)arguments;
	if (!at || !strchr(at, '.'))
		return false;
	g_autofree char *domain = g_ascii_strdown(at + 1, -1);

	for (guint i = is_ours ? 0 : relays->trusted; i < end; i++) {
		const struct relay *relay = &g_array_index(
			relays->all, struct relay, i);
		g_autofree char *rdns = g_ascii_strdown(relay->rdns, -1);

		if (*rdns && orgdomain_is_same(settings, rdns, domain))
			return true;
	}
	return false;
}

#define RECEIVED_MAX 4096	/* bytes of a field that are looked at */
#define CENTURIES_S (1900 * 31556952.0)

/* "102" is 2002 (RFC 5322, 4.3), "0102" nearly two thousand years ago, which no
 * library reads: what is to be added to the result is in *more_s_out. */
static char *with_century(const char *text, double *more_s_out)
{
	char *end;

	for (const char *at = text; (at = strchr(at, ' ')); at++) {
		unsigned long year = strtoul(at, &end, 10);

		if (year < 100 || year > 199 || *end != ' ' ||
		    !g_ascii_isdigit(end[1]) || !strchr(end, ':'))
			continue;
		*more_s_out = end[-4] == '0' ? -CENTURIES_S : 0;
		return g_strdup_printf("%.*s %lu%s", (int)(at - text), text,
				       1900 + year, end);
	}
	return g_strdup(text);
}

static bool read_date(const char *text, double *seconds_out)
{
	double more_s = 0;
	g_autofree char *whole = with_century(text, &more_s);
	int64_t seconds;

	if (!maildate_read(whole, &seconds))
		return false;
	*seconds_out = (double)seconds + more_s;
	return true;
}

/* " 23 Nov 2026 10:00:00 +0000": the day behind a blank, or one
 * character more. */
static size_t date_length(const char *at)
{
	int day = 0, month = 0, year = 0, time = 0, zone = 0;
	size_t digits;

	if (!g_ascii_isspace(*at) || !g_ascii_isdigit(at[1]))
		return 0;
	digits = strspn(at + 1, "0123456789");
	if (digits > 3 || at[1 + digits] != ' ' ||
	    !g_ascii_isalpha(at[2 + digits]))
		return 0;
	sscanf(at + 1, "%*3[0-9]%n %*3[A-Za-z]%n %*4[0-9]%n %*2[0-9]:%*2[0-9]:"
	       "%*2[0-9]%n %*s%n", &day, &month, &year, &time, &zone);
	return day && month - day == 4 && zone ? (size_t)zone + 1 : 0;
}

/* The first date of a Received field. What forgers write in another order
 * ("Aug, 31 2002 8:37:38 PM") is no clock to measure by. */
static bool read_received_date(struct span value, double *seconds_out)
{
	g_autofree char *text = g_strndup(value.ptr, MIN(value.len,
							 RECEIVED_MAX));

	for (const char *at = text; *at; at++) {
		size_t len = date_length(at);

		if (len) {
			text[at - text + (ptrdiff_t)len] = '\0';
			return read_date(at, seconds_out);
		}
	}
	return false;
}

/* Within this host, or fetched from a mailbox: when it was
 * handed on is not known. */
static bool is_fetched(struct span value, bool *is_local)
{
	g_autofree char *text = g_strndup(value.ptr, value.len);
	bool is_fetch = strstr(text, "(fetchmail-");

	*is_local = strstr(text, "from localhost") ||
		    strstr(text, "127.0.0.1") || strstr(text, " invoked by uid");
	return is_fetch;
}

/* How many Received fields at the top are of this host and its fetchmail. */
static unsigned count_fetched(const GArray *headers)
{
	unsigned local = 0;

	for (guint i = 0; i < headers->len; i++) {
		const struct header *header = &g_array_index(
			headers, struct header, i);
		bool is_local;

		if (!span_is_word(header->name, "Received"))
			continue;
		if (is_fetched(header->value, &is_local))
			return local + 1;
		if (!is_local || local)
			return 0;
		local++;
	}
	return 0;
}

/* How much the Date differs from the Received field that is nearest to it. The
 * last of several is left out when it is the same: a mailer that writes it has
 * the Date of itself, not of a clock beside it. */
static double shift_of(const struct eval_source *source)
{
	const GArray *headers = source->header->tx->headers;
	const char *resent = evalsheader_field(source, "Resent-Date", false);
	unsigned skipped = count_fetched(headers), count = 0;
	double date, best = INFINITY, last = INFINITY;

	if ((!*resent || !read_date(resent, &date)) &&
	    !read_date(evalsheader_field(source, "Date", false), &date))
		return 0;
	for (guint i = 0; i < headers->len; i++) {
		const struct header *header = &g_array_index(
			headers, struct header, i);
		double received;

		if (!span_is_word(header->name, "Received") ||
		    (skipped && skipped--) ||
		    !read_received_date(header->value, &received))
			continue;
		if (fabs(last) < fabs(best))
			best = last;
		last = date - received;
		count++;
	}
	if (count == 1 || (fabs(last) > 0 && fabs(last) < fabs(best)))
		best = last;
	return count ? best : 0;
}

static bool shifted_date(const struct eval_source *source,
			 char *const *arguments)
{
	struct eval_memory *memory = source->memory;
	double shift;

	if (!memory->has_shift) {
		memory->shift = shift_of(source);
		memory->has_shift = true;
	}
	shift = memory->shift;
	return (strcmp(arguments[0], "undef") == 0 ||
		shift >= HOUR_S * g_ascii_strtod(arguments[0], NULL)) &&
	       (strcmp(arguments[1], "undef") == 0 ||
		shift < HOUR_S * g_ascii_strtod(arguments[1], NULL));
}

/* What Outlook makes of a time: 2^32 steps are 1844674407370 ms. */
static bool is_near(double token, double unix_s)
{
	return fabs(token - floor(unix_s * 0.0023283064365387 +
				  27111902.8329849)) < 250;
}

static bool is_hex(const char *text, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!g_ascii_isdigit(text[i]) &&
		    (text[i] < 'a' || text[i] > 'f'))
			return false;
	return true;
}

/* "<0001TTTTTTTT$xxxxxxxx$xxxxxxxx@" whose time T is that of no field. */
static bool outlook_message_id(const struct eval_source *source,
			       char *const *arguments)
{
	const GArray *headers = source->header->tx->headers;
	const char *id = evalsheader_field(source, "MESSAGEID", false);
	double token, date = 0;

	(void)arguments;
	if (*id != '<' || !is_hex(id + 1, 12) || id[13] != '$' ||
	    !is_hex(id + 14, 8) || id[22] != '$' || !is_hex(id + 23, 8) ||
	    id[31] != '@')
		return false;
	g_autofree char *time = g_strndup(id + 5, 8);

	token = (double)g_ascii_strtoull(time, NULL, 16);
	(void)read_date(evalsheader_field(source, "Date", false), &date);
	if (is_near(token, date))
		return false;
	date = 0;
	for (guint i = 0; i < headers->len; i++) {
		const struct header *header = &g_array_index(
			headers, struct header, i);

		if (span_is_word(header->name, "Received") &&
		    read_received_date(header->value, &date))
			break;
	}
	return !is_near(token, date);
}

static const char *without_replies(const char *subject)
{
	static const char *const words[] = {
		"re:", "fwd:", "fw:", "aw:", "antwort:", "wg:", "sv:", "vb:",
		"vs:", "vl:",
	};

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (g_ascii_strncasecmp(subject, words[i],
					strlen(words[i])) == 0) {
			subject += strlen(words[i]);
			subject += strspn(subject, " \t");
			i = (size_t)-1;
		}
	return subject;
}

static bool is_all_caps(const struct eval_source *source,
			char *const *arguments)
{
	g_autofree char *subject = g_strstrip(g_strdup(
		evalsheader_field(source, "Subject", false)));
	const char *text = without_replies(subject);
	bool has_upper = false;

	(void)arguments;
	if (!strchr(text, ' ') || strlen(text) < 10)
		return false;
	for (; *text; text++) {
		if (g_ascii_islower(*text) || *text & 0x80)
			return false;
		has_upper |= g_ascii_isupper(*text);
	}
	return has_upper;
}

static bool missing_to(const struct eval_source *source,
		       char *const *arguments)
{
	(void)arguments;
	return !*evalsheader_field(source, "To", false) &&
	       !*evalsheader_field(source, "Apparently-To", false);
}

bool evalsheader_is_received_removed(const struct eval_source *source)
{
	const char *received = evalsheader_field(source, "Received", false);

	return !*received || strstr(received, "from groups.msn.com (") ||
	       (strstr(evalsheader_field(source, "Mailing-List", false),
		       "run by ezmlm") &&
		strstr(evalsheader_field(source, "Delivered-To", false),
		       "mailing list ") &&
		strstr(received, " invoked "));
}

static bool received_removed(const struct eval_source *source,
			     char *const *arguments)
{
	(void)arguments;
	return evalsheader_is_received_removed(source);
}

/* Bytes outside of ASCII as they came, by share and number. */
static bool illegal_chars(const struct eval_source *source,
			  char *const *arguments)
{
	struct header_spec spec = {
		.name = arguments[0], .is_raw = true,
	};
	struct span text;
	size_t count = 0;

	if (!headertext_get(source->header, &spec, &text) || !text.len)
		return false;
	for (size_t i = 0; i < text.len; i++)
		count += (text.ptr[i] & 0x80) != 0;
	return (double)count > g_ascii_strtod(arguments[1], NULL) *
	       (double)text.len && count > (size_t)atoi(arguments[2]);
}

const struct eval_row evalsheader_rows[] = {
	{ "check_all_trusted", all_trusted, 0, 0, NULL },
	{ "check_no_relays", no_relays, 0, 0, NULL },
	{ "check_relays_unparseable", relays_unparseable, 0, 0, NULL },
	{ "check_equal_from_domains", equal_from_domains, 0, 0, NULL },
	{ "check_for_matching_env_and_hdr_from", matching_from, 0, 0, NULL },
	{ "check_mailfrom_matches_rcvd", mailfrom_matches, 0, 0, NULL },
	{ "check_for_shifted_date", shifted_date, 2, 2, NULL },
	{ "check_outlook_message_id", outlook_message_id, 0, 0, NULL },
	{ "subject_is_all_caps", is_all_caps, 0, 0, NULL },
	{ "check_for_missing_to_header", missing_to, 0, 0, NULL },
	{ "gated_through_received_hdr_remover", received_removed, 0, 0, NULL },
	{ "check_illegal_chars", illegal_chars, 3, 3, NULL },
	{ NULL, NULL, 0, 0, NULL },
};
