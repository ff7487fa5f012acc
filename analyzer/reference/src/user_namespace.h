#ifndef LOADER_USER_NAMESPACE_H
#define LOADER_USER_NAMESPACE_H

#include "options.h"

struct environment;
struct pid_file;

/* What a rootless container tool does when an ordinary user runs it first: a raw clone into new user and mount
   namespaces, where the child creates the pause process and executes this program again. Returns the exit code of the
   child, in the caller only. */
int reexec_in_user_namespace(const struct options *options, const struct environment *environment,
                             const struct pid_file *pid_file, const char *program, char **argv);

#endif
