#include <config.h>

#include "admin/admin.h"

#include "admin/table.h"
#include "message/mailaddr.h"
#include "resolver/inquiry.h"
#include "resolver/resolver.h"
#include "resolver/resolversettings.h"
#include "sender/pubkey.h"
#include "sender/sendersettings.h"
#include "sender/signkey.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#define DEFAULT_BITS 2048
#define OWNER "mailreeve"
#define STRING_MAX 255		/* of one string of a TXT record */

/* Makes a file that nobody else can read, and that was not there before. */
static int write_key(const struct command *self, const char *path,
		     const char *pem, const char *owner)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	size_t len = strlen(pem);
	const struct passwd *user;
	bool is_done;

	if (fd < 0)
		return admin_fail(self, errno == EACCES ? EX_NOPERM :
				  EX_CANTCREAT, "%s: %s", path,
				  g_strerror(errno));
	is_done = write(fd, pem, len) == (ssize_t)len && fsync(fd) == 0;
	is_done &= close(fd) == 0;
	if (!is_done) {
		unlink(path);
		return admin_fail(self, EX_IOERR, "%s: %s", path,
				  g_strerror(errno));
	}
	user = geteuid() == 0 ? getpwnam(owner) : NULL;
	if (user && chown(path, user->pw_uid, user->pw_gid) != 0)
		return admin_fail(self, EX_NOPERM, "%s: chown to %s: %s",
				  path, owner, g_strerror(errno));
	if (geteuid() == 0 && !user)
		fprintf(stderr, "reevectl dkim keygen: there is no user %s: "
			"give the file to the daemon's user (--owner), that "
			"a reload can read it\n", owner);
	return EX_OK;
}

/* The record as a line of a zone file (RFC 1035, 5.1). */
static void print_zone(const struct signkey *key)
{
	g_autofree char *record = signkey_record(key);

	printf("%s._domainkey.%s. IN TXT (", key->selector, key->domain);
	for (const char *c = record; *c; c += strnlen(c, STRING_MAX))
		printf("%s\"%.*s\"", c == record ? " " : "\n\t", STRING_MAX,
		       c);
	puts(" )");
}

struct making {
	char *selector, *file, *owner;
	gint bits;
	gboolean is_ed25519;
};

static int make_key(const struct command *self, const struct making *making,
		    const char *domain)
{
	g_autoptr(GError) why = NULL;
	g_autofree char *pem = NULL;
	g_autofree char *path = g_canonicalize_filename(making->file, NULL);
	struct signkey *key;
	int status;

	if (!signkey_is_selector(making->selector))
		return admin_fail(self, EX_USAGE, "--selector: \"%s\" is no "
			"selector: letters, digits, - _ and .",
			making->selector);
	pem = signkey_make_pem(making->is_ed25519 ? 0 :
			       (unsigned)making->bits, &why);
	if (!pem)
		return admin_fail(self, EX_SOFTWARE, "%s", why->message);
	status = write_key(self, making->file, pem, making->owner);
	if (status != EX_OK)
		return status;
	key = signkey_load(domain, making->selector, making->file, &why);
	if (!key)
		return admin_fail(self, EX_IOERR, "%s", why->message);
	printf("; The key is in %s. Publish:\n", path);
	print_zone(key);
	printf("; then set: dkim { keys { %s { domain = \"%s\"; "
	       "selector = \"%s\"; file = \"%s\"; } } }\n",
	       making->selector, domain, making->selector, path);
	signkey_free(key);
	return EX_OK;
}

/* The one domain that is asked for, in its one form. */
static int take_domain(const struct command *self, int argc, char **argv,
		       struct arena *arena, const char **domain_out)
{
	if (argc != 2)
		return admin_fail(self, EX_USAGE, "one DOMAIN is needed");
	*domain_out = mailaddr_domain_ascii(span_text(argv[1]), arena);
	return *domain_out ? EX_OK :
	       admin_fail(self, EX_USAGE, "\"%s\" is no domain", argv[1]);
}

static int run_keygen(struct admin *admin, const struct command *self,
		      int argc, char **argv)
{
	struct making making = { .bits = DEFAULT_BITS };
	const GOptionEntry entries[] = {
		{ "selector", 0, 0, G_OPTION_ARG_STRING, &making.selector,
		  "Name of the key below the domain (s1)", "S" },
		{ "ed25519", 0, 0, G_OPTION_ARG_NONE, &making.is_ed25519,
		  "An Ed25519 key in place of RSA", NULL },
		{ "bits", 0, 0, G_OPTION_ARG_INT, &making.bits,
		  "Length of an RSA key, 1024 to 4096 (2048)", "N" },
		{ "file", 0, 0, G_OPTION_ARG_FILENAME, &making.file,
		  "Where to write it (SELECTOR.DOMAIN.pem)", "FILE" },
		{ "owner", 0, 0, G_OPTION_ARG_STRING, &making.owner,
		  "Who shall own it, when root makes it (" OWNER ")",
		  "USER" },
		G_OPTION_ENTRY_NULL,
	};
	const char *domain = NULL;
	struct arena arena;
	int status = admin_parse(self, entries, &argc, &argv);

	(void)admin;		/* needs no settings */
	arena_init(&arena);
	if (status == EX_OK)
		status = take_domain(self, argc, argv, &arena, &domain);
	if (status == EX_OK && (making.bits < 1024 || making.bits > 4096))
		status = admin_fail(self, EX_USAGE, "--bits: %d is not 1024 "
				    "to 4096", making.bits);
	if (!making.selector)
		making.selector = g_strdup("s1");
	if (!making.owner)
		making.owner = g_strdup(OWNER);
	if (status == EX_OK && !making.file)
		making.file = g_strdup_printf("%s.%s.pem", making.selector,
					      domain);
	if (status == EX_OK)
		status = make_key(self, &making, domain);
	arena_release(&arena);
	g_free(making.selector);
	g_free(making.file);
	g_free(making.owner);
	return status;
}

/* The keys that the settings have for the domain. */
static int find_keys(struct admin *admin, const struct command *self,
		     int argc, char **argv, const GPtrArray **keys_out)
{
	const char *domain = NULL;
	struct arena arena;
	int status = admin_parse(self, NULL, &argc, &argv);

	arena_init(&arena);
	if (status == EX_OK)
		status = take_domain(self, argc, argv, &arena, &domain);
	if (status == EX_OK)
		status = admin_load(admin);
	if (status == EX_OK) {
		*keys_out = sender_settings_find_keys(
			sender_settings_of(admin->settings), domain);
		if (!*keys_out)
			status = admin_fail(self, EX_DATAERR,
				"the settings have no key for %s; reevectl "
				"dkim keygen makes one", domain);
	}
	arena_release(&arena);
	return status;
}

static int run_zone(struct admin *admin, const struct command *self, int argc,
		    char **argv)
{
	const GPtrArray *keys = NULL;
	int status = find_keys(admin, self, argc, argv, &keys);

	for (guint i = 0; status == EX_OK && i < keys->len; i++)
		print_zone(g_ptr_array_index(keys, i));
	return status;
}

/* What is wrong with what is published, else NULL. *is_temporary_out: it may be
 * right later. */
static const char *find_fault(const struct signkey *key,
			      const struct dnsanswer *answer,
			      struct arena *arena, bool *is_temporary_out)
{
	g_autofree char *ours_text = signkey_record(key);
	struct pubkey ours, theirs;
	const char *wrong;

	*is_temporary_out = dnsanswer_is_temporary(answer);
	if (*is_temporary_out)
		return arena_printf(arena, "the DNS does not answer: %s",
				    dnsanswer_status_word(answer->status));
	if (!answer->count)
		return "it is not published";
	if (answer->count > 1)
		return "there are several records";
	wrong = pubkey_parse(dnsanswer_text(answer, 0, arena), arena,
			     &theirs);
	if (wrong)
		return wrong;
	if (pubkey_is_revoked(&theirs))
		return "the published key is withdrawn (an empty p=)";
	BUG_IF(pubkey_parse(span_text(ours_text), arena, &ours) != NULL);
	if (ours.is_ed25519 != theirs.is_ed25519 ||
	    ours.blob.len != theirs.blob.len ||
	    memcmp(ours.blob.ptr, theirs.blob.ptr, ours.blob.len) != 0)
		return "another key is published";
	if (!theirs.is_for_sha256)
		return "its h= leaves out sha256, which is what signs";
	return theirs.is_testing ? "it is published in test mode (t=y)" :
				   NULL;
}

static const struct dnsanswer *look_up(struct inquiry *inquiry,
				       const char *name)
{
	const struct dnsanswer *answer;

	while (!(answer = inquiry_ask(inquiry, name, DNS_TXT)))
		if (!inquiry_wait(inquiry))
			return dnsanswer_of(DNS_TIMEOUT);
	return answer;
}

static int check_key(const struct admin *admin, struct inquiry *inquiry,
		     const struct signkey *key, struct table *table)
{
	struct arena arena;
	const char *name, *fault;
	bool is_temporary;

	arena_init(&arena);
	name = arena_printf(&arena, "%s._domainkey.%s", key->selector,
			    key->domain);
	fault = find_fault(key, look_up(inquiry, name), &arena,
			   &is_temporary);
	if (admin->is_json) {
		json_t *object = json_pack("{s:s, s:s, s:i, s:b, s:s*}",
			"name", name, "kind",
			key->is_ed25519 ? "ed25519" : "rsa", "bits",
			(int)key->bits, "right", fault == NULL, "fault",
			fault);

		json_dumpf(object, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(object);
	} else {
		table_add(table, TABLE_PLAIN, "%s", name);
		table_add(table, TABLE_PLAIN, "%s %u",
			  key->is_ed25519 ? "ed25519" : "rsa", key->bits);
		table_add(table, fault ? TABLE_BAD : TABLE_GOOD, "%s",
			  fault ? fault : "right");
	}
	arena_release(&arena);
	return !fault ? EX_OK : is_temporary ? EX_TEMPFAIL : EX_DATAERR;
}

static int check_keys(struct admin *admin, const struct command *self,
		      const GPtrArray *keys)
{
	static const char *const titles[] = {
		"record", "key", "published", NULL,
	};
	const struct resolver_settings *settings =
		resolver_settings_of(admin->settings);
	g_autoptr(GError) why = NULL;
	struct resolver *resolver = resolver_open(settings, &why);
	struct inquiry *inquiry = inquiry_new(resolver, settings);
	struct table *table = table_new(titles);
	int status = EX_OK;

	if (!resolver)
		status = admin_fail(self, EX_UNAVAILABLE, "%s", why->message);
	for (guint i = 0; resolver && i < keys->len; i++) {
		int one = check_key(admin, inquiry,
				    g_ptr_array_index(keys, i), table);

		status = MAX(status, one);
	}
	if (resolver && !admin->is_json)
		table_print(table);
	table_free(table);
	inquiry_free(inquiry);
	resolver_close(&resolver);
	return status;
}

static int run_check(struct admin *admin, const struct command *self,
		     int argc, char **argv)
{
	const GPtrArray *keys = NULL;
	int status = find_keys(admin, self, argc, argv, &keys);

	return status == EX_OK ? check_keys(admin, self, keys) : status;
}

static const struct command verbs[] = {
	{
		.name = "dkim keygen",
		.arguments = "[OPTION...] DOMAIN",
		.summary = "Make a key, and say what to publish and to set",
		.examples =
		"  reevectl dkim keygen --selector s1 --file "
		"/etc/mailreeve/s1.pem example.org\n"
		"  reevectl dkim keygen --selector e1 --ed25519 "
		"example.org\n",
		.run = run_keygen,
	}, {
		.name = "dkim zone",
		.arguments = "DOMAIN",
		.summary = "Print the zone lines of the keys in the settings",
		.examples = "  reevectl dkim zone example.org\n",
		.run = run_zone,
	}, {
		.name = "dkim check",
		.arguments = "DOMAIN",
		.summary = "Ask the DNS whether they are published right",
		.examples = "  reevectl dkim check example.org\n"
			    "Exit status 65: they are not, 75: the DNS does "
			    "not answer.\n",
		.run = run_check,
	},
};

static int run(struct admin *admin, const struct command *self, int argc,
	       char **argv)
{
	return admin_run_verb(admin, self, verbs, COUNT_OF(verbs), argc, argv);
}

const struct command command_dkim = {
	.name = "dkim",
	.arguments = "keygen|zone|check ...",
	.summary = "Keys that sign, and what to publish of them",
	.run = run,
};
