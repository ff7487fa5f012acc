/* atfork_handler_blocks [raw]: fork() runs a handler of the program's own, from pthread_atfork(), and that one waits for
 * a mutex of the program's, which thread `holder` holds. With `raw` the fork() happens in a raw-clone child, where the
 * holder does not exist.
 *
 * A correct tool says: the program's handler waits for the program's mutex inside fork().
 * It must not say: the fork lock; the frame between the wait and fork() is not libc's. */
#include "target.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void prepare_handler(void) { pthread_mutex_lock(&mutex); }

static void *holder_of_mutex(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&mutex);
    arrive();
    wait_for_ever();
}

int main(int argc, char **argv)
{
    int in_raw_child = argc > 1 && strcmp(argv[1], "raw") == 0;
    die_with_parent();
    pid_t holder = start_thread(holder_of_mutex, NULL);
    pthread_atfork(prepare_handler, NULL, NULL);
    pid_t parent = my_pid(), child = in_raw_child ? raw_child() : 0;
    if (child > 0) {
        waitpid(child, NULL, 0);
        return 3;
    }
    ready_for(my_pid());
    fact_number("holder", holder);
    fact_address("lock", &mutex);
    waits_in(my_pid(), SYS_futex);
    if (in_raw_child) {
        fact_number("parent", parent);
        waits_in(parent, SYS_wait4);
    }
    ready();
    fork();
    return 3;
}
