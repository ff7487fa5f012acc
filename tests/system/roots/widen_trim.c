/* A widener for LD_PRELOAD that changes nothing but time: a thread that gives free memory back to the kernel in a loop.
   malloc_trim holds the lock of each arena while it walks it and calls madvise, with as many arenas as the program has by itself;
   the reference loader's malloc widener makes all threads share one. Only where HANGANALYZE_WIDEN=trim. */
#define _GNU_SOURCE
#include <malloc.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

static void *widen_trim(void *unused)
{
    (void)unused;
    prctl(PR_SET_NAME, "widen_trim", 0, 0, 0);
    for (;;)
        malloc_trim(0);
    return NULL;
}

__attribute__((constructor)) static void start_widener(void)
{
    const char *name = getenv("HANGANALYZE_WIDEN");
    pthread_t thread;

    if (name != NULL && strcmp(name, "trim") == 0 && pthread_create(&thread, NULL, widen_trim, NULL) == 0)
        pthread_detach(thread);
}
