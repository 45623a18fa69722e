#include <config.h>

#include "base/netaddr.h"

#include "unit/tap.h"

#include <string.h>

static const struct { const char *text, *shown; } addresses[] = {
	{ "192.0.2.1", "192.0.2.1" },
	{ "::1", "::1" },
	{ "2001:DB8::1", "2001:db8::1" },
	{ "::ffff:192.0.2.1", "192.0.2.1" },	/* mapped: the IPv4 one */
	{ "", NULL }, { "192.0.2", NULL }, { "192.0.2.256", NULL },
	{ "[::1]", NULL }, { "fe80::1%eth0", NULL }, { "example.org", NULL },
	{ "1.2.3.4 ", NULL },
};

static void addresses_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(addresses); i++) {
		struct netaddr addr;
		char text[NETADDR_TEXT_MAX];
		bool is_read = netaddr_parse(span_text(addresses[i].text),
					     &addr);

		assert_int_equal(is_read, addresses[i].shown != NULL);
		if (is_read)
			assert_string_equal(netaddr_format(&addr, text),
					    addresses[i].shown);
	}
}

static const struct { const char *text, *shown; } networks[] = {
	{ "192.0.2.0/24", "192.0.2.0/24" },
	{ "192.0.2.1", "192.0.2.1/32" },
	{ "0.0.0.0/0", "0.0.0.0/0" },
	{ "2001:db8::/32", "2001:db8::/32" },
	{ "::/0", "::/0" }, { "::1", "::1/128" },
	{ "192.0.2.1/24", NULL },	/* bits behind the prefix */
	{ "192.0.2.0/33", NULL }, { "192.0.2.0/", NULL },
	{ "192.0.2.0/x", NULL }, { "/24", NULL }, { "::/129", NULL },
	{ "192.0.2.0/-1", NULL }, { "192.0.2.0/0024", NULL },
};

static void networks_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(networks); i++) {
		g_autoptr(GError) why = NULL;
		struct network net;
		char text[NETADDR_TEXT_MAX];
		bool is_read = network_parse(span_text(networks[i].text), &net,
					     &why);

		if (is_read != (networks[i].shown != NULL))
			fail_msg("%s", networks[i].text);
		assert_int_equal(is_read, why == NULL);
		if (is_read)
			assert_string_equal(network_format(&net, text),
					    networks[i].shown);
	}
}

static struct network net_of(const char *text)
{
	struct network net;

	assert_true(network_parse(span_text(text), &net, NULL));
	return net;
}

static void sets_find_what_is_in_them(void **state)
{
	static const char *const in[] = {
		"10.0.0.0/8", "10.1.0.0/16", "192.0.2.128/25", "2001:db8::/32",
		"::1", "127.0.0.1",
	};
	static const struct { const char *addr; bool is_in; } cases[] = {
		{ "10.255.1.1", true }, { "10.1.2.3", true },
		{ "11.0.0.0", false }, { "9.255.255.255", false },
		{ "192.0.2.127", false }, { "192.0.2.128", true },
		{ "2001:db8:ffff::1", true }, { "2001:db9::", false },
		{ "::1", true }, { "::2", false }, { "127.0.0.1", true },
		{ "127.0.0.2", false }, { "0.0.0.0", false },
		{ "255.255.255.255", false },
	};
	struct netset *set = netset_new();

	(void)state;
	for (size_t i = 0; i < COUNT_OF(in); i++) {
		struct network net = net_of(in[i]);

		netset_add(set, &net);
	}
	netset_seal(set);
	assert_int_equal(netset_size(set), 5);	/* 10.1/16 is within 10/8 */
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct netaddr addr;

		assert_true(netaddr_parse(span_text(cases[i].addr), &addr));
		if (netset_has(set, &addr) != cases[i].is_in)
			fail_msg("%s", cases[i].addr);
	}
	netset_free(set);
}

/* All of IPv6 in the set must not mean all of IPv4, nor hide any of it. */
static void families_are_apart(void **state)
{
	struct netset *set = netset_new();
	struct network all6 = net_of("::/0"), loopback = net_of("127.0.0.0/8");
	struct netaddr addr;

	(void)state;
	netset_add(set, &all6);
	netset_add(set, &loopback);
	netset_seal(set);
	assert_true(netaddr_parse(span_text("192.0.2.1"), &addr));
	assert_false(netset_has(set, &addr));
	assert_true(netaddr_parse(span_text("127.1.1.1"), &addr));
	assert_true(netset_has(set, &addr));
	assert_true(netaddr_parse(span_text("2001:db8::9"), &addr));
	assert_true(netset_has(set, &addr));
	netset_free(set);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(addresses_are_read),
	cmocka_unit_test(networks_are_read),
	cmocka_unit_test(sets_find_what_is_in_them),
	cmocka_unit_test(families_are_apart),
};

TAP_MAIN(tests)
