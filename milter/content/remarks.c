#include <config.h>

#include "content/remarks.h"

#include <string.h>

#define PRIORITY_MAX 1000000

struct remarks {
	GArray *examples;		/* of struct remarks_example */
};

static void clear_example(gpointer memory)
{
	struct remarks_example *example = memory;

	g_free(example->name);
	g_free(example->text);
}

struct remarks *remarks_new(void)
{
	struct remarks *remarks = g_new0(struct remarks, 1);

	remarks->examples = g_array_new(FALSE, FALSE,
					sizeof(struct remarks_example));
	g_array_set_clear_func(remarks->examples, clear_example);
	return remarks;
}

void remarks_free(struct remarks *remarks)
{
	if (!remarks)
		return;
	g_array_unref(remarks->examples);
	g_free(remarks);
}

static bool is_name(const char *text)
{
	if (!*text || g_ascii_isdigit(*text))
		return false;
	while (g_ascii_isalnum(*text) || *text == '_')
		text++;
	return !*text;
}

/* The word that a line begins with, a copy; and what stands behind it. */
static char *cut_word(const char **line)
{
	size_t len = strcspn(*line, " \t");
	char *word = g_strndup(*line, len);

	*line += len;
	*line += strspn(*line, " \t");
	return word;
}

/* NAME ok|fail TEXT */
static bool take_example(struct remarks *remarks, const char *file,
			 unsigned line, const char *rest)
{
	g_autofree char *name = cut_word(&rest), *outcome = cut_word(&rest);
	struct remarks_example example = {
		.file = file, .line = line,
		.is_hit = strcmp(outcome, "ok") == 0,
	};

	if (!is_name(name) ||
	    (!example.is_hit && strcmp(outcome, "fail") != 0))
		return false;
	example.name = g_steal_pointer(&name);
	example.text = g_strdup(rest);
	g_array_append_val(remarks->examples, example);
	return true;
}

/* NAME NUMBER: the order of work. */
static bool is_priority(const char *rest)
{
	g_autofree char *name = cut_word(&rest);
	char *end;
	gint64 value = g_ascii_strtoll(rest, &end, 10);

	return is_name(name) && end != rest && !*end &&
	       value >= -PRIORITY_MAX && value <= PRIORITY_MAX;
}

/* NAME OLD-NAME...: what may be taken from old reports. */
static bool is_reuse(const char *rest)
{
	bool is_good = *rest != '\0';

	while (is_good && *rest) {
		g_autofree char *name = cut_word(&rest);

		is_good = is_name(name);
	}
	return is_good;
}

enum remarks_result remarks_take(struct remarks *remarks, const char *file,
				 unsigned line, const char *word,
				 const char *rest)
{
	bool is_good;

	if (strcmp(word, "test") == 0)
		is_good = take_example(remarks, file, line, rest);
	else if (strcmp(word, "priority") == 0)
		is_good = is_priority(rest);
	else if (strcmp(word, "reuse") == 0)
		is_good = is_reuse(rest);
	else
		return REMARKS_OTHER;
	return is_good ? REMARKS_TAKEN : REMARKS_WRONG;
}

const GArray *remarks_examples(const struct remarks *remarks)
{
	return remarks->examples;
}
