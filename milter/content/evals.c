#include <config.h>

#include "content/evals.h"

#include <string.h>

#define ARGUMENTS_MAX 32

struct eval_call {
	const struct eval_row *row;
	char *arguments[ARGUMENTS_MAX + 1];
	unsigned count;
	struct pattern *pattern;	/* NULL: none */
};

const char *const evals_with_pattern[] = { NULL };
const char *const evals_with_delimited[] = { NULL };

bool evals_is_within(double value, char *const *bounds)
{
	return value > g_ascii_strtod(bounds[0], NULL) &&
	       (strcmp(bounds[1], "inf") == 0 ||
		value <= g_ascii_strtod(bounds[1], NULL));
}

bool evals_found(const struct eval_source *source, const char *what)
{
	source->memory->found = what;
	return true;
}

static GQuark evals_error(void)
{
	return g_quark_from_static_string("evals");
}

static const struct eval_row *find_row(const char *name)
{
	static const struct eval_row *const tables[] = {
		evalsheader_rows, evalsbody_rows, evalsattach_rows,
		evalslists_rows, evalsfreemail_rows, evalsuri_rows,
		evalstext_rows, evalsforged_rows, evalsrecipients_rows,
		evalshtml_rows, evalsmime_rows, evalsimage_rows,
		evalsalternative_rows,
	};

	for (size_t i = 0; i < COUNT_OF(tables); i++)
		for (const struct eval_row *row = tables[i]; row->name; row++)
			if (strcmp(row->name, name) == 0)
				return row;
	return NULL;
}

/* 'text', "text" or a bare word; false at the end, or where there is none. */
static bool take_argument(const char **at, char **argument_out)
{
	const char *end;
	char quote;

	*at += strspn(*at, " \t,");
	quote = **at;
	if (!quote || quote == ')')
		return false;
	if (quote == '\'' || quote == '"') {
		end = strchr(*at + 1, quote);
		if (!end)
			return false;
		*argument_out = g_strndup(*at + 1, (gsize)(end - *at - 1));
		*at = end + 1;
		return true;
	}
	end = *at + strcspn(*at, ", \t)");
	*argument_out = g_strndup(*at, (gsize)(end - *at));
	*at = end;
	return true;
}

static bool is_word(const struct eval_row *row, const char *argument)
{
	for (const char *const *word = row->words; *word; word++)
		if (strcmp(*word, argument) == 0)
			return true;
	return false;
}

static struct eval_call *fail(struct eval_call *call, GError **error,
			      const char *what)
{
	g_set_error(error, evals_error(), 0, "eval:%s() %s",
		    call->row ? call->row->name : "", what);
	evals_free(call);
	return NULL;
}

static struct eval_call *add_pattern(struct eval_call *call, GError **error)
{
	g_autofree char *bare = NULL, *modifiers = NULL;
	const char *text;

	if (call->count < call->row->most)
		return call;
	text = call->arguments[call->count - 1];
	if (call->row->words == evals_with_delimited)
		bare = pattern_strip(text, &modifiers, error);
	else
		bare = g_strdup(text);
	if (bare)
		call->pattern = pattern_compile(bare, modifiers ? modifiers :
						"", error);
	if (call->pattern)
		return call;
	evals_free(call);
	return NULL;
}

static bool has_pattern(const struct eval_row *row)
{
	return row->words == evals_with_pattern ||
	       row->words == evals_with_delimited;
}

static bool is_fit(const struct eval_call *call)
{
	const struct eval_row *row = call->row;

	if (row->words && !has_pattern(row) && call->count &&
	    !is_word(row, call->arguments[0]))
		return false;
	return evalsattach_is_fit(row, call->arguments) &&
	       evalshtml_is_fit(row, call->arguments);
}

struct eval_call *evals_parse(const char *text, GError **error)
{
	struct eval_call *call = g_new0(struct eval_call, 1);
	size_t len = strcspn(text, " (");
	g_autofree char *name = g_strndup(text, len);
	const char *at = strchr(text, '(');

	call->row = find_row(name);
	if (!call->row || !at) {
		evals_free(call);
		g_set_error(error, evals_error(), 0,
			    "eval:%s() is not supported", name);
		return NULL;
	}
	at++;
	while (call->count < ARGUMENTS_MAX &&
	       take_argument(&at, &call->arguments[call->count]))
		call->count++;
	at += strspn(at, " \t");
	if (*at != ')')
		return fail(call, error, "has no ) at its end");
	if (call->count < call->row->least || call->count > call->row->most)
		return fail(call, error, "has too many or too few arguments");
	if (!is_fit(call))
		return fail(call, error, "is not supported with this argument");
	return has_pattern(call->row) ? add_pattern(call, error) : call;
}

void evals_free(struct eval_call *call)
{
	if (!call)
		return;
	for (unsigned i = 0; i < call->count; i++)
		g_free(call->arguments[i]);
	pattern_free(call->pattern);
	g_free(call);
}

void evals_format(const struct eval_call *call, GString *out)
{
	g_string_append_printf(out, "%s(", call->row->name);
	for (unsigned i = 0; i < call->count; i++)
		g_string_append_printf(out, "%s'%s'", i ? ", " : "",
				       call->arguments[i]);
	g_string_append_c(out, ')');
}

bool evals_run(const struct eval_call *call, const struct eval_source *source)
{
	struct eval_source mine = *source;

	mine.pattern = call->pattern;
	return call->row->run(&mine, call->arguments);
}
