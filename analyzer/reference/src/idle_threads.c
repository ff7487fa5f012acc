#include "idle_threads.h"

#include <pthread.h>
#include <stddef.h>

static pthread_mutex_t arrival = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t somebody_arrived = PTHREAD_COND_INITIALIZER;
static pthread_cond_t work_to_do = PTHREAD_COND_INITIALIZER; /* never signalled */
static int arrived;

static void *idle_worker(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&arrival);
    arrived++;
    pthread_cond_signal(&somebody_arrived);
    for (;;)
        pthread_cond_wait(&work_to_do, &arrival);
    return NULL;
}

int start_idle_threads(int count)
{
    for (int started = 0; started < count; started++) {
        pthread_t thread;
        int error = pthread_create(&thread, NULL, idle_worker, NULL);

        if (error != 0)
            return error;
    }
    pthread_mutex_lock(&arrival);
    while (arrived < count)
        pthread_cond_wait(&somebody_arrived, &arrival);
    pthread_mutex_unlock(&arrival);
    return 0;
}
