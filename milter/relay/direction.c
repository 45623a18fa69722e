#include <config.h>

#include "relay/direction.h"

#include "relay/relay.h"

struct direction_settings {
	GPtrArray *listeners;		/* of struct setting_section * */
};

struct listener {
	enum direction direction;
};

static const char *const direction_words[] = {
	"auto", "inbound", "outbound", "local", NULL,
};

static const struct setting listener_rows[] = {
	SETTING_WORD(struct listener, direction, "direction",
		.words = direction_words, .preset = DIRECTION_UNKNOWN,
		.help = "inbound: strangers, whatever their address or "
			"login. outbound: trusted, so that they may relay. "
			"local: mail that the MTA itself makes. auto: decided "
			"by address, login and certificate."),
};

static const struct setting_section_type listener_type = {
	.size = sizeof(struct listener),
	.rows = listener_rows,
	.row_count = G_N_ELEMENTS(listener_rows),
};

static const struct setting rows[] = {
	SETTING_SECTIONS(struct direction_settings, listeners, "listeners",
		.section = &listener_type,
		.help = "Settings by the name of the MTA's listener, the "
			"macro {daemon_name}: listeners { submission { "
			"direction = outbound } }. Postfix sends the name in "
			"milter_macro_daemon_name, Sendmail the Name= of "
			"DaemonPortOptions."),
};

const struct setting_group direction_group = {
	.size = sizeof(struct direction_settings),
	.rows = rows,
	.row_count = G_N_ELEMENTS(rows),
};

static enum direction listener_direction(const struct transaction *tx)
{
	const struct direction_settings *mine =
		settings_values(tx->settings, &direction_group);
	const char *name = tx->client.daemon_name;

	for (guint i = 0; name && i < mine->listeners->len; i++) {
		const struct setting_section *section =
			g_ptr_array_index(mine->listeners, i);
		const struct listener *listener = section->values;

		if (g_str_equal(section->name, name))
			return listener->direction;
	}
	return DIRECTION_UNKNOWN;
}

/*
 * Postfix hands mail that did not come by SMTP to the filter as if it came from
 * 127.0.0.1, port 0; Sendmail gives no address for what its own user submits.
 */
static bool is_mta_itself(const struct client *client)
{
	if (client->kind != CLIENT_INET)
		return true;
	return client->port == 0 && netaddr_is_loopback(&client->addr);
}

enum direction direction_find(const struct transaction *tx)
{
	enum direction set = listener_direction(tx);
	const char *why;

	if (set != DIRECTION_UNKNOWN)
		return set;
	if (is_mta_itself(&tx->client))
		return DIRECTION_LOCAL;
	return relay_is_trusted(tx, &why) ? DIRECTION_OUTBOUND :
					    DIRECTION_INBOUND;
}
