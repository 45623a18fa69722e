#include <config.h>

#include "admin/customerwords.h"

#include "admin/desk.h"

#include <sysexits.h>

/* Bytes as they are: a locale may not know their letters. */
#define TEXT(word, field, what, arg) \
	{ word, 0, 0, G_OPTION_ARG_FILENAME, &words->texts[field], what, arg }
#define LIST(word, field, what, arg) \
	{ word, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &words->lists[field], \
	  what, arg }

/* The list with what was wanted behind it. */
static bool extend(struct customer_entry *entry, enum customer_field field,
		   char **more, struct arena *arena, GError **error)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new();
	const char *const *list = customerentry_list(entry, field);

	for (; *list; list++)
		g_ptr_array_add(all, (void *)*list);
	for (; *more; more++)
		g_ptr_array_add(all, *more);
	g_ptr_array_add(all, NULL);
	return customerentry_set_list(entry, field,
				      (const char *const *)all->pdata, arena,
				      error);
}

static bool take_from(struct customer_entry *entry, enum customer_field field,
		      const char *value, struct arena *arena)
{
	const char *form = customerentry_value(field, value, arena, NULL);
	g_autoptr(GPtrArray) rest = g_ptr_array_new();
	const char *const *list = customerentry_list(entry, field);
	bool is_found = false;

	for (; form && *list; list++)
		if (g_ascii_strcasecmp(*list, form) == 0)
			is_found = true;
		else
			g_ptr_array_add(rest, (void *)*list);
	g_ptr_array_add(rest, NULL);
	return is_found && customerentry_set_list(entry, field,
		(const char *const *)rest->pdata, arena, NULL);
}

int customerwords_take(struct customerwords *words, const struct command *self,
		       bool is_edit, int *argc, char ***argv)
{
	const GOptionEntry end = G_OPTION_ENTRY_NULL, without = {
		"without", 0, 0, G_OPTION_ARG_FILENAME_ARRAY,
		&words->without, "Take this contact, network, account or "
		"domain away (often)", "VALUE",
	};
	const GOptionEntry entries[] = {
		TEXT("name", CUSTOMER_FIELD_NAME, "Name", "TEXT"),
		LIST("contact", CUSTOMER_FIELD_CONTACTS,
		     "Mail address of who is told (often)", "ADDRESS"),
		TEXT("language", CUSTOMER_FIELD_LANGUAGE,
		     "Language of letters: en, zh", "TAG"),
		LIST("network", CUSTOMER_FIELD_NETWORKS,
		     "Address or network (often)", "CIDR"),
		LIST("account", CUSTOMER_FIELD_ACCOUNTS, "Login; @example.org "
		     "for all that end so (often)", "NAME"),
		LIST("domain", CUSTOMER_FIELD_DOMAINS, "Domain it sends as; "
		     ".example.org for all below (often)", "DOMAIN"),
		TEXT("notes", CUSTOMER_FIELD_NOTES, "What else there is to "
		     "know", "TEXT"),
		DESK_REASON_ENTRY(&words->reason),
		is_edit ? without : end,
		end,
	};
	int status = admin_parse(self, entries, argc, argv);

	if (status == EX_OK && *argc != 2)
		status = admin_fail(self, EX_USAGE,
				    "the id of one customer is needed");
	return status;
}

void customerwords_release(struct customerwords *words)
{
	for (int i = 0; i < CUSTOMER_FIELDS; i++) {
		g_free(words->texts[i]);
		g_strfreev(words->lists[i]);
	}
	g_strfreev(words->without);
	g_free(words->reason);
}

bool customerwords_apply(const struct customerwords *words,
			 struct customer_entry *entry, struct arena *arena,
			 GError **error)
{
	for (int i = 0; i < CUSTOMER_FIELDS; i++) {
		enum customer_field field = (enum customer_field)i;

		if (words->texts[i] &&
		    !customerentry_set(entry, field, words->texts[i], arena,
				       error))
			return false;
		if (words->lists[i] &&
		    !extend(entry, field, words->lists[i], arena, error))
			return false;
	}
	return true;
}

int customerwords_drop(const struct command *self,
		       const struct customerwords *words,
		       struct customer_entry *entry, struct arena *arena)
{
	for (char **value = words->without; value && *value; value++) {
		bool is_found = false;

		for (int i = 0; i < CUSTOMER_FIELDS; i++)
			if (customerentry_is_list((enum customer_field)i))
				is_found |= take_from(entry,
					(enum customer_field)i, *value, arena);
		if (!is_found)
			return admin_fail(self, EX_DATAERR, "--without: "
				"customer %s has no such contact, network, "
				"account or domain", entry->id);
	}
	return EX_OK;
}
