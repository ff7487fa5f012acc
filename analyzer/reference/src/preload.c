/* The wideners as a library for LD_PRELOAD, to widen the window of a program that is not ours. Which one:
   HANGANALYZE_WIDEN=stdio|malloc|atfork|nss. Anything else: nothing happens. */
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>

#include "widen.h"

__attribute__((constructor)) static void start_widener(void)
{
    const char *name = getenv("HANGANALYZE_WIDEN");
    const struct widener *widener = name == NULL ? NULL : widener_named(name);
    pthread_t thread;

    if (widener == NULL || (widener->prepare != NULL && widener->prepare() != NULL))
        return;
    for (int started = 0; started < widener->loops; started++)
        if (pthread_create(&thread, NULL, widener->thread, NULL) == 0)
            pthread_detach(thread);
}
