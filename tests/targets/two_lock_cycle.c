/* two_lock_cycle: two live threads, each holding the mutex that the other one wants.
 *
 * A correct tool says: a cycle of two mutexes, with both owners from pthread_mutex_t, `one` -> `other` -> `one`.
 * It must not say: an orphaned lock, a raw clone. */
#include "target.h"

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t both_hold_one;

static void lock_in_order(pthread_mutex_t *mine, pthread_mutex_t *wanted)
{
    pthread_mutex_lock(mine);
    arrive();
    pthread_barrier_wait(&both_hold_one);
    pthread_mutex_lock(wanted);
}

static void *first_then_second(void *unused)
{
    lock_in_order(&first, &second);
    return unused;
}

static void *second_then_first(void *unused)
{
    lock_in_order(&second, &first);
    return unused;
}

int main(void)
{
    die_with_parent();
    pthread_barrier_init(&both_hold_one, NULL, 2);
    pid_t one = start_thread(first_then_second, NULL), other = start_thread(second_then_first, NULL);
    ready_for(my_pid());
    fact_number("one", one);
    fact_number("other", other);
    fact_address("held_by_one", &first);
    fact_address("held_by_other", &second);
    waits_in(my_pid(), WAITS_IN_PAUSE);
    waits_in(one, SYS_futex);
    waits_in(other, SYS_futex);
    ready();
    wait_for_ever();
}
