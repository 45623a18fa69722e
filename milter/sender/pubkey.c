#include <config.h>

#include "sender/pubkey.h"

#include "sender/taglist.h"

#include <glib.h>
#include <openssl/x509.h>
#include <string.h>

#define ED25519_BYTES 32

static const char *take_blob(const struct taglist *list, struct arena *arena,
			     struct pubkey *key)
{
	const char *packed = taglist_packed(list, "p", arena);
	gsize len = 0;
	guchar *blob;

	if (!packed)
		return "no p= in the key record";
	if (!*packed)
		return NULL;
	blob = g_base64_decode(packed, &len);
	key->blob = arena_span(arena, span_of((const char *)blob, len));
	g_free(blob);
	return len ? NULL : "p= is no base64";
}

const char *pubkey_parse(struct span txt, struct arena *arena,
			 struct pubkey *key_out)
{
	struct taglist list;
	const struct span *value;

	*key_out = (struct pubkey){ .is_testing = false };
	if (!taglist_parse(txt, &list))
		return "the key record is no tag list";
	value = taglist_find(&list, "v");
	if (value && (!span_is(*value, "DKIM1") ||
		      !span_is(list.tags[0].name, "v")))
		return "the key record is of another version";
	value = taglist_find(&list, "k");
	key_out->is_ed25519 = value && span_is_word(*value, "ed25519");
	if (value && !key_out->is_ed25519 && !span_is_word(*value, "rsa"))
		return "the key is of an unknown kind";
	value = taglist_find(&list, "h");
	key_out->is_for_sha1 = !value || taglist_has_word(*value, ':', "sha1");
	key_out->is_for_sha256 = !value ||
				 taglist_has_word(*value, ':', "sha256");
	value = taglist_find(&list, "s");
	if (value && !taglist_has_word(*value, ':', "*") &&
	    !taglist_has_word(*value, ':', "email"))
		return "the key is not for e-mail";
	value = taglist_find(&list, "t");
	if (value) {
		key_out->is_testing = taglist_has_word(*value, ':', "y");
		key_out->is_strict = taglist_has_word(*value, ':', "s");
	}
	return take_blob(&list, arena, key_out);
}

bool pubkey_is_revoked(const struct pubkey *key)
{
	return key->blob.len == 0;
}

/* Some publish the bare RSAPublicKey in place of SubjectPublicKeyInfo. */
static EVP_PKEY *open_rsa(struct span blob)
{
	const unsigned char *at = (const unsigned char *)blob.ptr;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)blob.len);

	if (!key) {
		at = (const unsigned char *)blob.ptr;
		key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, (long)blob.len);
	}
	if (key && !EVP_PKEY_is_a(key, "RSA")) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	return key;
}

EVP_PKEY *pubkey_open(const struct pubkey *key)
{
	if (!key->is_ed25519)
		return open_rsa(key->blob);
	if (key->blob.len != ED25519_BYTES)
		return NULL;
	return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
		(const unsigned char *)key->blob.ptr, key->blob.len);
}
