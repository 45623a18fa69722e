#include <config.h>

#include "content/hyperset.h"

#include "content/pattern.h"
#include "content/patterncache.h"

#include <hs.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_MAX 8u		/* of repeats that are counted */
#define RULES_MIN 8		/* fewer are matched faster by themselves */
#define TEXT_BYTES_MAX 1300	/* longer ones took up to eight seconds each */
#define REFUSALS_MAX 100	/* patterns left out, one compilation each */

struct hyperset {
	hs_database_t *database;
	GPtrArray *rules;		/* of const struct rule *, by id */
};

/* What is given to Hyperscan of a set; an index is an id. */
struct job {
	GPtrArray *rules;
	GPtrArray *texts;		/* of char * */
	GArray *flags, *ids;		/* of unsigned */
	GArray *refused;		/* of guint32: ids, each as it stood
					 * when it was left out */
};

/*
 * Scratch memory fits all databases that were made before it. To make it takes
 * a check sum of a whole database, so there is one pattern of it, and each
 * thread copies that when it has grown.
 */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static hs_scratch_t *model;
static _Atomic unsigned model_age;

/* A thread's own; freed with it. */
struct tools {
	hs_scratch_t *scratch;
	unsigned age;
};

static void free_tools(gpointer memory)
{
	struct tools *tools = memory;

	hs_free_scratch(tools->scratch);
	g_free(tools);
}

static GPrivate own_tools = G_PRIVATE_INIT(free_tools);

static bool grow_model(const hs_database_t *database)
{
	bool is_good;

	pthread_mutex_lock(&lock);
	is_good = hs_alloc_scratch(database, &model) == HS_SUCCESS;
	model_age++;
	pthread_mutex_unlock(&lock);
	return is_good;
}

/* NULL: no memory was to be had. */
static hs_scratch_t *get_scratch(void)
{
	struct tools *tools = g_private_get(&own_tools);

	if (!tools) {
		tools = g_new0(struct tools, 1);
		g_private_set(&own_tools, tools);
	}
	if (tools->age == model_age)
		return tools->scratch;
	pthread_mutex_lock(&lock);
	hs_free_scratch(tools->scratch);
	tools->scratch = NULL;
	tools->age = model_age;
	if (!model || hs_clone_scratch(model, &tools->scratch) != HS_SUCCESS)
		tools->scratch = NULL;
	pthread_mutex_unlock(&lock);
	return tools->scratch;
}

const char *hyperset_engine(void)
{
	return hs_valid_platform() == HS_SUCCESS ? hs_version() : NULL;
}

static unsigned flags_of(const struct pattern *pattern)
{
	return HS_FLAG_PREFILTER | HS_FLAG_SINGLEMATCH |
	       (pattern_has(pattern, 'i') ? HS_FLAG_CASELESS : 0u) |
	       (pattern_has(pattern, 'm') ? HS_FLAG_MULTILINE : 0u) |
	       (pattern_has(pattern, 's') ? HS_FLAG_DOTALL : 0u);
}

/* One that may match nothing at all matches everywhere: that
 * sorts out nothing. */
static bool is_worth_it(const char *text, unsigned flags)
{
	hs_expr_info_t *info = NULL;
	hs_compile_error_t *why = NULL;
	bool is_it = hs_expression_info(text, flags, &info, &why) ==
		     HS_SUCCESS && info->min_width > 0;

	free(info);
	if (why)
		hs_free_compile_error(why);
	return is_it;
}

/* The length of "\\Q...", "\\x", "\\x{1f}" and their like, of a
 * class, or of one byte. */
static size_t piece_at(const char *text)
{
	size_t len = 1;

	if (g_str_has_prefix(text, "\\Q")) {
		const char *end = strstr(text, "\\E");

		len = end ? (size_t)(end - text) : strlen(text);
	} else if (*text == '\\' && text[1]) {
		len = 2;
		if (strchr("xogpPkN", text[1]) && text[2] == '{')
			len += strcspn(text + 2, "}") + 1;
	} else if (*text == '[') {
		len += text[len] == '^';
		len += text[len] == ']';
		while (text[len] && text[len] != ']')
			len += text[len] == '\\' ? 2 :
			       text[len] == '[' && text[len + 1] == ':' ?
			       strcspn(text + len, "]") + 1 : 1;
		len++;
	}
	return strnlen(text, len);
}

/*
 * "{2,300}" becomes "{2,}", "{40}" becomes "{8,}": all that matched does still,
 * and the compiled form of a long count is a hundred times as large.
 */
static char *relax(const char *text)
{
	GString *out = g_string_new(NULL);

	while (*text) {
		size_t len = piece_at(text);
		unsigned least, most;
		int end = 0, end_of_one = 0;

		if (*text == '{' && (sscanf(text, "{%u,%u}%n", &least, &most,
					    &end) == 2 ||
				     sscanf(text, "{%u}%n", &least,
					    &end_of_one) == 1) &&
		    (end || end_of_one)) {
			if (!end)
				most = least;
			len = (size_t)MAX(end, end_of_one);
			if (most > COUNT_MAX) {
				g_string_append_printf(out, "{%u,}",
						       MIN(least, COUNT_MAX));
				text += len;
				continue;
			}
		}
		g_string_append_len(out, text, (gssize)len);
		text += len;
	}
	return g_string_free(out, FALSE);
}

static void add_rule(struct job *job, struct rule *rule)
{
	unsigned flags = flags_of(rule->pattern);
	g_autofree char *relaxed = relax(pattern_text(rule->pattern));
	char *text = g_strconcat(pattern_has(rule->pattern, 'x') ? "(?x)" : "",
				 relaxed, NULL);

	if (strlen(text) > TEXT_BYTES_MAX || !is_worth_it(text, flags)) {
		g_free(text);
		return;
	}
	g_array_append_val(job->ids, job->rules->len);
	g_array_append_val(job->flags, flags);
	g_ptr_array_add(job->rules, rule);
	g_ptr_array_add(job->texts, text);
}

static void collect(struct job *job, const GPtrArray *rules)
{
	*job = (struct job){
		g_ptr_array_new(), g_ptr_array_new_with_free_func(g_free),
		g_array_new(FALSE, FALSE, sizeof(unsigned)),
		g_array_new(FALSE, FALSE, sizeof(unsigned)),
		g_array_new(FALSE, FALSE, sizeof(guint32)),
	};
	for (guint i = 0; i < rules->len; i++)
		add_rule(job, g_ptr_array_index(rules, i));
}

static void leave_out(struct job *job, guint32 id)
{
	g_array_append_val(job->refused, id);
	g_ptr_array_remove_index(job->rules, id);
	g_ptr_array_remove_index(job->texts, id);
	g_array_remove_index(job->flags, id);
	g_array_set_size(job->ids, job->rules->len);
}

static hs_database_t *compile(struct job *job)
{
	hs_database_t *database = NULL;

	for (int i = 0; i < REFUSALS_MAX && job->rules->len; i++) {
		hs_compile_error_t *why = NULL;
		int place;

		if (hs_compile_multi((const char *const *)job->texts->pdata,
				     (unsigned *)(void *)job->flags->data,
				     (unsigned *)(void *)job->ids->data,
				     job->rules->len, HS_MODE_BLOCK, NULL,
				     &database, &why) == HS_SUCCESS)
			return database;
		place = why->expression;
		hs_free_compile_error(why);
		if (place < 0)
			return NULL;
		leave_out(job, (guint32)place);
	}
	return NULL;
}

/* Of all that the compiled form depends on. */
static char *key_of(const struct job *job)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	hs_platform_info_t platform;

	memset(&platform, 0, sizeof platform);
	(void)hs_populate_platform(&platform);
	g_checksum_update(sum, (const guchar *)hs_version(), -1);
	g_checksum_update(sum, (const guchar *)&platform, sizeof platform);
	for (guint i = 0; i < job->texts->len; i++) {
		const char *text = g_ptr_array_index(job->texts, i);

		g_checksum_update(sum, (const guchar *)text,
				  (gssize)strlen(text) + 1);
		g_checksum_update(sum, (const guchar *)&g_array_index(
				  job->flags, unsigned, i), sizeof(unsigned));
	}
	return g_strdup(g_checksum_get_string(sum));
}

/* What is kept begins with the patterns that were refused: how
 * many, and which. */
static hs_database_t *unpack(struct job *job, GBytes *kept)
{
	gsize size;
	const char *bytes = g_bytes_get_data(kept, &size);
	hs_database_t *database = NULL;
	guint32 count, id;

	if (size < sizeof count)
		return NULL;
	memcpy(&count, bytes, sizeof count);
	if (count > REFUSALS_MAX || size < (count + 1) * sizeof count ||
	    hs_deserialize_database(bytes + (count + 1) * sizeof count,
				    size - (count + 1) * sizeof count,
				    &database) != HS_SUCCESS)
		return NULL;
	for (guint i = 0; i < count; i++) {
		memcpy(&id, bytes + (i + 1) * sizeof id, sizeof id);
		if (id < job->rules->len)
			leave_out(job, id);
	}
	return database;
}

static void keep(const struct job *job, const char *cache_dir,
		 const char *key, const hs_database_t *database)
{
	g_autoptr(GByteArray) out = g_byte_array_new();
	guint32 count = job->refused->len;
	char *bytes = NULL;
	size_t len = 0;

	if (hs_serialize_database(database, &bytes, &len) != HS_SUCCESS)
		return;
	g_byte_array_append(out, (const guint8 *)&count, sizeof count);
	g_byte_array_append(out, (const guint8 *)job->refused->data,
			    count * (guint)sizeof count);
	g_byte_array_append(out, (const guint8 *)bytes, (guint)len);
	patterncache_put(cache_dir, key, span_of((const char *)out->data,
						 out->len));
	free(bytes);
}

static hs_database_t *get_database(struct job *job, const char *cache_dir)
{
	g_autofree char *key = cache_dir ? key_of(job) : NULL;
	g_autoptr(GBytes) kept = key ? patterncache_get(cache_dir, key) : NULL;
	hs_database_t *database = kept ? unpack(job, kept) : NULL;

	if (database)
		return database;
	database = compile(job);
	if (database && key)
		keep(job, cache_dir, key, database);
	return database;
}

struct hyperset *hyperset_new(const GPtrArray *rules, const char *cache_dir)
{
	struct hyperset *set = NULL;
	struct job job;

	if (!hyperset_engine())
		return NULL;
	collect(&job, rules);
	if (job.rules->len >= RULES_MIN) {
		hs_database_t *database = get_database(&job, cache_dir);

		if (database && !grow_model(database)) {
			hs_free_database(database);
			database = NULL;
		}
		if (database) {
			set = g_new0(struct hyperset, 1);
			set->database = database;
			set->rules = g_steal_pointer(&job.rules);
		}
	}
	for (guint i = 0; set && i < set->rules->len; i++) {
		struct rule *rule = g_ptr_array_index(set->rules, i);

		rule->is_filtered = true;
	}
	if (job.rules)
		g_ptr_array_unref(job.rules);
	g_ptr_array_unref(job.texts);
	g_array_unref(job.flags);
	g_array_unref(job.ids);
	g_array_unref(job.refused);
	return set;
}

void hyperset_free(struct hyperset *set)
{
	if (!set)
		return;
	hs_free_database(set->database);
	g_ptr_array_unref(set->rules);
	g_free(set);
}

struct scan {
	const struct hyperset *set;
	size_t len;			/* of the text */
	prefilter_take_fn *take;
	void *mydata;
};

static int on_match(unsigned id, unsigned long long from,
		    unsigned long long to, unsigned flags, void *mydata)
{
	const struct scan *scan = mydata;
	const struct pattern_window window = { 0, scan->len };

	(void)from;
	(void)to;
	(void)flags;
	scan->take(g_ptr_array_index(scan->set->rules, id), &window,
		   scan->mydata);
	return 0;
}

bool hyperset_scan(const struct hyperset *set, struct span text,
		    prefilter_take_fn *take, void *mydata)
{
	hs_scratch_t *scratch = get_scratch();
	struct scan scan = { set, text.len, take, mydata };

	return scratch && text.len <= UINT_MAX &&
	       hs_scan(set->database, text.len ? text.ptr : "",
		       (unsigned)text.len, 0, scratch, on_match,
		       &scan) == HS_SUCCESS;
}
