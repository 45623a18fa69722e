#include <config.h>

#include "admin/authjson.h"

static void put(json_t *object, const char *key, const char *text)
{
	if (text && *text)
		json_object_set_new(object, key, json_string(text));
}

static void put_flag(json_t *object, const char *key, bool flag)
{
	if (flag)
		json_object_set_new(object, key, json_true());
}

static json_t *result_object(enum auth_result result)
{
	return json_pack("{s:s}", "result", result ? auth_result_word(result) :
						     "none");
}

static json_t *spf_object(const struct auth_spf *spf)
{
	json_t *object = result_object(spf->result);

	put(object, "scope", spf->scope);
	put(object, "domain", spf->domain);
	put(object, "mechanism", spf->mechanism);
	put(object, "explanation", spf->explanation);
	put(object, "reason", spf->reason);
	return object;
}

static json_t *dkim_array(const struct auth *auth)
{
	json_t *array = json_array();

	for (guint i = 0; i < auth->dkim->len; i++) {
		const struct auth_dkim *dkim = &g_array_index(
			auth->dkim, struct auth_dkim, i);
		json_t *object = result_object(dkim->result);

		put(object, "domain", dkim->domain);
		put(object, "selector", dkim->selector);
		put(object, "identity", dkim->identity);
		put(object, "algorithm", dkim->algorithm);
		if (dkim->key_bits)
			json_object_set_new(object, "key_bits",
					    json_integer(dkim->key_bits));
		put(object, "reason", dkim->reason);
		put_flag(object, "key_secure", dkim->is_key_secure);
		put_flag(object, "testing", dkim->is_testing);
		put_flag(object, "partial", dkim->is_partial);
		put_flag(object, "aligned", dkim->is_aligned);
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *dmarc_object(const struct auth_dmarc *dmarc)
{
	json_t *object = result_object(dmarc->result);

	put(object, "domain", dmarc->domain);
	put(object, "record_domain", dmarc->record_domain);
	put(object, "policy", dmarc_policy_word(dmarc->published));
	put(object, "tag", dmarc->tag);
	put(object, "disposition", dmarc_policy_word(dmarc->disposition));
	put(object, "override", dmarc->override);
	put(object, "reason", dmarc->reason);
	put_flag(object, "spf_aligned", dmarc->is_spf_aligned);
	put_flag(object, "dkim_aligned", dmarc->is_dkim_aligned);
	put_flag(object, "reports", dmarc->has_reports);
	put_flag(object, "spf_strict", dmarc->is_spf_strict);
	put_flag(object, "dkim_strict", dmarc->is_dkim_strict);
	put(object, "subdomain_policy", dmarc_policy_word(dmarc->sub_policy));
	return object;
}

static json_t *arc_object(const struct auth_arc *arc)
{
	json_t *object = result_object(arc->result);

	if (arc->sets)
		json_object_set_new(object, "sets", json_integer(arc->sets));
	put(object, "sealer", arc->sealer);
	put(object, "reason", arc->reason);
	put_flag(object, "trusted", arc->is_trusted);
	put_flag(object, "passed_origin", arc->has_passed_origin);
	return object;
}

json_t *authjson_object(const struct auth *auth)
{
	json_t *iprev = result_object(auth->iprev.result);

	put(iprev, "name", auth->iprev.name);
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}",
			 "spf", spf_object(&auth->spf),
			 "helo", spf_object(&auth->helo),
			 "dkim", dkim_array(auth),
			 "dmarc", dmarc_object(&auth->dmarc),
			 "arc", arc_object(&auth->arc), "iprev", iprev);
}
