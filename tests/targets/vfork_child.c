/* vfork_child: a child of vfork() reads from an empty pipe before it would exec, and holds up its parent, whose thread
 * the kernel keeps in state D for that time. The parent has another thread, which idles.
 *
 * A correct tool says: the parent waits for its vfork child `child`; that one waits for data on a pipe.
 * It must not say: a raw clone or a lock, though robust list and thread id of the child look like it. */
#include "target.h"

#ifdef SYS_vfork
#define WAITS_IN_VFORK SYS_vfork
#else
#define WAITS_IN_VFORK SYS_clone
#endif

int main(void)
{
    static int ends[2];
    die_with_parent();
    if (pipe(ends) != 0)
        fail("pipe");
    pid_t idle = start_thread(idle_thread, NULL);
    static pid_t parent; /* static, since the child runs on this very stack */
    parent = my_pid();
    if (vfork() == 0) {
        char byte;
        die_with(parent);
        ready_for(my_pid());
        fact_number("parent", parent);
        waits_in(my_pid(), SYS_read);
        waits_in(parent, WAITS_IN_VFORK);
        waits_in(idle, WAITS_IN_PAUSE);
        ready();
        _exit(read(ends[0], &byte, 1) == 1 ? 0 : 3);
    }
    return 3;
}
