/* gmimelib.h - GMime, made ready once */
#ifndef MESSAGE_GMIMELIB_H
#define MESSAGE_GMIMELIB_H

/* Before any other use of it; any thread, any number of times. */
void gmimelib_init(void);

#endif
