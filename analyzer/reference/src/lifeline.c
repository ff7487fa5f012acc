#include "lifeline.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

void die_with_parent(pid_t parent)
{
    syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (syscall(SYS_getppid) != parent) /* it ended before we asked */
        _exit(1);
}

int die_with_writer(int read_end)
{
    struct pollfd hangup = {.fd = read_end, .events = 0};
    int flags = fcntl(read_end, F_GETFL);

    /* SIGKILL, not the usual SIGIO: the child blocks most signals, as podman's does, and the pause process inherits that. */
    if (flags < 0 || fcntl(read_end, F_SETOWN, (int)syscall(SYS_getpid)) < 0 || fcntl(read_end, F_SETSIG, SIGKILL) < 0
        || fcntl(read_end, F_SETFL, flags | O_ASYNC) < 0)
        return -1;
    if (poll(&hangup, 1, 0) > 0 && (hangup.revents & POLLHUP) != 0) /* closed before we asked */
        _exit(1);
    return 0;
}
