#include "environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONFIGURED "LOADER_USERNS_CONFIGURED"
#define OUTER_UID "LOADER_ROOTLESS_UID"
#define OUTER_GID "LOADER_ROOTLESS_GID"

extern char **environ;

static int is_ours(const char *variable)
{
    return strncmp(variable, CONFIGURED "=", sizeof CONFIGURED) == 0
        || strncmp(variable, OUTER_UID "=", sizeof OUTER_UID) == 0
        || strncmp(variable, OUTER_GID "=", sizeof OUTER_GID) == 0;
}

static char *assignment(const char *name, const char *value)
{
    char *text = NULL;

    return asprintf(&text, "%s=%s", name, value) < 0 ? NULL : text;
}

static char **with_ours(char **inherited, const struct environment *environment)
{
    size_t count = 0;
    size_t used = 0;
    char **all;

    while (inherited[count] != NULL)
        count++;
    all = calloc(count + 4, sizeof *all);
    if (all == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (!is_ours(inherited[i]))
            all[used++] = inherited[i];
    all[used++] = assignment(CONFIGURED, "init");
    all[used++] = assignment(OUTER_UID, environment->uid);
    all[used++] = assignment(OUTER_GID, environment->gid);
    return all[used - 3] != NULL && all[used - 2] != NULL && all[used - 1] != NULL ? all : NULL;
}

void prepare_environment(struct environment *environment)
{
    snprintf(environment->uid, sizeof environment->uid, "%ld", (long)geteuid());
    snprintf(environment->gid, sizeof environment->gid, "%ld", (long)getegid());
    environment->prepared = with_ours(environ, environment);
}

void set_environment(const struct environment *environment)
{
    setenv(CONFIGURED, "init", 1);
    setenv(OUTER_UID, environment->uid, 1);
    setenv(OUTER_GID, environment->gid, 1);
}

int already_in_user_namespace(void)
{
    return getenv(CONFIGURED) != NULL;
}
