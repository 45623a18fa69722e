#include <config.h>

#include "bulk/streamsettings.h"

#include "message/domaintable.h"

#include <string.h>

static const char *const action_words[] = { "none", "defer", "reject", NULL };
static const enum action actions[] = {
	ACTION_NONE, ACTION_DEFER, ACTION_REJECT,
};

static const struct setting rows[] = {
	SETTING_LIST(struct stream_settings, traps, "bulk.traps",
		.preset_text = "",
		.help = "Recipients that exist only to catch: addresses, and "
			"domains (.example.org for all below one). The MTA must "
			"take mail for them. Who writes to one finds TRAP_HIT, "
			"and what is like it BULK_TRAPPED."),
	SETTING_COUNT(struct stream_settings, harvest, "bulk.harvest",
		.preset = 20, .min = 2, .max = 1000000,
		.help = "So many different recipients that do not exist within "
			"an hour, and at least as many as do, by one login, or "
			"one network (/24, /64) of strangers: it tries out names "
			"(DICTIONARY_ATTACK)."),
	SETTING_WORD(struct stream_settings, harvest_word,
		"bulk.harvest_action", .preset = 0, .words = action_words,
		.help = "What is answered to its further recipients for the "
			"hour: none (the score alone), defer or reject."),
	SETTING_COUNT(struct stream_settings, bounces, "bulk.bounces",
		.preset = 50, .min = 1, .max = 1000000,
		.help = "More than so many messages with the null sender within "
			"an hour for one recipient are answers to mail that is "
			"not theirs (NULL_SENDER_FLOOD)."),
	SETTING_LIST(struct stream_settings, unasked, "bulk.unasked_findings",
		.preset_text = "MR_BULK_NO_UNSUB* MR_BULK_NO_REPLY MR_UNSUB_* "
			"MR_AD_* MR_TRADE_* MR_PROMO_HEAVY",
		.help = "Findings about content that make bulk (BULK_LIKE_*) "
			"unasked-for advertising: UNASKED_BULK. A name that "
			"ends in * stands for all that begin so."),
};

static bool add_trap(struct stream_settings *mine, const char *trap,
		     GError **error)
{
	if (!strchr(trap, '@'))
		return domaintable_add(mine->trap_domains, span_text(trap),
				       error);
	g_hash_table_add(mine->trap_addresses, g_ascii_strdown(trap, -1));
	return true;
}

static bool prepare(void *values, struct settings *settings, GError **error)
{
	struct stream_settings *mine = values;
	g_autoptr(GError) why = NULL;

	mine->harvest_action = actions[mine->harvest_word];
	mine->trap_addresses = g_hash_table_new_full(g_str_hash, g_str_equal,
						     g_free, NULL);
	mine->trap_domains = domaintable_new();
	for (guint i = 0; i < mine->traps->len; i++)
		if (!add_trap(mine, g_ptr_array_index(mine->traps, i), &why))
			return settings_fail(settings, "bulk.traps", error,
					     "%s", why->message);
	return true;
}

static void release(void *values)
{
	struct stream_settings *mine = values;

	g_clear_pointer(&mine->trap_addresses, g_hash_table_unref);
	domaintable_free(mine->trap_domains);
}

const struct setting_group stream_group = {
	.size = sizeof(struct stream_settings),
	.rows = rows,
	.row_count = G_N_ELEMENTS(rows),
	.prepare = prepare,
	.release = release,
};

const struct stream_settings *stream_settings_of(
	const struct settings *settings)
{
	return settings_values(settings, &stream_group);
}

bool stream_settings_is_trap(const struct stream_settings *settings,
			     const struct mailaddr *addr, struct arena *arena)
{
	g_autofree char *lower = NULL;

	if (!settings->traps->len)
		return false;
	if (domaintable_has(settings->trap_domains, addr->domain_ascii))
		return true;
	lower = g_ascii_strdown(mailaddr_format(addr, arena), -1);
	return g_hash_table_contains(settings->trap_addresses, lower);
}
