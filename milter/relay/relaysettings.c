#include <config.h>

#include "relay/relaysettings.h"

#include <string.h>

static const char *const own_sender_words[] = {
	"off", "tag", "reject", NULL,
};

static const struct setting rows[] = {
	SETTING_LIST(struct relay_settings, network_list, "relay.networks",
		.preset_text = "127.0.0.0/8 ::1/128",
		.help = "Clients that may send anywhere: addresses and "
			"networks."),
	SETTING_LIST(struct relay_settings, certificate_list,
		"relay.certificates", .preset_text = "",
		.help = "Fingerprints of client certificates that may send "
			"anywhere, in hex with or without colons. Sendmail "
			"tells them, Postfix 3.7 does not."),
	SETTING_WORD(struct relay_settings, own_sender, "relay.own_sender",
		.words = own_sender_words, .preset = OWN_SENDER_TAG,
		.help = "What to do when a stranger uses one of our domains "
			"as envelope sender, without a login. tag spares "
			"those whom the domain's SPF record names; reject does "
			"not wait for it."),
	SETTING_LIST(struct relay_settings, mailer_list,
		"relay.remote_mailers",
		.preset_text = "smtp esmtp dsmtp smtp8 smtps uucp uucp-old "
			       "uucp-new uucp-dom uucp-uudom suucp",
		.help = "The MTA's mailers that send to other hosts. One of "
			"these for a stranger's recipient who is not ours "
			"means that the MTA itself is an open relay; it is "
			"refused, and reported as RELAY_MTA_OPEN."),
	SETTING_COUNT(struct relay_settings, null_sender_recipients,
		"relay.null_sender_recipients",
		.preset = 5, .min = 1, .max = 1000,
		.help = "Most recipients of a stranger's message from <>. "
			"Those past it are deferred with 452 4.5.3: a bounce "
			"goes to one."),
	SETTING_COUNT(struct relay_settings, local_part_octets,
		"relay.local_part",
		.preset = 128, .min = 64, .max = 1024,
		.help = "Longest local part of a recipient, in octets, taken "
			"from a stranger. RFC 5321 says 64, but bounce "
			"addresses are longer."),
};

char *relay_fingerprint(const char *text)
{
	g_autoptr(GString) out = g_string_new(NULL);

	for (; *text; text++) {
		if (g_ascii_isxdigit(*text))
			g_string_append_c(out, g_ascii_tolower(*text));
		else if (*text != ':')
			return NULL;
	}
	return g_string_free(g_steal_pointer(&out), FALSE);
}

static bool read_certificates(struct relay_settings *relay,
			      const struct settings *settings, GError **error)
{
	relay->certificates = g_hash_table_new_full(g_str_hash, g_str_equal,
						    g_free, NULL);
	for (guint i = 0; i < relay->certificate_list->len; i++) {
		const char *text = g_ptr_array_index(relay->certificate_list,
						     i);
		char *form = relay_fingerprint(text);

		/* MD5 has 32 digits, SHA-1 40, SHA-256 64, SHA-512 128. */
		if (!form || strlen(form) < 32) {
			g_free(form);
			return settings_fail(settings, "relay.certificates",
				error, "\"%s\" is no fingerprint; write the "
				"hex digits, AB:CD:...", text);
		}
		g_hash_table_add(relay->certificates, form);
	}
	return true;
}

static void read_mailers(struct relay_settings *relay)
{
	relay->remote_mailers = g_hash_table_new(g_str_hash, g_str_equal);
	for (guint i = 0; i < relay->mailer_list->len; i++)
		g_hash_table_add(relay->remote_mailers,
				 g_ptr_array_index(relay->mailer_list, i));
}

static bool prepare(void *values, struct settings *settings, GError **error)
{
	struct relay_settings *relay = values;
	g_autoptr(GError) why = NULL;

	relay->networks = netset_new();
	read_mailers(relay);
	if (!netset_add_list(relay->networks, relay->network_list, &why))
		return settings_fail(settings, "relay.networks", error, "%s",
				     why->message);
	netset_seal(relay->networks);
	return read_certificates(relay, settings, error);
}

static void release(void *values)
{
	struct relay_settings *relay = values;

	netset_free(relay->networks);
	g_clear_pointer(&relay->certificates, g_hash_table_unref);
	g_clear_pointer(&relay->remote_mailers, g_hash_table_unref);
}

const struct setting_group relay_group = {
	.size = sizeof(struct relay_settings),
	.rows = rows,
	.row_count = G_N_ELEMENTS(rows),
	.prepare = prepare,
	.release = release,
};

const struct relay_settings *relay_settings_of(
	const struct settings *settings)
{
	return settings_values(settings, &relay_group);
}
