#include <config.h>

#include "message/contents.h"

#include "message/headervalue.h"
#include "message/limits.h"
#include "message/uris.h"

struct contents {
	struct mime *mime;
	struct bodytext *text;
	struct attachments *attachments;
	GArray *uris;
};

static struct contents *contents_of(struct transaction *tx)
{
	if (!tx->contents)
		tx->contents = g_new0(struct contents, 1);
	return tx->contents;
}

struct mime *contents_mime(struct transaction *tx)
{
	struct contents *contents = contents_of(tx);

	if (!contents->mime)
		contents->mime = mime_parse(tx, &tx->arena);
	return contents->mime;
}

struct bodytext *contents_text(struct transaction *tx)
{
	struct contents *contents = contents_of(tx);
	const struct header *subject;

	if (contents->text)
		return contents->text;
	subject = transaction_find_header(tx, "Subject");
	contents->text = bodytext_make(contents_mime(tx), subject ?
		headervalue_decode(subject, &tx->arena) : "");
	return contents->text;
}

const struct attachments *contents_attachments(struct transaction *tx)
{
	struct contents *contents = contents_of(tx);

	if (!contents->attachments)
		contents->attachments = attachments_collect(
			contents_mime(tx), limits_of(tx->settings));
	return contents->attachments;
}

const GArray *contents_uris(struct transaction *tx)
{
	struct contents *contents = contents_of(tx);

	if (!contents->uris)
		contents->uris = uris_collect(tx->settings, contents_text(tx),
					      tx->redirects);
	return contents->uris;
}

void contents_free(struct contents *contents)
{
	if (!contents)
		return;
	if (contents->uris)
		g_array_unref(contents->uris);
	if (contents->attachments)
		attachments_free(contents->attachments);
	if (contents->text)
		bodytext_free(contents->text);
	if (contents->mime)
		mime_release(contents->mime);
	g_free(contents);
}
