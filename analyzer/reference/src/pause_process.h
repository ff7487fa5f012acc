/* The process that keeps the user namespace alive between two commands of a rootless tool. */
#ifndef LOADER_PAUSE_PROCESS_H
#define LOADER_PAUSE_PROCESS_H

#include <limits.h>

#include "options.h"

struct pid_file {
    char final[PATH_MAX];
    char unfinished[PATH_MAX];
};

/* Builds the paths while the process still has one thread. Returns -1 when STORE's name is too long. */
int name_pid_file(struct pid_file *pid_file, const char *store);

/* Called in the raw-clone child. Two processes are made, so that the pause process has neither our session nor us as its
   parent; it ends when the last writer of LIFELINE closes it. Returns 0, or -1. */
int create_pause_process(enum fix fix, const struct pid_file *pid_file, int status_fd, int lifeline);

#endif
