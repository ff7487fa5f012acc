/* The parent's part of a user namespace: who is who in it. */
#ifndef LOADER_ID_MAP_H
#define LOADER_ID_MAP_H

#include <sys/types.h>

/* Maps root of CHILD's user namespace to the caller's own user and group. Returns NULL, or what was refused.
   Takes no lock of libc: the widener may hold any of them by now. */
const char *map_ids(pid_t child);

#endif
