#include <config.h>

#include "sender/lookalike.h"

#include "message/mailaddr.h"

#include <idn2.h>
#include <pthread.h>
#include <string.h>
#include <unicode/uspoof.h>

#define NAME_MIN 5		/* letters */
#define TEXT_MAX 1024		/* bytes of text that is looked at */

struct lookalikes {
	GHashTable *domains;	/* of A-labels, owned */
	GHashTable *skeletons;	/* skeleton -> domain */
	GHashTable *variants;	/* with a letter left out -> GPtrArray of
				 * domains */
	GHashTable *names;	/* first label -> domain */
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static USpoofChecker *spoof;

static void open_spoof(void)
{
	UErrorCode status = U_ZERO_ERROR;

	spoof = uspoof_open(&status);
	if (U_FAILURE(status))
		spoof = NULL;
}

static char *skeleton_of(const char *text)
{
	char out[4 * TEXT_MAX];
	UErrorCode status = U_ZERO_ERROR;
	int32_t len = uspoof_getSkeletonUTF8(spoof, 0, text, -1, out,
					     sizeof out, &status);

	return U_FAILURE(status) || len >= (int32_t)sizeof out ? NULL :
	       g_strndup(out, (gsize)len);
}

/* Capitals first, as the eye sees them, then as what they are. */
char *lookalike_skeleton(const char *text)
{
	g_autofree char *first = NULL, *lower = NULL;
	char *to;

	pthread_once(&once, open_spoof);
	if (!spoof || strlen(text) > TEXT_MAX ||
	    !g_utf8_validate(text, -1, NULL))
		return NULL;
	first = skeleton_of(text);
	if (!first)
		return NULL;
	lower = g_utf8_strdown(first, -1);
	to = lower;
	for (const char *c = lower; *c; c++)
		if (!g_ascii_isspace(*c))
			*to++ = *c;
	*to = '\0';
	return strlen(lower) > TEXT_MAX ? NULL : skeleton_of(lower);
}

static char *domain_skeleton(const char *domain)
{
	char *unicode = NULL, *skeleton;

	if (idn2_to_unicode_8z8z(domain, &unicode, 0) != IDN2_OK)
		return lookalike_skeleton(domain);
	skeleton = lookalike_skeleton(unicode);
	idn2_free(unicode);
	return skeleton;
}

struct lookalikes *lookalikes_new(void)
{
	struct lookalikes *all = g_new0(struct lookalikes, 1);

	all->domains = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					     NULL);
	all->skeletons = g_hash_table_new_full(g_str_hash, g_str_equal,
					       g_free, NULL);
	all->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					   NULL);
	all->variants = g_hash_table_new_full(
		g_str_hash, g_str_equal, g_free,
		(GDestroyNotify)g_ptr_array_unref);
	return all;
}

void lookalikes_free(struct lookalikes *all)
{
	if (!all)
		return;
	g_hash_table_unref(all->skeletons);
	g_hash_table_unref(all->names);
	g_hash_table_unref(all->variants);
	g_hash_table_unref(all->domains);
	g_free(all);
}

static void add_variant(struct lookalikes *all, char *variant,
			const char *domain)
{
	GPtrArray *of = g_hash_table_lookup(all->variants, variant);

	if (!of) {
		of = g_ptr_array_new();
		g_hash_table_insert(all->variants, variant, of);
	} else {
		g_free(variant);
	}
	g_ptr_array_add(of, (char *)domain);
}

/* The text without its letter at that place. */
static char *without(const char *text, size_t at)
{
	return g_strdup_printf("%.*s%s", (int)at, text, text + at + 1);
}

bool lookalikes_add(struct lookalikes *all, const char *domain,
		    GError **error)
{
	struct arena arena;
	const char *ascii;
	char *ours, *skeleton;
	size_t label;

	arena_init(&arena);
	ascii = mailaddr_domain_ascii(span_text(domain + (*domain == '.')),
				      &arena);
	ours = g_strdup(ascii);
	arena_release(&arena);
	if (!ours) {
		g_set_error(error, g_quark_from_static_string("lookalike"), 0,
			    "\"%s\" is no domain", domain);
		return false;
	}
	if (!g_hash_table_add(all->domains, ours))
		return true;
	skeleton = domain_skeleton(ours);
	if (skeleton)
		g_hash_table_insert(all->skeletons, skeleton, ours);
	label = strcspn(ours, ".");
	if (label < NAME_MIN)
		return true;
	g_hash_table_insert(all->names, g_strndup(ours, label), ours);
	add_variant(all, g_strdup(ours), ours);
	for (size_t i = 0; i < strlen(ours); i++)
		add_variant(all, without(ours, i), ours);
	return true;
}

/* One letter put in, left out, replaced, or two neighbours swapped. */
static bool is_one_edit(const char *a, const char *b)
{
	size_t len_a = strlen(a), len_b = strlen(b), head = 0, tail = 0;

	while (a[head] && a[head] == b[head])
		head++;
	while (tail < len_a - head && tail < len_b - head &&
	       a[len_a - 1 - tail] == b[len_b - 1 - tail])
		tail++;
	len_a -= head + tail;
	len_b -= head + tail;
	if (len_a + len_b == 1 || (len_a == 1 && len_b == 1))
		return true;
	return len_a == 2 && len_b == 2 && a[head] == b[head + 1] &&
	       a[head + 1] == b[head];
}

static const char *find_edit(const struct lookalikes *all, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i <= len; i++) {
		g_autofree char *variant = i < len ? without(name, i) :
						     g_strdup(name);
		const GPtrArray *of = g_hash_table_lookup(all->variants,
							  variant);

		for (guint j = 0; of && j < of->len; j++)
			if (is_one_edit(name, g_ptr_array_index(of, j)))
				return g_ptr_array_index(of, j);
	}
	return NULL;
}

/* "example.org.login.test", "example-org.test", "example.test.net": each label
 * in front of the public suffix, and the parts of one that has hyphens. But the
 * same name under another suffix is another's right. */
static const char *find_label(const struct lookalikes *all,
			      const char *domain, const char *organisation)
{
	size_t front = strlen(domain) - strlen(organisation);
	size_t own = strcspn(organisation, ".");
	g_autofree char *text = g_strndup(domain, front + own);
	g_auto(GStrv) labels = g_strsplit_set(text, ".-", -1);
	bool is_plain = !memchr(organisation, '-', own);
	guint count = g_strv_length(labels);

	for (guint i = 0; i < count; i++) {
		const char *ours = g_hash_table_lookup(all->names, labels[i]);

		if (ours && (i + 1 < count || !is_plain))
			return ours;
	}
	return NULL;
}

enum lookalike lookalikes_find(const struct lookalikes *all,
			       const char *domain, const char *organisation,
			       const char **ours_out)
{
	g_autofree char *skeleton = NULL;

	for (const char *at = domain; at; at = strchr(at, '.') ?
	     strchr(at, '.') + 1 : NULL)
		if (g_hash_table_contains(all->domains, at))
			return LOOKALIKE_NONE;
	if (g_hash_table_size(all->domains) == 0)
		return LOOKALIKE_NONE;
	skeleton = domain_skeleton(organisation);
	*ours_out = skeleton ? g_hash_table_lookup(all->skeletons, skeleton) :
			       NULL;
	if (*ours_out)
		return LOOKALIKE_CONFUSABLE;
	*ours_out = find_edit(all, organisation);
	if (*ours_out)
		return LOOKALIKE_EDIT;
	*ours_out = find_label(all, domain, organisation);
	return *ours_out ? LOOKALIKE_LABEL : LOOKALIKE_NONE;
}
