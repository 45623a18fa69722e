#include <config.h>

#include "store/storesettings.h"

#define DAY_MS INT64_C(86400000)
#define LEAST_KEEP_MS (60 * DAY_MS)	/* what the law of most asks */

static const char *const on_failure_words[] = { "defer", "accept", NULL };

static const char *const at_disk_limit_words[] = { "defer", "expire", NULL };

static const char *const reason_words[] = { "optional", "required", NULL };

/* As enum subject_keeping. */
static const char *const subject_words[] = { "on", "off", "hash", NULL };

static const struct setting rows[] = {
	SETTING_TIME_MS(struct store_settings, keep_ms, "records.keep",
		.preset = LEAST_KEEP_MS, .min = DAY_MS, .max = 36500 * DAY_MS,
		.help = "How long records are kept: whole UTC days are "
			"removed when they ended so long ago, unless reevectl "
			"records hold keeps them. Less than 60d "
			"needs records.keep_short."),
	SETTING_TEXT(struct store_settings, keep_short,
		"records.keep_short", .preset_text = "",
		.help = "Why records are kept for less than 60 days. Without "
			"it a shorter records.keep is refused."),
	SETTING_COUNT(struct store_settings, queue, "records.queue",
		.preset = 10000, .min = 100, .max = 10000000,
		.help = "Most records that wait to be written: those of "
			"refusals and sessions, and all while the disk is "
			"full. Past it the oldest are dropped, and the log "
			"says how many."),
	SETTING_BYTES(struct store_settings, map_bytes, "records.map_size",
		.preset = INT64_C(64) << 30, .min = 1 << 20,
		.max = INT64_C(16) << 40, .apply = APPLY_START,
		.help = "Most that one day's file may grow to. It is address "
			"space, not disk."),
	SETTING_COUNT(struct store_settings, disk_warning_percent,
		"records.disk_warning", .preset = 80, .min = 10, .max = 100,
		.help = "Percent of the records' disk in use from which on "
			"the log warns, each hour, and reevectl status too. "
			"What is kept for root counts for nothing, as in "
			"df. 100: never."),
	SETTING_COUNT(struct store_settings, disk_limit_percent,
		"records.disk_limit", .preset = 95, .min = 10, .max = 100,
		.help = "Percent in use from which on records.at_disk_limit "
			"holds, until it is one less. 100: never; the "
			"disk may then be filled to the last byte."),
	SETTING_WORD(struct store_settings, at_disk_limit,
		"records.at_disk_limit", .words = at_disk_limit_words,
		.preset = AT_DISK_LIMIT_DEFER,
		.help = "What happens at records.disk_limit. defer: mail is "
			"deferred (451 4.3.1) until there is room, unless "
			"records.on_failure accepts it. expire: the oldest "
			"days go before records.keep is over, as many as it "
			"takes, but none that ended less than 60 days ago "
			"(or records.keep, if that is less), and none on "
			"hold; the log and reevectl audit tell each. When "
			"that is not enough, mail is deferred."),
	SETTING_WORD(struct store_settings, on_failure, "records.on_failure",
		.words = on_failure_words, .preset = ON_FAILURE_DEFER,
		.help = "What becomes of mail while records cannot be "
			"written (a full disk). defer: 451, so that nothing "
			"goes unrecorded. accept: taken; its record waits in "
			"memory."),
	SETTING_TEXT(struct store_settings, anchor_command,
		"records.anchor_command", .preset_text = "",
		.help = "Run when a day is over, with the line of `reevectl "
			"records anchor` for it as standard input: a program "
			"that gives it to somebody else to keep. Quoted as in "
			"a shell, but none runs; it has a minute. The log has "
			"the line in any case."),
	SETTING_WORD(struct store_settings, reason, "records.reason",
		.words = reason_words, .preset = REASON_OPTIONAL,
		.help = "Whether who looks at records must say what for "
			"(--reason). Every look is written down: reevectl "
			"audit."),
	SETTING_WORD(struct store_settings, subject, "records.subject",
		.words = subject_words, .preset = SUBJECT_ON,
		.help = "What records keep of subjects. on: their text; they "
			"are found by their words. hash: only a hash of each "
			"word, so that who knows the words finds them, and who "
			"does not cannot read them (though he can try likely "
			"ones). off: nothing."),
	SETTING_BYTES(struct store_settings, header_text_bytes,
		"records.header_text", .preset = 256, .min = 0, .max = 4096,
		.help = "Most bytes of From, Subject and Date that a record "
			"keeps."),
};

static bool prepare(void *values, struct settings *settings, GError **error)
{
	const struct store_settings *store = values;
	g_autoptr(GError) why = NULL;

	if (*store->anchor_command &&
	    !g_shell_parse_argv(store->anchor_command, NULL, NULL, &why))
		return settings_fail(settings, "records.anchor_command", error,
				     "%s", why->message);
	if (store->keep_ms >= LEAST_KEEP_MS || *store->keep_short)
		return true;
	return settings_fail(settings, "records.keep", error,
		"less than 60d; if the law where you are lets you, say why "
		"in records.keep_short");
}

const struct setting_group store_group = {
	.size = sizeof(struct store_settings),
	.rows = rows,
	.row_count = G_N_ELEMENTS(rows),
	.prepare = prepare,
};

int64_t store_settings_least_keep_ms(const struct store_settings *settings)
{
	return MIN(settings->keep_ms, LEAST_KEEP_MS);
}

const struct store_settings *store_settings_of(
	const struct settings *settings)
{
	return settings_values(settings, &store_group);
}
