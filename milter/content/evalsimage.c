/* Functions that look at images: how many, how large. */
#include <config.h>

#include "content/evals.h"
#include "message/imagesize.h"

#include <stdlib.h>
#include <string.h>

#define KIND_ALL IMAGE_KINDS
#define IMAGES_MAX 200		/* of a message whose sizes are read */

struct image {
	enum image_kind kind;
	bool is_read;			/* it is what it is said to be */
	struct imagesize size;
	const char *name;		/* NULL: none */
};

struct images {
	struct image *all;
	guint count;
	double pixels[IMAGE_KINDS + 1];	/* by kind, and all */
	guint counts[IMAGE_KINDS + 1];
};

static const char *const kind_words[] = { "gif", "png", "jpeg", "all", NULL };

static unsigned kind_of(const char *word)
{
	unsigned kind = 0;

	while (kind < KIND_ALL && strcmp(kind_words[kind], word) != 0)
		kind++;
	return kind;
}

/* The declared type decides, as other types are not shown. */
static bool is_image(const struct mime_part *part, unsigned *kind_out)
{
	const char *type = part->type;

	if (!g_str_has_prefix(type, "image/") ||
	    strcmp(part->encoding, "base64") != 0)
		return false;
	type += strlen("image/");
	*kind_out = kind_of(strcmp(type, "jpg") == 0 ? "jpeg" : type);
	return *kind_out != KIND_ALL;
}

static void add_image(struct images *images, const struct mime_part *part,
		      unsigned kind)
{
	struct image *image = &images->all[images->count++];
	GByteArray *head = mime_decode_bytes(part, IMAGESIZE_HEAD);
	double pixels;

	image->kind = (enum image_kind)kind;
	image->name = part->name;
	image->is_read = imagesize_read(image->kind, span_of(
		(const char *)head->data, head->len), &image->size);
	g_byte_array_unref(head);
	images->counts[kind]++;
	images->counts[KIND_ALL]++;
	if (!image->is_read)
		return;
	pixels = (double)image->size.width * image->size.height;
	images->pixels[kind] += pixels;
	images->pixels[KIND_ALL] += pixels;
}

static const struct images *images_of(const struct eval_source *source)
{
	const GPtrArray *leaves = source->text->mime->leaves;
	struct images *images;
	unsigned kind;

	if (source->memory->images)
		return source->memory->images;
	images = arena_new(source->header->arena, struct images);
	images->all = arena_new_n(source->header->arena, struct image,
				  IMAGES_MAX);
	for (guint i = 0; i < leaves->len && images->count < IMAGES_MAX; i++)
		if (is_image(g_ptr_array_index(leaves, i), &kind))
			add_image(images, g_ptr_array_index(leaves, i), kind);
	source->memory->images = images;
	return images;
}

/* From the first on, up to the second, where there is one. */
static bool is_between(double value, char *const *bounds)
{
	return value >= g_ascii_strtod(bounds[0], NULL) &&
	       (!bounds[1] || value <= g_ascii_strtod(bounds[1], NULL));
}

static bool image_count(const struct eval_source *source,
			char *const *arguments)
{
	return is_between(images_of(source)->counts[kind_of(arguments[0])],
			  arguments + 1);
}

static bool pixel_coverage(const struct eval_source *source,
			   char *const *arguments)
{
	return is_between(images_of(source)->pixels[kind_of(arguments[0])],
			  arguments + 1);
}

static size_t bytes_of(const GArray *spans)
{
	size_t bytes = 0;

	for (guint i = 0; i < spans->len; i++)
		bytes += g_array_index(spans, struct span, i).len;
	return bytes;
}

/* image_to_text_ratio('kind', 'min', 'max'): bytes of text, of the kind that
 * the rule is of, to pixels; from min on, below max. */
static bool text_ratio(const struct eval_source *source,
		       char *const *arguments)
{
	double pixels = images_of(source)->pixels[kind_of(arguments[0])];
	double bytes = (double)bytes_of(source->is_raw ? source->text->raw :
							 source->text->lines);
	double ratio;

	if (pixels <= 0 || bytes <= 0)
		return false;
	ratio = bytes / pixels;
	return ratio >= g_ascii_strtod(arguments[1], NULL) &&
	       ratio < g_ascii_strtod(arguments[2], NULL);
}

static bool is_at_least(const struct image *image, char *const *sides)
{
	return image->size.height >= strtoul(sides[0], NULL, 10) &&
	       image->size.width >= strtoul(sides[1], NULL, 10);
}

static bool is_at_most(const struct image *image, char *const *sides)
{
	return (!sides[0] || image->size.height <= strtoul(sides[0], NULL,
							   10)) &&
	       (!sides[0] || !sides[1] ||
		image->size.width <= strtoul(sides[1], NULL, 10));
}

/* ('kind', 'height', 'width'[, 'height at most'[, 'width at most']]) */
static bool is_within(const struct eval_source *source,
		      char *const *arguments, bool is_exact)
{
	const struct images *images = images_of(source);
	unsigned kind = kind_of(arguments[0]);
	char *const *most = is_exact ? arguments + 1 : arguments + 3;

	for (guint i = 0; i < images->count; i++) {
		const struct image *image = &images->all[i];

		if (image->is_read &&
		    (kind == KIND_ALL || (unsigned)image->kind == kind) &&
		    is_at_least(image, arguments + 1) &&
		    is_at_most(image, most))
			return true;
	}
	return false;
}

static bool size_exact(const struct eval_source *source,
		       char *const *arguments)
{
	return is_within(source, arguments, true);
}

static bool size_range(const struct eval_source *source,
		       char *const *arguments)
{
	return is_within(source, arguments, false);
}

static bool image_named(const struct eval_source *source,
			char *const *arguments)
{
	const struct images *images = images_of(source);

	for (guint i = 0; i < images->count; i++)
		if (images->all[i].is_read &&
		    g_strcmp0(images->all[i].name, arguments[0]) == 0)
			return true;
	return false;
}

static bool name_regex(const struct eval_source *source,
		       char *const *arguments)
{
	const struct images *images = images_of(source);

	(void)arguments;
	for (guint i = 0; i < images->count; i++)
		if (images->all[i].is_read && images->all[i].name &&
		    pattern_match(source->pattern,
				  span_text(images->all[i].name), 0, NULL) ==
		    PATTERN_YES)
			return true;
	return false;
}

const struct eval_row evalsimage_rows[] = {
	{ "image_count", image_count, 2, 3, kind_words },
	{ "pixel_coverage", pixel_coverage, 2, 3, kind_words },
	{ "image_to_text_ratio", text_ratio, 3, 3, kind_words },
	{ "image_size_exact", size_exact, 3, 3, kind_words },
	{ "image_size_range", size_range, 3, 5, kind_words },
	{ "image_named", image_named, 1, 1, NULL },
	{ "image_name_regex", name_regex, 1, 1, evals_with_delimited },
	{ NULL, NULL, 0, 0, NULL },
};
