/* parent_gone: a raw-clone child hangs in fork() on list_all_lock, and its parent has left by _exit().
 *
 * A correct tool says: orphaned lock after a raw clone, `proven`; what held it cannot be said any more, since the parent
 * `parent` is gone. It must not say: the new parent (a subreaper or pid 1) has anything to do with it. */
#include "hold.h"

int main(void)
{
    die_with_parent();
    pid_t parent = my_pid(), holder = hold_list_all_lock();
    pid_t child = raw_clone(SIGCHLD); /* without a death signal: it must outlive its parent */
    if (child < 0)
        fail("clone");
    if (child > 0)
        _exit(0);

    while (my_parent() == parent)
        short_sleep();
    if (getenv("TARGET_HARNESS"))
        die_with_parent(); /* the harness is a subreaper and so the parent now */
    ready_for(my_pid());
    fact_number("parent", parent);
    fact_number("holder", holder);
    fact_word("lock", "list_all_lock");
    waits_in(my_pid(), SYS_futex);
    is_gone(parent);
    ready();
    fork();
    return 3;
}
