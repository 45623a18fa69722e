#include <config.h>

#include "verdict/annotate.h"

#include "sender/authcheck.h"
#include "sender/authres.h"
#include "sender/sendersettings.h"
#include "settings/global.h"
#include "verdict/verdictsettings.h"

#include <string.h>

#define LEVEL_MAX 50		/* stars */
#define LINE_WIDTH 76

bool annotate_is_forged(struct transaction *tx, const struct header *header)
{
	static const char *const names[] = {
		"X-Spam-Flag", "X-Spam-Status", "X-Spam-Level",
		"X-Mailreeve-Record",
	};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (tx->direction == DIRECTION_INBOUND &&
		    span_is_word(header->name, names[i]))
			return true;
	/* session/released.h has looked at it: it goes no further. */
	if (span_is_word(header->name, "X-Mailreeve-Released"))
		return true;
	return authcheck_is_forged_result(tx, header);
}

static void add(GArray *lines, const char *name, const char *value)
{
	struct annotation line = { name, value };

	g_array_append_val(lines, line);
}

static void fold(GString *out, size_t *column, const char *word)
{
	size_t len = strlen(word);

	if (*column + len > LINE_WIDTH) {
		g_string_append(out, "\n\t");
		*column = 8;
	}
	g_string_append(out, word);
	*column += len;
}

/* Symbols are ours, so nothing of a stranger's gets into the header. */
static const char *status_value(struct transaction *tx, bool is_spam)
{
	double required = verdict_settings_of(tx->settings)->thresholds.tag;
	g_autoptr(GString) out = g_string_new(NULL);
	size_t column;

	g_string_append_printf(out, "%s, score=%.1f required=%.1f tests=",
			       is_spam ? "Yes" : "No", tx->outcome.score,
			       required);
	column = out->len + sizeof "X-Spam-Status: ";
	for (guint i = 0; i < tx->findings->len; i++) {
		g_autofree char *word = g_strconcat(
			g_array_index(tx->findings, struct finding, i).symbol,
			i + 1 < tx->findings->len ? "," : "", NULL);

		fold(out, &column, word);
	}
	return arena_text(&tx->arena, out->str);
}

static const char *level_value(struct transaction *tx)
{
	int stars = (int)CLAMP(tx->outcome.score, 0, LEVEL_MAX);
	g_autofree char *line = g_strnfill((gsize)stars, '*');

	return arena_text(&tx->arena, line);
}

GArray *annotate(struct transaction *tx)
{
	const struct verdict_settings *settings =
		verdict_settings_of(tx->settings);
	GArray *lines = g_array_new(FALSE, FALSE, sizeof(struct annotation));
	const char *id = global_settings_of(tx->settings)->authserv_id;
	const char *received;
	bool is_spam = tx->outcome.action == ACTION_TAG ||
		       tx->outcome.action == ACTION_QUARANTINE;

	for (guint i = 0; i < tx->annotations->len; i++)
		g_array_append_val(lines, g_array_index(tx->annotations,
						struct annotation, i));
	if (settings->tag_record)
		add(lines, "X-Mailreeve-Record", tx->id);
	if (settings->tag_level && tx->outcome.score >= 1)
		add(lines, "X-Spam-Level", level_value(tx));
	if (settings->tag_status && tx->findings->len)
		add(lines, "X-Spam-Status", status_value(tx, is_spam));
	if (settings->tag_flag && is_spam && tx->is_enforced)
		add(lines, "X-Spam-Flag", "YES");
	if (tx->direction != DIRECTION_INBOUND)
		return lines;
	received = sender_settings_of(tx->settings)->spf.has_header ?
		   authres_format_spf(tx, id) : NULL;
	if (received)
		add(lines, "Received-SPF", received);
	add(lines, "Authentication-Results", authres_format(tx, id));
	return lines;
}
