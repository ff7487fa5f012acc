/* pause_process: a raw-clone child of a process with threads that waits in pause() on purpose, as podman's pause process
 * does: it holds a namespace open. The parent waits for it.
 *
 * A correct tool says: came from a raw clone, waits for a signal, healthy. It must not say: hung, a lock, an orphan. */
#include "target.h"

int main(void)
{
    die_with_parent();
    start_thread(idle_thread, NULL);
    pid_t child = raw_child();
    if (child == 0)
        wait_for_ever();
    ready_for(child);
    fact_number("parent", my_pid());
    waits_in(child, WAITS_IN_PAUSE);
    waits_in(my_pid(), SYS_wait4);
    ready();
    waitpid(child, NULL, 0);
    return 0;
}
