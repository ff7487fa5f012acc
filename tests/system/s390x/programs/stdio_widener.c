/* Preloaded: a thread that holds list_all_lock most of the time. It changes no code path of the program. */
#include <pthread.h>
#include <stdio.h>

static void *flush_for_ever(void *unused) {
    (void)unused;
    for (;;)
        fflush(NULL);
    return NULL;
}

__attribute__((constructor)) static void start(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, flush_for_ever, NULL);
}
