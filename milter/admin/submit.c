#include <config.h>

#include "admin/admin.h"

#include "relay/submission.h"

#include <errno.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#define MESSAGE_BYTES_MAX ((size_t)256 << 20)

/* A message with NUL cannot go by SMTP; NULL: the message is out. */
static GString *read_input(const struct command *self)
{
	GString *text = g_string_new(NULL);
	char bytes[65536];
	ssize_t len;

	while ((len = read(STDIN_FILENO, bytes, sizeof bytes)) != 0) {
		if (len > 0)
			g_string_append_len(text, bytes, len);
		else if (errno != EINTR)
			break;
		if (text->len > MESSAGE_BYTES_MAX)
			break;
	}
	if (len == 0 && text->len && strlen(text->str) == text->len)
		return text;
	admin_fail(self, EX_DATAERR, "standard input: %s", len < 0 ?
		   g_strerror(errno) : "no message, larger than 256 MiB, or "
		   "with a NUL in it");
	g_string_free(text, TRUE);
	return NULL;
}

static int status_of(const GError *why)
{
	if (g_error_matches(why, SUBMISSION_ERROR, SUBMISSION_ERROR_PERM))
		return EX_UNAVAILABLE;
	return g_error_matches(why, SUBMISSION_ERROR,
			       SUBMISSION_ERROR_ADDRESS) ? EX_DATAERR :
							   EX_TEMPFAIL;
}

/* HOST, HOST:PORT, [IPV6]:PORT; text is changed. */
static void split_server(char *text, struct submission *mail)
{
	char *colon = strrchr(text, ':');
	char *bracket = strrchr(text, ']');

	if (colon && colon > bracket &&
	    (bracket || strchr(text, ':') == colon)) {
		*colon = '\0';
		mail->port = colon + 1;
	}
	mail->host = text;
	if (*text == '[' && bracket) {
		*bracket = '\0';
		mail->host = text + 1;
	}
}

static int submit(const struct command *self, struct submission *mail)
{
	GString *text = read_input(self);
	g_autoptr(GError) why = NULL;
	int status = EX_OK;

	if (!text)
		return EX_DATAERR;
	mail->text = text->str;
	if (!submission_send(mail, &why))
		status = admin_fail(self, status_of(why), "%s", why->message);
	g_string_free(text, TRUE);
	return status;
}

/* GLib leaves -- in front of what begins with -. */
static char **recipients_of(char **words)
{
	return *words && strcmp(*words, "--") == 0 ? words + 1 : words;
}

static int run(struct admin *admin, const struct command *self, int argc,
	       char **argv)
{
	g_autofree char *sender = NULL, *server = NULL;
	gboolean is_dots = FALSE;
	const GOptionEntry entries[] = {
		{ "from", 'f', 0, G_OPTION_ARG_STRING, &sender,
		  "Sender of the envelope; <> (as when not given): none",
		  "ADDRESS" },
		{ "dots", 'i', 0, G_OPTION_ARG_NONE, &is_dots,
		  "A line with one dot is no end: as always here", NULL },
		{ "server", 's', 0, G_OPTION_ARG_STRING, &server,
		  "Of the MTA (127.0.0.1:25)", "HOST[:PORT]" },
		G_OPTION_ENTRY_NULL,
	};
	struct submission mail = { .host = "127.0.0.1", .port = "25",
				   .timeout_ms = 50000 };
	int status = admin_parse(self, entries, &argc, &argv);

	(void)admin;
	if (status != EX_OK)
		return status;
	mail.to = (const char *const *)recipients_of(argv + 1);
	mail.sender = sender && strcmp(sender, "<>") != 0 ? sender : "";
	if (!mail.to[0])
		return admin_fail(self, EX_USAGE, "needs recipients");
	if (server)
		split_server(server, &mail);
	return submit(self, &mail);
}

const struct command command_submit = {
	.name = "submit",
	.arguments = "[-f SENDER] [--server HOST[:PORT]] [--] RECIPIENT...",
	.summary = "Hand a message to the MTA by SMTP, as sendmail(1) would",
	.examples = "  reevectl submit -f abuse@example.org bob@example.net "
		    "<letter.eml\n"
		    "In the settings: evidence.sendmail = \"reevectl submit\"\n",
	.run = run,
};
