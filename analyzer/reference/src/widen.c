#include "widen.h"

#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>

const struct widener *widener_named(const char *name)
{
    static const struct widener *const all[] = {&stdio_widener, &malloc_widener, &atfork_widener, &nss_widener};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i]->name, name) == 0)
            return all[i];
    return NULL;
}

void widener_arrived(const char *thread_name, const struct widener_wish *wish)
{
    prctl(PR_SET_NAME, thread_name, 0, 0, 0);
    if (wish != NULL)
        wish->arrived();
}
