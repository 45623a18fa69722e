#include <config.h>

#include "alert/webhook.h"

#include <curl/curl.h>
#include <pthread.h>
#include <string.h>

#define ANSWER_MAX ((size_t)64 << 10)

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void begin(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

static bool fail(GError **error, const char *what)
{
	g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, what);
	return false;
}

static bool is_loopback(const char *host)
{
	static const char *const hosts[] = {
		"localhost", "127.0.0.1", "[::1]",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(hosts); i++)
		if (g_ascii_strcasecmp(hosts[i], host) == 0)
			return true;
	return false;
}

static bool check_parts(const char *scheme, const char *host, GError **error)
{
	if (strcmp(scheme, "https") == 0)
		return true;
	if (strcmp(scheme, "http") != 0)
		return fail(error, "it must begin with https://");
	return is_loopback(host) ||
	       fail(error, "without TLS (http://) alerts go to 127.0.0.1, "
		    "[::1] and localhost alone");
}

bool webhook_check(const char *url, GError **error)
{
	CURLU *parsed = curl_url();
	char *scheme = NULL, *host = NULL;
	bool is_good;

	is_good = parsed && !curl_url_set(parsed, CURLUPART_URL, url, 0) &&
		  !curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) &&
		  !curl_url_get(parsed, CURLUPART_HOST, &host, 0);
	if (is_good)
		is_good = check_parts(scheme, host, error);
	else
		fail(error, "it is no URL: https://HOST/PATH");
	curl_free(scheme);
	curl_free(host);
	curl_url_cleanup(parsed);
	return is_good;
}

/* Another count than size makes libcurl give up. */
static size_t take_answer(char *bytes, size_t size, size_t count,
			  void *context)
{
	size_t *left = context;

	(void)bytes;
	if (size * count > *left)
		return 0;
	*left -= size * count;
	return size * count;
}

static int is_over(void *context, curl_off_t a, curl_off_t b, curl_off_t c,
		   curl_off_t d)
{
	const struct webhook *to = context;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return to->is_cancelled && atomic_load(to->is_cancelled);
}

static void set_options(CURL *curl, const struct webhook *to,
			struct span json, struct curl_slist *headers,
			size_t *left, char *trouble)
{
	curl_easy_setopt(curl, CURLOPT_URL, to->url);
	/* So it stays with the scheme that webhook_check() saw. */
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	if (*to->ca_file)
		curl_easy_setopt(curl, CURLOPT_CAINFO, to->ca_file);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)to->timeout_ms);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "mailreeve/"
			 PACKAGE_VERSION);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, json.ptr);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)json.len);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_answer);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, left);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, is_over);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, (void *)to);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, trouble);
}

static bool judge(CURL *curl, CURLcode code, const char *trouble,
		  GError **error)
{
	g_autofree char *what = NULL;
	long status = 0;

	if (code != CURLE_OK)
		return fail(error, *trouble ? trouble :
			    curl_easy_strerror(code));
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	if (status >= 200 && status < 300)
		return true;
	what = g_strdup_printf("it answered %ld", status);
	return fail(error, what);
}

bool webhook_post(const struct webhook *to, struct span json, GError **error)
{
	char trouble[CURL_ERROR_SIZE] = "";
	size_t left = ANSWER_MAX;
	struct curl_slist *headers;
	CURL *curl;
	bool is_good;

	pthread_once(&once, begin);
	curl = curl_easy_init();
	if (!curl)
		return fail(error, "libcurl has no memory");
	headers = curl_slist_append(NULL, "Content-Type: application/json");
	set_options(curl, to, json, headers, &left, trouble);
	is_good = judge(curl, curl_easy_perform(curl), trouble, error);
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	return is_good;
}
