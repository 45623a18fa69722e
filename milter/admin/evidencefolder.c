#include <config.h>

#include "admin/evidencefolder.h"

#include "admin/evidenceproof.h"
#include "admin/recordjson.h"
#include "admin/recordsproof.h"
#include "store/proof.h"

#include <stdlib.h>

static bool add(struct evidencezip *zip, const char *folder, const char *name,
		struct span bytes, int64_t time_us, GError **error)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);

	return evidencezip_add(zip, path, bytes, time_us, error);
}

/* Takes the object. */
static bool add_json(struct evidencezip *zip, const char *folder,
		     const char *name, json_t *object, int64_t time_us,
		     GError **error)
{
	char *text = object ? json_dumps(object, JSON_INDENT(2)) : NULL;
	bool is_done = text && add(zip, folder, name, span_text(text),
				   time_us, error);

	free(text);
	json_decref(object);
	return is_done;
}

static bool add_facts(struct evidencezip *zip, const char *folder,
		      const struct search_hit *hit, GError **error)
{
	return add_json(zip, folder, "facts.json",
			recordjson_record(hit->record, hit->sequence),
			recordview_ended_us(hit->record), error);
}

bool evidencefolder_add(struct evidencezip *zip, const char *folder,
			const char *state_dir,
			const struct evidencefind_item *item,
			const GByteArray *original, GError **error)
{
	int64_t time_us = recordview_ended_us(item->hit->record);
	g_autofree char *readme = evidenceproof_readme(item);

	return add(zip, folder, "README.txt", span_text(readme), time_us,
		   error) &&
	       add(zip, folder, "original.eml",
		   span_of((const char *)original->data, original->len),
		   time_us, error) &&
	       add_facts(zip, folder, item->hit, error) &&
	       add_json(zip, folder, "proof.json",
			evidenceproof_object(state_dir, item, error), time_us,
			error);
}

bool evidencefolder_add_record(struct evidencezip *zip, const char *folder,
			       const char *state_dir,
			       const struct search_hit *hit, GError **error)
{
	struct proof proof;
	json_t *object;

	if (!proof_make(state_dir, hit->sequence, &proof, error))
		return false;
	object = recordsproof_json(&proof);
	proof_release(&proof);
	return add_facts(zip, folder, hit, error) &&
	       add_json(zip, folder, "proof.json", object,
			recordview_ended_us(hit->record), error);
}
