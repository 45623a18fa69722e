#include <config.h>

#include "sender/spfsecond.h"

#include "resolver/dnsname.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <spf2/spf.h>
#include <spf2/spf_dns.h>
#include <string.h>

/* One evaluation, as the library's look-ups see it. */
struct looking {
	const struct spf_query *query;
	struct arena scratch;
	int64_t lookups, voids;
	bool is_pending, is_over;	/* past a limit: permerror */
	bool is_trouble;
};

bool spfsecond_is_there(void)
{
	return true;
}

static size_t copy_record(SPF_dns_rr_t *rr, const struct dnsanswer *answer,
			  size_t record, ns_type type, struct arena *arena)
{
	struct netaddr addr;
	const char *name;
	struct span text;
	size_t len = 0;

	if (type == ns_t_a || type == ns_t_aaaa) {
		len = type == ns_t_a ? 4 : 16;
		if (!dnsanswer_address(answer, record, &addr) ||
		    SPF_dns_rr_buf_realloc(rr, rr->num_rr, len))
			return 0;
		memcpy(rr->rr[rr->num_rr], addr.bytes + 16 - len, len);
		return len;
	}
	if (type == ns_t_txt) {
		text = dnsanswer_text(answer, record, arena);
	} else {
		name = dnsanswer_name(answer, record, (enum dns_type)type,
				      arena);
		text = span_text(name);
	}
	/* It takes texts as C strings. */
	if (!text.ptr || memchr(text.ptr, 0, text.len) ||
	    SPF_dns_rr_buf_realloc(rr, rr->num_rr, text.len + 1))
		return 0;
	memcpy(rr->rr[rr->num_rr]->txt, text.ptr, text.len);
	rr->rr[rr->num_rr]->txt[text.len] = '\0';
	return text.len + 1;
}

/* The library counts look-ups by the include, and void ones not at all. */
static bool is_past_limits(struct looking *on,
			   const struct dnsanswer *answer, ns_type type)
{
	/* The record of the domain itself is not counted. */
	on->is_over |= on->lookups++ > on->query->lookups + 10;
	if (type != ns_t_txt && type != ns_t_ptr)
		on->voids += dnsanswer_is_empty(answer);
	on->is_over |= on->voids > on->query->void_lookups;
	return on->is_over;
}

/* Never NULL: that would end the process. */
static SPF_dns_rr_t *look_up(SPF_dns_server_t *server, const char *domain,
			     ns_type type, int should_cache)
{
	struct looking *on = server->hook;
	const struct dnsanswer *answer = on->is_over || on->is_pending ?
		dnsanswer_of(DNS_SERVFAIL) :
		on->query->dns.ask(on->query->dns.asker, domain,
				   (enum dns_type)type);
	SPF_dns_stat_t status = NETDB_SUCCESS;
	SPF_dns_rr_t *rr;

	(void)should_cache;
	if (!answer) {
		on->is_pending = true;
		answer = dnsanswer_of(DNS_SERVFAIL);
	}
	if (dnsanswer_is_temporary(answer)) {
		on->is_trouble = true;
		status = TRY_AGAIN;
	} else if (is_past_limits(on, answer, type)) {
		answer = dnsanswer_of(DNS_NODATA);
		status = NO_DATA;
	} else if (!answer->count) {
		status = answer->status == DNS_NXDOMAIN ? HOST_NOT_FOUND :
							  NO_DATA;
	}
	rr = SPF_dns_rr_new_init(server, domain, type, 0, status);
	BUG_IF(!rr);
	for (size_t i = 0; i < answer->count; i++)
		if (copy_record(rr, answer, i, type, &on->scratch))
			rr->num_rr++;
	return rr;
}

static enum auth_result result_of(SPF_result_t result)
{
	switch (result) {
	case SPF_RESULT_NEUTRAL:
		return AUTH_RESULT_NEUTRAL;
	case SPF_RESULT_PASS:
		return AUTH_RESULT_PASS;
	case SPF_RESULT_FAIL:
		return AUTH_RESULT_FAIL;
	case SPF_RESULT_SOFTFAIL:
		return AUTH_RESULT_SOFTFAIL;
	case SPF_RESULT_NONE:
		return AUTH_RESULT_NONE;
	case SPF_RESULT_TEMPERROR:
		return AUTH_RESULT_TEMPERROR;
	case SPF_RESULT_INVALID:
	case SPF_RESULT_PERMERROR:
		break;
	}
	return AUTH_RESULT_PERMERROR;
}

static bool fill(SPF_request_t *request, const struct spf_query *query)
{
	g_autofree char *from = g_strdup_printf("%.*s@%s",
		query->local.len ? (int)query->local.len : 10,
		query->local.len ? query->local.ptr : "postmaster",
		query->domain);
	struct in_addr ip4;
	struct in6_addr ip6;

	memcpy(&ip4, query->client.bytes + 12, sizeof ip4);
	memcpy(&ip6, query->client.bytes, sizeof ip6);
	if (query->client.family == NETADDR_IP4 ?
	    SPF_request_set_ipv4(request, ip4) :
	    SPF_request_set_ipv6(request, ip6))
		return false;
	/* Returns what it is not to: 0 for failure. */
	return SPF_request_set_helo_dom(request, *query->helo ? query->helo :
					query->domain) == 0 &&
	       SPF_request_set_env_from(request, from) == 0;
}

static void evaluate(const struct looking *on, SPF_server_t *server,
		     struct auth_spf *spf)
{
	SPF_request_t *request = SPF_request_new(server);
	SPF_response_t *response = NULL;

	BUG_IF(!request);
	spf->result = AUTH_RESULT_NONE;
	if (fill(request, on->query) &&
	    SPF_request_query_mailfrom(request, &response) !=
	    SPF_E_NO_MEMORY && response)
		spf->result = result_of(SPF_response_result(response));
	if (on->is_over)
		spf->result = AUTH_RESULT_PERMERROR;
	else if (on->is_trouble && spf->result != AUTH_RESULT_PASS)
		spf->result = AUTH_RESULT_TEMPERROR;
	if (response)
		SPF_response_free(response);
	SPF_request_free(request);
}

bool spfsecond_run(const struct spf_query *query, struct arena *arena,
		   struct auth_spf *spf_out)
{
	struct looking on = { .query = query };
	SPF_dns_server_t dns = {
		.lookup = look_up, .name = "mailreeve", .hook = &on,
	};
	SPF_server_t *server;

	*spf_out = (struct auth_spf){
		.scope = query->scope,
		.domain = arena_text(arena, query->domain),
	};
	if (!strchr(query->domain, '.') || !dnsname_is_valid(query->domain)) {
		spf_out->result = AUTH_RESULT_NONE;
		return true;
	}
	arena_init(&on.scratch);
	server = SPF_server_new_dns(&dns, 0);
	BUG_IF(!server);
	SPF_server_set_rec_dom(server, query->receiver);
	evaluate(&on, server, spf_out);
	SPF_server_free(server);
	arena_release(&on.scratch);
	return !on.is_pending;
}
