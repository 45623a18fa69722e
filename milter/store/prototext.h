/* prototext.h - texts in values of state.mdb, which protobuf has as bytes */
#ifndef STORE_PROTOTEXT_H
#define STORE_PROTOTEXT_H

#include "base/arena.h"

#include <protobuf-c/protobuf-c.h>

/* Borrowed; NULL is as "". */
ProtobufCBinaryData prototext_pack(const char *text);
/* Never NULL; in arena. */
const char *prototext_unpack(const ProtobufCBinaryData *data,
			     struct arena *arena);

#endif
