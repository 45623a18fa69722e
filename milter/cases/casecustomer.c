#include <config.h>

#include "cases/casecustomer.h"

#include "cases/customerbook.h"

#include <string.h>

bool casecustomer_find(struct state *state, enum list_kind kind,
		       const char *value, struct arena *arena,
		       struct customer_entry *out)
{
	const char *account = kind == LIST_ACCOUNT ? value : NULL;
	const char *at = kind == LIST_SENDER ? strrchr(value, '@') : NULL;
	const char *domain = kind == LIST_DOMAIN ? value : at ? at + 1 : NULL;
	struct netaddr addr = { .family = NETADDR_NONE };
	const char *id;

	if (kind == LIST_ADDRESS && !netaddr_parse(span_text(value), &addr))
		return false;
	id = kind == LIST_CUSTOMER ? value :
	     customerbook_find(state, account, &addr, domain, arena);
	return id && customerbook_get(state, id, arena, out);
}
