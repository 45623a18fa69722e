#include <config.h>

#include "settings/unit.h"

#include <inttypes.h>
#include <string.h>

struct unit {
	const char *name;
	int64_t factor;
};

/* From great to small: the first that divides is the shortest text. */
static const struct unit times[] = {
	{ "w", 7 * 86400000LL }, { "d", 86400000 }, { "h", 3600000 },
	{ "min", 60000 }, { "s", 1000 }, { "ms", 1 }, { "", 1000 },
	{ NULL, 0 },
};
static const struct unit bytes[] = {
	{ "G", 1LL << 30 }, { "M", 1 << 20 }, { "k", 1 << 10 }, { "", 1 },
	{ "gb", 1LL << 30 }, { "mb", 1 << 20 }, { "kb", 1 << 10 },
	{ NULL, 0 },
};
static const struct unit none[] = { { "", 1 }, { NULL, 0 } };

static const struct unit *units_of(enum setting_type type)
{
	if (type == SETTING_TYPE_TIME_MS)
		return times;
	return type == SETTING_TYPE_BYTES ? bytes : none;
}

bool unit_parse(enum setting_type type, const char *text, int64_t *value_out)
{
	char *end;
	guint64 number = g_ascii_strtoull(text, &end, 10);

	if (end == text || !g_ascii_isdigit(*text) || number > INT64_MAX)
		return false;
	for (const struct unit *unit = units_of(type); unit->name; unit++)
		if (g_ascii_strcasecmp(end, unit->name) == 0)
			return !__builtin_mul_overflow((int64_t)number,
						       unit->factor,
						       value_out);
	return false;
}

char *unit_format(enum setting_type type, int64_t value)
{
	for (const struct unit *unit = units_of(type); unit->name; unit++)
		if (*unit->name && value && value % unit->factor == 0)
			return g_strdup_printf("%" PRId64 "%s",
					       value / unit->factor,
					       unit->name);
	return g_strdup_printf("%" PRId64, value);
}

const char *unit_expected(enum setting_type type)
{
	if (type == SETTING_TYPE_TIME_MS)
		return "a time (write 500ms, 5s, 10min, 2h, 60d)";
	if (type == SETTING_TYPE_BYTES)
		return "a size (write 512, 64k, 8M, 1G)";
	return "a whole number";
}
