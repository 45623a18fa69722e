#include <config.h>

#include "store/evidencesettings.h"

#include "message/finding.h"
#include "store/storesettings.h"

#define DAY_MS INT64_C(86400000)

static const char *const quarantine_words[] = { "mta", "own", NULL };

static const struct setting rows[] = {
	SETTING_LIST(struct evidence_settings, actions, "evidence.actions",
		.preset_text = "",
		.help = "Keep the original of each message with one of these "
			"verdicts: tag, quarantine, defer, reject, discard. It "
			"is on disk before the MTA has the answer. When it "
			"cannot be written, records.on_failure decides."),
	SETTING_LIST(struct evidence_settings, symbols, "evidence.symbols",
		.preset_text = "",
		.help = "Keep the original of each message with one of these "
			"findings; they may have * and ?: VIRUS*. A keyword "
			"list keeps what it finds by its own evidence = true."),
	SETTING_BYTES(struct evidence_settings, max_bytes, "evidence.max_size",
		.preset = INT64_C(64) << 20, .min = 1024,
		.max = INT64_C(2) << 30,
		.help = "Most bytes kept of an original. What is longer, or "
			"longer than limits.body lets us see, is kept cut, and "
			"its record says so."),
	SETTING_BYTES(struct evidence_settings, day_bytes, "evidence.day_size",
		.preset = INT64_C(8) << 30, .min = 0, .max = INT64_C(16) << 40,
		.help = "Most that the originals of one UTC day take on disk, "
			"and as much for those in quarantine; 0: no limit. "
			"Past it an original cannot be kept, and "
			"records.on_failure decides."),
	SETTING_TIME_MS(struct evidence_settings, keep_ms, "evidence.keep",
		.preset = 0, .min = 0, .max = 36500 * DAY_MS,
		.help = "How long originals are kept; 0: as long as records. "
			"Never longer than those, without which they prove "
			"nothing: reevectl records hold keeps both."),
	SETTING_TIME_MS(struct evidence_settings, held_keep_ms,
		"evidence.quarantine_keep", .preset = 30 * DAY_MS,
		.min = DAY_MS, .max = 36500 * DAY_MS,
		.help = "How long mail in our own quarantine waits to be "
			"released, in whole UTC days. Then it is deleted, "
			"unless it is evidence, too."),
	SETTING_WORD(struct evidence_settings, quarantine,
		"evidence.quarantine", .words = quarantine_words,
		.preset = EVIDENCE_QUARANTINE_MTA,
		.help = "Where mail with the verdict quarantine waits. mta: in "
			"the MTA's own (Postfix: the hold queue; postsuper -H "
			"releases). own: among the evidence; for the MTA it is "
			"accepted and discarded, and reevectl evidence "
			"release gives it back. What is too large to be kept "
			"whole goes to the MTA's in any case."),
	SETTING_TEXT(struct evidence_settings, sendmail, "evidence.sendmail",
		.preset_text = "/usr/sbin/sendmail",
		.help = "The program by which reevectl evidence release and "
			"the letters of cases hand mail to the MTA, with more "
			"arguments if need be. Quoted as in a shell, but none "
			"runs. Where set-group-id is forbidden, as by the "
			"daemon's systemd unit: reevectl submit."),
};

static bool is_action(const char *word)
{
	for (enum action i = ACTION_TAG; i <= ACTION_DISCARD; i++)
		if (g_str_equal(word, action_word(i)))
			return true;
	return false;
}

static bool prepare(void *values, struct settings *settings, GError **error)
{
	struct evidence_settings *mine = values;
	int64_t records_ms = store_settings_of(settings)->keep_ms;
	g_autoptr(GError) why = NULL;

	for (guint i = 0; i < mine->actions->len; i++)
		if (!is_action(g_ptr_array_index(mine->actions, i)))
			return settings_fail(settings, "evidence.actions",
				error, "\"%s\" is none of tag, quarantine, "
				"defer, reject, discard",
				(char *)g_ptr_array_index(mine->actions, i));
	if (mine->keep_ms > records_ms)
		return settings_fail(settings, "evidence.keep", error,
			"longer than records.keep: an original proves nothing "
			"without its record");
	if (mine->keep_ms == 0)
		mine->keep_ms = records_ms;
	if (!g_shell_parse_argv(mine->sendmail, NULL, NULL, &why))
		return settings_fail(settings, "evidence.sendmail", error,
				     "%s", why->message);
	return true;
}

const struct setting_group evidence_group = {
	.size = sizeof(struct evidence_settings),
	.rows = rows,
	.row_count = G_N_ELEMENTS(rows),
	.prepare = prepare,
};

const struct evidence_settings *evidence_settings_of(
	const struct settings *settings)
{
	return settings_values(settings, &evidence_group);
}
