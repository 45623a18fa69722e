#include <config.h>

#include "store/prototext.h"

#include <string.h>

ProtobufCBinaryData prototext_pack(const char *text)
{
	return (ProtobufCBinaryData){ text ? strlen(text) : 0,
				      (uint8_t *)text };
}

const char *prototext_unpack(const ProtobufCBinaryData *data,
			     struct arena *arena)
{
	return arena_span_text(arena, span_of((const char *)data->data,
					      data->len));
}
