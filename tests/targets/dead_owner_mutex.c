/* dead_owner_mutex: a thread has ended without unlocking its mutex, and the main thread waits for it.
 *
 * A correct tool says: the mutex at `lock` belongs to thread `owner`, which does not exist any more.
 * It must not say: a raw clone, the fork lock. */
#include "target.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pid_t owner;

static void *ends_with_the_lock(void *unused)
{
    owner = my_tid();
    pthread_mutex_lock(&mutex);
    return unused;
}

int main(void)
{
    pthread_t thread;
    die_with_parent();
    pid_t idle = start_thread(idle_thread, NULL);
    if (pthread_create(&thread, NULL, ends_with_the_lock, NULL) != 0 || pthread_join(thread, NULL) != 0)
        fail("pthread");
    ready_for(my_pid());
    fact_number("owner", owner);
    fact_address("lock", &mutex);
    waits_in(my_pid(), SYS_futex);
    waits_in(idle, WAITS_IN_PAUSE);
    is_gone(owner);
    ready();
    pthread_mutex_lock(&mutex);
    return 3;
}
