/* Nothing of the loader may outlive the process that wanted it. */
#ifndef LOADER_LIFELINE_H
#define LOADER_LIFELINE_H

#include <sys/types.h>

/* The kernel kills this process when PARENT ends. Not inherited by fork or clone, and cleared when the credentials
   change, so it is said again after both; kept by exec. */
void die_with_parent(pid_t parent);

/* The kernel kills this process when the last writer of the pipe READ_END closes it, however that writer ends. For a
   process whose parent is meant to leave first, as the pause process. Returns 0, or -1 with errno. */
int die_with_writer(int read_end);

#endif
