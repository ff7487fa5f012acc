/* zombie_leader: the main thread has ended by pthread_exit() and stays as a zombie; two threads live on, one of them
 * waits for a mutex that the other one holds in pause().
 *
 * A correct tool says: the process lives, thread `waits` waits for thread `holder`; the main thread has ended.
 * It must not say: a zombie and therefore nothing to see; a dead owner. */
#include "target.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *holder_of_mutex(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&mutex);
    arrive();
    wait_for_ever();
}

static void *waits_for_mutex(void *unused)
{
    arrive();
    pthread_mutex_lock(&mutex);
    return unused;
}

int main(void)
{
    die_with_parent();
    pid_t holder = start_thread(holder_of_mutex, NULL), waiting = start_thread(waits_for_mutex, NULL);
    ready_for(my_pid());
    fact_number("holder", holder);
    fact_number("waits", waiting);
    fact_address("lock", &mutex);
    waits_as(my_pid(), 'Z');
    waits_in(holder, WAITS_IN_PAUSE);
    waits_in(waiting, SYS_futex);
    ready();
    pthread_exit(NULL);
}
