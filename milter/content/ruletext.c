#include <config.h>

#include "content/ruletext.h"

#include "content/expressionrange.h"

#include <string.h>

#define DEPTH_MAX 20			/* of conditions, and of includes */
#define FILE_MAX ((gsize)256 << 20)
#define PREFIX "Mail::SpamAssassin::"

/* The version whose language this is. */
#define VERSION_TEXT "4.000001"
#define PERL_TEXT "5.036000"

/* What its plug-ins give, and Mailreeve gives too. */
static const char *const plugins[] = {
	"Check", "HeaderEval", "BodyEval", "HTMLEval", "HTTPSMismatch",
	"MIMEEval", "RelayEval", "URIEval", "URIDetail", "MIMEHeader",
	"ReplaceTags", "FreeMail", "WLBLEval", "VBounce", "ImageInfo",
};

static const char *const features[] = {
	"feature_originating_ip_headers",
	"feature_dns_local_ports_permit_avoid",
	"feature_bayes_auto_learn_on_error", "feature_uri_host_listed",
	"feature_yesno_takes_args", "feature_bug6558_free", "feature_edns",
	"feature_dns_query_restriction", "feature_registryboundaries",
	"feature_geodb", "feature_dns_block_rule", "feature_compile_regexp",
	"feature_meta_rules_matching", "feature_subjprefix",
	"feature_bayes_stopwords", "feature_get_host",
	"feature_blocklist_welcomelist", "feature_welcomelist_blocklist",
	"feature_header_address_parser", "feature_local_tests_only",
	"feature_header_first_last", "feature_header_match_many",
	"feature_capture_rules", "has_tflags_nosubject", "has_tflags_nolog",
	"perl_min_version_5010000",
};

struct file {
	const struct ruletext *reader;
	const char *name;
	unsigned line, depth;
	bool holds[DEPTH_MAX + 1];	/* of the conditions around, [0] true */
	unsigned conditions;
};

static bool is_among(const char *word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return false;
}

static bool has_plugin(const char *name)
{
	static const char plugin[] = PREFIX "Plugin::";

	return g_str_has_prefix(name, plugin) &&
	       is_among(name + strlen(plugin), plugins, COUNT_OF(plugins));
}

/* A feature of the language, or a function of a plug-in. */
static bool can(const char *name)
{
	static const char conf[] = PREFIX "Conf::";
	const char *last = g_strrstr(name, "::");

	if (g_str_has_prefix(name, conf))
		return is_among(name + strlen(conf), features,
				COUNT_OF(features));
	if (!last)
		return false;
	g_autofree char *plugin = g_strndup(name, (gsize)(last - name));

	return has_plugin(plugin);
}

/* Puts numbers for what only SpamAssassin could know. */
static const char *put_value(const char *at, GString *out)
{
	static const struct { const char *word, *value; } of[] = {
		{ "perl_version", PERL_TEXT }, { "version", VERSION_TEXT },
		{ "local_tests_only", "1" },
	};
	static const char *const calls[] = { "plugin(", "can(", "has(" };

	for (size_t i = 0; i < COUNT_OF(calls); i++) {
		size_t len = strlen(calls[i]), end;

		if (strncmp(at, calls[i], len) != 0)
			continue;
		end = strcspn(at + len, ")");
		g_autofree char *name = g_strstrip(g_strndup(at + len, end));

		g_string_append(out, (i ? can(name) : has_plugin(name)) ?
				"1" : "0");
		at += len + end;
		return *at ? at + 1 : at;
	}
	for (size_t i = 0; i < COUNT_OF(of); i++)
		if (g_str_has_prefix(at, of[i].word)) {
			g_string_append(out, of[i].value);
			return at + strlen(of[i].word);
		}
	g_string_append_c(out, *at);
	return at + 1;
}

bool ruletext_condition(const char *text, bool *holds_out, GError **error)
{
	g_autoptr(GString) sum = g_string_new(NULL);
	struct expression *expression;
	struct range value;

	while (*text)
		text = put_value(text, sum);
	expression = expression_parse(sum->str, error);
	if (!expression)
		return false;
	value = expressionrange_of(expression, NULL);
	*holds_out = expressionrange_may_be_true(&value);
	expression_free(expression);
	return true;
}

static void wrong(const struct file *on, const char *what)
{
	on->reader->on_wrong(on->reader->mydata, on->name, on->line, what);
}

static void begin_condition(struct file *on, const char *word,
			    const char *rest)
{
	g_autofree char *text = strcmp(word, "ifplugin") == 0 ?
		g_strdup_printf("plugin(%s)", rest) : g_strdup(rest);
	g_autoptr(GError) why = NULL;
	bool holds = false;

	if (on->conditions == DEPTH_MAX) {
		wrong(on, "conditions are nested too deeply");
		return;
	}
	if (!ruletext_condition(text, &holds, &why))
		wrong(on, why->message);
	on->holds[on->conditions + 1] = holds && on->holds[on->conditions];
	on->conditions++;
}

static bool take_condition(struct file *on, const char *word,
			   const char *rest)
{
	if (strcmp(word, "if") == 0 || strcmp(word, "ifplugin") == 0) {
		begin_condition(on, word, rest);
	} else if (strcmp(word, "else") == 0) {
		if (!on->conditions)
			wrong(on, "an else without an if");
		else
			on->holds[on->conditions] =
				!on->holds[on->conditions] &&
				on->holds[on->conditions - 1];
	} else if (strcmp(word, "endif") == 0) {
		if (!on->conditions)
			wrong(on, "an endif without an if");
		else
			on->conditions--;
	} else {
		return false;
	}
	return true;
}

/* "# ..." up to the end, unless the # is escaped. */
static void cut_comment(char *line)
{
	char *to = line;

	for (const char *from = line; *from; from++) {
		if (*from == '#')
			break;
		if (from[0] == '\\' && from[1] == '#')
			from++;
		*to++ = *from;
	}
	*to = '\0';
	g_strchomp(line);
}

static bool read_file(const struct ruletext *reader, const char *name,
		      unsigned depth, GError **error);

static void include(struct file *on, const char *rest)
{
	g_autofree char *folder = g_path_get_dirname(on->name);
	g_autofree char *whole = g_path_is_absolute(rest) ? g_strdup(rest) :
		g_build_filename(folder, rest, NULL);
	const char *path = g_intern_string(whole);
	g_autoptr(GError) why = NULL;

	if (on->depth == DEPTH_MAX) {
		wrong(on, "files are included too deeply");
		return;
	}
	on->reader->on_include(on->reader->mydata, path);
	if (!read_file(on->reader, path, on->depth + 1, &why))
		wrong(on, why->message);
}

static void take_line(struct file *on, char *line)
{
	char *word, *rest;

	cut_comment(line);
	word = g_strchug(line);
	if (!*word)
		return;
	rest = word + strcspn(word, " \t");
	if (*rest)
		*rest++ = '\0';
	rest = g_strchug(rest);
	if (take_condition(on, word, rest) || !on->holds[on->conditions])
		return;
	if (strcmp(word, "include") == 0)
		include(on, rest);
	else
		on->reader->on_line(on->reader->mydata, on->name, on->line,
				    word, rest);
}

static bool read_file(const struct ruletext *reader, const char *name,
		      unsigned depth, GError **error)
{
	struct file on = {
		.reader = reader, .name = name, .depth = depth,
		.holds = { true },
	};
	g_autofree char *text = NULL;
	gsize len;
	char *line, *next;

	if (!g_file_get_contents(name, &text, &len, error))
		return false;
	if (len > FILE_MAX || strlen(text) != len) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
			    "%s: %s", name, len > FILE_MAX ? "it is too long" :
			    "there is a NUL byte in it, so it is no text");
		return false;
	}
	line = g_str_has_prefix(text, "\xef\xbb\xbf") ? text + 3 : text;
	for (; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		on.line++;
		take_line(&on, line);
	}
	if (on.conditions)
		wrong(&on, "an endif is missing");
	return true;
}

bool ruletext_read(const struct ruletext *reader, const char *file,
		   GError **error)
{
	return read_file(reader, file, 0, error);
}
