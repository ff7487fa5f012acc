/* polls_pipe CALL: waits, in poll, select, epoll, nested (epoll in poll) or pidfd, for process `writer`, which waits in pause().
 *
 * A correct tool says: waits for data from a pipe whose other end `writer` holds (pidfd: for `writer` to end). */
#include "target.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

static int epoll_of(int fd)
{
    struct epoll_event event = {.events = EPOLLIN};
    int set = epoll_create1(0);
    if (set < 0 || epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) != 0)
        fail("epoll");
    return set;
}

int main(int count, char **arguments)
{
    const char *call = count > 1 ? arguments[1] : "poll";
    int ends[2];
    die_with_parent();
    if (pipe(ends) != 0)
        fail("pipe");
    pid_t parent = my_pid(), writer = fork();
    if (writer == 0) {
        die_with(parent);
        close(ends[0]);
        wait_for_ever();
    }
    close(ends[1]);
    int fd = ends[0], high = 70, selects = strcmp(call, "select") == 0, epolls = strcmp(call, "epoll") == 0;
    if (strcmp(call, "nested") == 0)
        fd = epoll_of(fd);
    else if (strcmp(call, "pidfd") == 0)
        fd = (int)syscall(SYS_pidfd_open, writer, 0);
    else if (epolls)
        fd = epoll_of(fd);
    if (fd < 0)
        fail(call);
    ready_for(parent);
    fact_number("writer", writer);
    if (selects) {
        fd = dup2(fd, high); /* past the first long of the set */
#ifdef SYS_pselect6
        waits_in(parent, SYS_pselect6);
#endif
    } else if (epolls) {
        waits_in(parent,
#ifdef SYS_epoll_wait
                 SYS_epoll_wait
#else
                 SYS_epoll_pwait
#endif
        );
    } else {
#ifdef SYS_poll
        waits_in(parent, SYS_poll);
#else
        waits_in(parent, SYS_ppoll);
#endif
    }
    waits_in(writer, WAITS_IN_PAUSE);
    ready();
    if (selects) {
        fd_set set;
        FD_ZERO(&set);
        FD_SET(fd, &set);
        return select(fd + 1, &set, NULL, NULL, NULL);
    }
    if (epolls) {
        struct epoll_event event;
        return epoll_wait(fd, &event, 1, -1);
    }
    struct pollfd one = {.fd = fd, .events = POLLIN};
    return poll(&one, 1, -1);
}
