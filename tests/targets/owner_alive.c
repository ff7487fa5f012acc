/* owner_alive [LOCK]: a raw-clone child has made a thread of its own, which holds a lock of libc for long, and the
 * child's first thread waits for it in fork(). LOCK is list_all_lock (records its owner; the default) or main_arena
 * (does not).
 *
 * A correct tool says: came from a raw clone; the lock's owner is thread `holder` of the same process and lives (with
 * main_arena: the owner is not recorded, and other threads are there that could hold it).
 * It must not say: orphaned; never `proven`. */
#include "hold.h"

int main(int argc, char **argv)
{
    const char *lock = argc > 1 ? argv[1] : "list_all_lock";
    die_with_parent();
    one_arena_for_all();
    start_thread(idle_thread, NULL);
    pid_t parent = my_pid(), child = raw_child();
    if (child > 0) {
        waitpid(child, NULL, 0);
        return 3;
    }
    pid_t holder = strcmp(lock, "main_arena") == 0 ? hold_main_arena() : hold_list_all_lock();
    ready_for(my_pid());
    fact_number("parent", parent);
    fact_number("holder", holder);
    fact_word("lock", lock);
    waits_in(my_pid(), SYS_futex);
    waits_in(holder, WAITS_IN_PAUSE);
    waits_in(parent, SYS_wait4);
    ready();
    fork();
    return 3;
}
