#include "user_namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "environment.h"
#include "id_map.h"
#include "lifeline.h"
#include "pause_process.h"
#include "raw_clone.h"
#include "status.h"
#include "steps.h"

#define MAPPED '0'
#define NOT_MAPPED 'n'
#define READY '0'

/* Our own words: strerror() may translate, and translating allocates, with the widener already holding its lock. */
static const char *why_refused(int error)
{
    switch (error) {
    case EPERM: return "clone: not permitted here";
    case ENOSPC: return "clone: the limit of user namespaces is 0 or reached";
    case EUSERS: return "clone: user namespaces are nested too deeply";
    case EINVAL:
    case ENOSYS: return "clone: this kernel has no user namespaces";
    default: return "clone: refused";
    }
}

static ssize_t read_byte(int fd, char *byte)
{
    ssize_t got;

    do
        got = read(fd, byte, 1);
    while (got < 0 && errno == EINTR);
    return got;
}

/* This is what the user sees hanging: the child never sends its byte. */
static int wait_until_child_is_ready(int ready)
{
    char answer = 0;

    return read_byte(ready, &answer) == 1 && answer == READY ? 0 : -1;
}

static int wait_for_exit_code(pid_t child)
{
    int status = 0;
    pid_t ended;

    do
        ended = waitpid(child, &status, 0);
    while (ended < 0 && errno == EINTR);
    if (ended < 0)
        return 1;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int look_after_child(pid_t child, int ready, int in_user_namespace)
{
    char answer = NOT_MAPPED;
    int exit_code;

    enter_step(STEP_ID_MAP);
    if (in_user_namespace) {
        const char *refused = map_ids(child);

        if (refused == NULL)
            answer = MAPPED;
        else
            announce_refusal("userns", refused);
    }
    /* MSG_NOSIGNAL: a child that is gone already is reported below, by its exit code. */
    send(ready, &answer, 1, MSG_NOSIGNAL);
    if (wait_until_child_is_ready(ready) < 0)
        complain("the child ended before it was ready");
    exit_code = wait_for_exit_code(child);
    if (exit_code == 0)
        enter_step(STEP_DONE);
    return exit_code;
}

/* Bare system calls: glibc's setresuid() signals every thread it believes to exist, and takes a lock to find them. */
static void become_root(void)
{
    if (syscall(SYS_setresgid, 0, 0, 0) < 0 || syscall(SYS_setresuid, 0, 0, 0) < 0) {
        complain_errno("the child could not become root in its user namespace", errno);
        _exit(1);
    }
}

static void block_most_signals(sigset_t *before)
{
    sigset_t most;

    sigfillset(&most);
    sigdelset(&most, SIGCHLD);
    sigdelset(&most, SIGTERM);
    sigprocmask(SIG_BLOCK, &most, before);
}

int reexec_in_user_namespace(const struct options *options, const struct environment *environment,
                             const struct pid_file *pid_file, const char *program, char **argv)
{
    pid_t loader = (pid_t)syscall(SYS_getpid);
    int in_user_namespace = 1;
    sigset_t signals_before;
    int lifeline[2];
    int ready[2];
    char answer = 0;
    pid_t child;

    if (pipe2(lifeline, O_CLOEXEC) < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ready) < 0) {
        complain_errno("no pipe or socketpair", errno);
        return 1;
    }

    enter_step(STEP_CLONE);
    child = raw_clone(CLONE_NEWUSER | CLONE_NEWNS | SIGCHLD);
    if (child < 0) {
        announce_refusal("userns", why_refused(errno));
        in_user_namespace = 0;
        child = raw_clone(SIGCHLD);
    }
    if (child < 0) {
        complain_errno("clone", errno);
        return 1;
    }
    if (child > 0) {
        close(ready[1]);
        return look_after_child(child, ready[0], in_user_namespace);
    }

    /* From here to exec: one thread, and every lock of libc as the other threads left it at the clone. */
    close(lifeline[1]);
    close(ready[0]);
    die_with_parent(loader);
    announce("process", "child", syscall(SYS_getpid));
    block_most_signals(&signals_before);

    if (read_byte(ready[1], &answer) != 1)
        _exit(1);
    enter_step(STEP_ROOT);
    if (answer == MAPPED) {
        become_root();
        die_with_parent(loader);
    }

    enter_step(STEP_PAUSE_PROCESS);
    if (create_pause_process(options->fix, pid_file, options->status_fd, lifeline[0]) < 0) {
        complain("the pause process could not be created");
        _exit(1);
    }

    enter_step(STEP_SETENV);
    if (options->fix != FIX_COMPLETE)
        set_environment(environment);

    answer = READY;
    if (write(ready[1], &answer, 1) != 1)
        _exit(1);
    sigprocmask(SIG_SETMASK, &signals_before, NULL);

    enter_step(STEP_REEXEC);
    if (options->fix == FIX_COMPLETE)
        execve(program, argv, environment->prepared);
    else
        execv(program, argv);
    complain_errno("the loader could not execute itself again", errno);
    _exit(1);
}
