#ifndef LOADER_WIDEN_AND_HOLD_H
#define LOADER_WIDEN_AND_HOLD_H

#include "widen.h"

/* Starts the widener's thread and returns when that thread holds its lock and will not give it back.
   Returns NULL, or what went wrong; the thread then goes on taking and giving back. */
const char *widen_and_hold(const struct widener *widener);

#endif
