#include <config.h>

#include "message/limits.h"

static const char *const past_body_words[] = { "count", "skip", NULL };

static const struct setting rows[] = {
	SETTING_COUNT(struct limits, recipients, "limits.recipients",
		.preset = 1000, .min = 1, .max = 100000,
		.help = "Most recipients of one message. Those past it are "
			"deferred with 452 4.5.3, so that the client sends "
			"them in another message."),
	SETTING_COUNT(struct limits, headers, "limits.headers",
		.preset = 1000, .min = 10, .max = 100000,
		.help = "Most header fields kept of one message. Those past "
			"it are counted, and the finding LIMIT_HEADERS tells."),
	SETTING_BYTES(struct limits, header_bytes, "limits.header",
		.preset = 131072, .min = 1000, .max = 16 << 20,
		.help = "Most bytes kept of one header field. The rest is "
			"cut, and the finding LIMIT_HEADERS tells; signatures "
			"cannot be verified then. Postfix cuts at "
			"header_size_limit, 102400."),
	SETTING_BYTES(struct limits, all_header_bytes, "limits.all_headers",
		.preset = 1 << 20, .min = 10000, .max = 256 << 20,
		.help = "Most bytes kept of all header fields of a message."),
	SETTING_BYTES(struct limits, body_bytes, "limits.body",
		.preset = 8 << 20, .min = 0, .max = 1 << 30,
		.help = "Most bytes of a message's body that are kept and "
			"looked at; the finding LIMIT_BODY tells of a longer "
			"one. Memory in use is at most so much for each "
			"message in hand."),
	SETTING_WORD(struct limits, past_body, "limits.past_body",
		.words = past_body_words, .preset = PAST_BODY_COUNT,
		.apply = APPLY_START,
		.help = "What to do with the body past limits.body. count: "
			"receive and count it, so that the record has the true "
			"size. skip: tell the MTA to send no more of it; the "
			"record then says \"at least\", each piece of a body "
			"costs a reply, and signatures of a longer body "
			"cannot be verified or made; where DMARC would "
			"refuse for that, it quarantines."),
	SETTING_COUNT(struct limits, archive_depth, "limits.archive_depth",
		.preset = 4, .min = 1, .max = 100,
		.help = "How many archives within one another are opened; 1: "
			"only the attachment itself. The finding "
			"ARCHIVE_LIMIT tells of deeper ones."),
	SETTING_COUNT(struct limits, archive_entries, "limits.archive_entries",
		.preset = 10000, .min = 10, .max = 1000000,
		.help = "Most names read from all archives of a message."),
	SETTING_BYTES(struct limits, archive_bytes, "limits.archive_bytes",
		.preset = 8 << 20, .min = 0, .max = 1 << 30,
		.help = "Most bytes unpacked of a message to look into archives "
			"within archives, and into what is only compressed "
			"(gzip, bzip2, xz, zstd). Of other files the "
			"beginning alone is unpacked. Memory in use is at most so much for each "
			"message in hand."),
	SETTING_TIME_MS(struct limits, archive_time_ms, "limits.archive_time",
		.preset = 2000, .min = 10, .max = 60000,
		.help = "Longest time for all archives of a message."),
};

const struct setting_group limits_group = {
	.size = sizeof(struct limits),
	.rows = rows,
	.row_count = G_N_ELEMENTS(rows),
};

const struct limits *limits_of(const struct settings *settings)
{
	return settings_values(settings, &limits_group);
}
