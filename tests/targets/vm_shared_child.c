/* vm_shared_child: glibc's clone() with CLONE_VM and a stack of its own makes a child that shares all memory with its
 * parent. It waits in fork() for list_all_lock, which a live thread of the parent holds and may still let go of.
 *
 * A correct tool says: the owner is thread `holder` of process `parent`, which shares this memory: alive, not orphaned.
 * It must not say: orphaned, though robust list and thread id look as after any raw clone. */
#include "hold.h"

static int waits_in_fork(void *parent)
{
    die_with(*(pid_t *)parent);
    fork();
    return 3;
}

int main(void)
{
    enum { STACK = 256 * 1024 };
    static char stack[STACK] __attribute__((aligned(16)));
    static pid_t parent;
    die_with_parent();
    parent = my_pid();
    pid_t holder = hold_list_all_lock();
    pid_t child = clone(waits_in_fork, stack + STACK, CLONE_VM | SIGCHLD, &parent);
    if (child < 0)
        fail("clone");
    ready_for(child);
    fact_number("parent", parent);
    fact_number("holder", holder);
    fact_word("lock", "list_all_lock");
    waits_in(child, SYS_futex);
    waits_in(holder, WAITS_IN_PAUSE);
    waits_in(parent, SYS_wait4);
    ready();
    waitpid(child, NULL, 0);
    return 3;
}
