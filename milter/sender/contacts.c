#include <config.h>

#include "sender/contacts.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>

#define WAYS 8			/* places that a sender may take */
#define MAGIC "reevecontacts1\n"
#define MAGIC_BYTES (sizeof MAGIC - 1)

/* A row of places, the one last seen first. */
struct contacts {
	pthread_mutex_t lock;
	size_t rows;
	bool is_changed;
	uint64_t (*places)[WAYS];	/* 0: free */
};

struct contacts *contacts_new(size_t count)
{
	struct contacts *contacts = g_new0(struct contacts, 1);

	pthread_mutex_init(&contacts->lock, NULL);
	contacts->rows = count / WAYS;
	contacts->places = g_malloc0(MAX(contacts->rows, 1) *
				     sizeof *contacts->places);
	return contacts;
}

void contacts_free(struct contacts *contacts)
{
	if (!contacts)
		return;
	pthread_mutex_destroy(&contacts->lock);
	g_free(contacts->places);
	g_free(contacts);
}

static uint64_t digest_of(const char *sender)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	uint64_t digest;

	BUG_IF(EVP_Digest(sender, strlen(sender), hash, NULL, EVP_sha256(),
			  NULL) != 1);
	memcpy(&digest, hash, sizeof digest);
	return digest ? digest : 1;
}

/* Moves it, or what is at the end of its row, to the front; whether it was
 * there. The lock is held. */
static bool touch(struct contacts *contacts, uint64_t digest, bool is_adding)
{
	uint64_t *row = contacts->places[digest % contacts->rows];
	size_t at = 0;
	bool is_there;

	while (at < WAYS - 1 && row[at] != digest)
		at++;
	is_there = row[at] == digest;
	if (!is_there && !is_adding)
		return false;
	memmove(row + 1, row, at * sizeof *row);
	row[0] = digest;
	contacts->is_changed |= !is_there;
	return is_there;
}

static bool locked_touch(struct contacts *contacts, const char *sender,
			 bool is_adding)
{
	uint64_t digest = digest_of(sender);
	bool is_there;

	if (!contacts || !contacts->rows)
		return true;
	pthread_mutex_lock(&contacts->lock);
	is_there = touch(contacts, digest, is_adding);
	pthread_mutex_unlock(&contacts->lock);
	return is_there;
}

bool contacts_has(struct contacts *contacts, const char *sender)
{
	return locked_touch(contacts, sender, false);
}

void contacts_add(struct contacts *contacts, const char *sender)
{
	(void)locked_touch(contacts, sender, true);
}

/* The last seen of a row goes in last, and so to the front again. */
void contacts_load(struct contacts *contacts, const char *path)
{
	g_autofree char *text = NULL;
	gsize len;

	if (!contacts->rows || !g_file_get_contents(path, &text, &len, NULL) ||
	    len < MAGIC_BYTES || memcmp(text, MAGIC, MAGIC_BYTES) != 0)
		return;
	pthread_mutex_lock(&contacts->lock);
	for (gsize at = len - (len - MAGIC_BYTES) % sizeof(uint64_t);
	     at > MAGIC_BYTES; at -= sizeof(uint64_t)) {
		uint64_t digest;

		memcpy(&digest, text + at - sizeof digest, sizeof digest);
		if (digest)
			touch(contacts, digest, true);
	}
	contacts->is_changed = false;
	pthread_mutex_unlock(&contacts->lock);
}

bool contacts_save(struct contacts *contacts, const char *path,
		   GError **error)
{
	g_autoptr(GString) out = g_string_new(MAGIC);
	bool is_changed;

	pthread_mutex_lock(&contacts->lock);
	is_changed = contacts->is_changed;
	contacts->is_changed = false;
	for (size_t i = 0; is_changed && i < contacts->rows; i++)
		for (size_t j = 0; j < WAYS; j++)
			if (contacts->places[i][j])
				g_string_append_len(out,
					(const char *)&contacts->places[i][j],
					sizeof(uint64_t));
	pthread_mutex_unlock(&contacts->lock);
	if (!is_changed || g_file_set_contents_full(path, out->str,
		(gssize)out->len, G_FILE_SET_CONTENTS_CONSISTENT, 0600, error))
		return true;
	pthread_mutex_lock(&contacts->lock);
	contacts->is_changed = true;
	pthread_mutex_unlock(&contacts->lock);
	return false;
}
