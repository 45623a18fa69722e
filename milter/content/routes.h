/* routes.h - addresses that come from known hosts only:
 * welcomelist_from_rcvd */
#ifndef CONTENT_ROUTES_H
#define CONTENT_ROUTES_H

#include "base/guard.h"

struct routes;

struct routes *routes_new(void) MUST_USE;
void routes_free(struct routes *routes);

/* addr may have * and ?; host is a name, below which all are meant, or an
 * address or network in brackets. */
void routes_add(struct routes *routes, const char *addr, const char *host);
/* All of those, as written. */
void routes_remove(struct routes *routes, const char *addr);

enum routes_result { ROUTES_UNLISTED, ROUTES_SENT, ROUTES_FORGED };

/* Whether the address is known, and the client one of its hosts. ip and
 * rdns may be empty. */
enum routes_result routes_check(const struct routes *routes, const char *addr,
				const char *ip, const char *rdns);

#endif
