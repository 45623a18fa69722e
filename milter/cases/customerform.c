#include <config.h>

#include "cases/customerform.h"

#include "store/prototext.h"
#include "store/state.pb-c.h"

#include <string.h>

static void pack_text(protobuf_c_boolean *has, ProtobufCBinaryData *out,
		      const char *text)
{
	*has = *text != '\0';
	*out = prototext_pack(text);
}

static void pack_list(size_t *count, ProtobufCBinaryData **out,
		      const char *const *list, struct arena *arena)
{
	*count = g_strv_length((char **)list);
	*out = arena_new_n(arena, ProtobufCBinaryData, *count);
	for (size_t i = 0; i < *count; i++)
		(*out)[i] = prototext_pack(list[i]);
}

struct span customerform_pack(const struct customer_entry *entry,
			      struct arena *arena)
{
	Reeve__Customer out = REEVE__CUSTOMER__INIT;
	uint8_t *bytes;

	pack_text(&out.has_id, &out.id, entry->id);
	pack_text(&out.has_name, &out.name, entry->name);
	pack_text(&out.has_language, &out.language, entry->language);
	pack_text(&out.has_notes, &out.notes, entry->notes);
	pack_list(&out.n_contacts, &out.contacts, entry->contacts, arena);
	pack_list(&out.n_networks, &out.networks, entry->networks, arena);
	pack_list(&out.n_accounts, &out.accounts, entry->accounts, arena);
	pack_list(&out.n_domains, &out.domains, entry->domains, arena);
	out.has_created_us = out.has_changed_us = true;
	out.created_us = entry->created_us;
	out.changed_us = entry->changed_us;
	bytes = arena_alloc(arena, reeve__customer__get_packed_size(&out));
	return span_of((const char *)bytes,
		       reeve__customer__pack(&out, bytes));
}

static const char *unpack_text(protobuf_c_boolean has,
			       const ProtobufCBinaryData *data,
			       struct arena *arena)
{
	return has ? arena_span_text(arena, span_of((char *)data->data,
						    data->len)) : "";
}

static const char *const *unpack_list(size_t count,
				      const ProtobufCBinaryData *data,
				      struct arena *arena)
{
	const char **list = arena_new_n(arena, const char *, count + 1);

	for (size_t i = 0; i < count; i++)
		list[i] = unpack_text(true, &data[i], arena);
	return list;
}

bool customerform_unpack(struct span value, struct arena *arena,
			 struct customer_entry *out)
{
	Reeve__Customer *in = reeve__customer__unpack(
		NULL, value.len, (const uint8_t *)value.ptr);

	if (!in)
		return false;
	*out = (struct customer_entry){
		.id = unpack_text(in->has_id, &in->id, arena),
		.name = unpack_text(in->has_name, &in->name, arena),
		.language = unpack_text(in->has_language, &in->language,
					arena),
		.notes = unpack_text(in->has_notes, &in->notes, arena),
		.contacts = unpack_list(in->n_contacts, in->contacts, arena),
		.networks = unpack_list(in->n_networks, in->networks, arena),
		.accounts = unpack_list(in->n_accounts, in->accounts, arena),
		.domains = unpack_list(in->n_domains, in->domains, arena),
		.created_us = in->created_us, .changed_us = in->changed_us,
		.where = "",
	};
	reeve__customer__free_unpacked(in, NULL);
	return true;
}
