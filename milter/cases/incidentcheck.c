#include <config.h>

#include "cases/incidentcheck.h"

#include "base/clock.h"
#include "cases/casesettings.h"
#include "store/incidents.h"

#include <string.h>

/* What welcome mail is no offender by. */
static bool is_about_bulk(const char *kind)
{
	return strcmp(kind, "likeness") == 0 || strcmp(kind, "trap") == 0;
}

static bool is_welcome(const struct transaction *tx)
{
	for (guint i = 0; i < tx->findings->len; i++)
		if (strcmp(g_array_index(tx->findings, struct finding,
					 i).symbol, "LIST_WELCOME") == 0)
			return true;
	return false;
}

static bool is_from_inside(const struct transaction *tx)
{
	return tx->direction == DIRECTION_OUTBOUND ||
	       tx->direction == DIRECTION_LOCAL;
}

static struct incident_subject subject_of(struct transaction *tx)
{
	const struct netaddr *addr = &tx->client.addr;
	char text[NETADDR_TEXT_MAX];

	if (tx->customer)
		return (struct incident_subject){ LIST_CUSTOMER,
						  tx->customer };
	if (tx->client.login)
		return (struct incident_subject){ LIST_ACCOUNT,
						  tx->client.login };
	if (addr->family != NETADDR_NONE && !netaddr_is_loopback(addr))
		return (struct incident_subject){ LIST_ADDRESS, arena_text(
			&tx->arena, netaddr_format(addr, text)) };
	if (tx->sender.is_null)
		return (struct incident_subject){ LIST_ADDRESS, "" };
	return (struct incident_subject){ LIST_SENDER,
		mailaddr_format(&tx->sender, &tx->arena) };
}

/* The desk writes to customers what is in a case: not which
 * addresses are traps. */
static void note(struct transaction *tx, const struct finding *finding,
		 const char *kind)
{
	const struct incident_subject subject = subject_of(tx);
	bool is_told = finding->detail && strcmp(kind, "trap") != 0;
	const char *key = arena_printf(&tx->arena, "%s %s %s",
		*subject.value ? list_kind_word(subject.kind) : "sender",
		*subject.value ? subject.value : "<>", finding->symbol);
	const char *text = arena_printf(&tx->arena, "%s%s%s, record %s",
		finding->symbol, is_told ? ": " : "",
		is_told ? finding->detail : "", tx->id);

	incidents_note_about(subject, kind, key, text,
		case_settings_of(tx->settings)->quiet_ms * 1000,
		clock_now_us());
}

void incidentcheck_message(struct transaction *tx)
{
	for (guint i = 0; i < tx->findings->len; i++) {
		struct finding *finding = &g_array_index(
			tx->findings, struct finding, i);
		const char *kind = case_settings_incident(tx->settings,
							  finding->symbol);

		if (kind && strcmp(kind, "harmful") == 0)
			finding->keeps_original = true;
	}
}

void incidentcheck_end(struct transaction *tx)
{
	if (!tx->state || !is_from_inside(tx))
		return;
	for (guint i = 0; i < tx->findings->len; i++) {
		const struct finding *finding = &g_array_index(
			tx->findings, struct finding, i);
		const char *kind = case_settings_incident(tx->settings,
							  finding->symbol);

		if (kind && !(is_about_bulk(kind) && is_welcome(tx)))
			note(tx, finding, kind);
	}
}
