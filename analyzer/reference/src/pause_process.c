#include "pause_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lifeline.h"
#include "raw_clone.h"
#include "status.h"

int name_pid_file(struct pid_file *pid_file, const char *store)
{
    int length = snprintf(pid_file->final, PATH_MAX, "%s/pause.pid", store);

    if (length >= PATH_MAX)
        return -1;
    length = snprintf(pid_file->unfinished, PATH_MAX, "%s.%ld", pid_file->final, (long)getpid());
    return length >= PATH_MAX ? -1 : 0;
}

static int write_pid_file(const struct pid_file *pid_file, pid_t pause_process)
{
    struct line content = {.length = 0};
    ssize_t written;
    int fd;

    add_number(&content, pause_process);
    fd = open(pid_file->unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -1;
    written = write(fd, content.text, content.length);
    close(fd);
    if (written != (ssize_t)content.length)
        return -1;
    return (int)syscall(SYS_renameat2, AT_FDCWD, pid_file->unfinished, AT_FDCWD, pid_file->final, 0);
}

static void ignore_terminal_signals(void)
{
    static const int ignored[] = {SIGALRM, SIGHUP, SIGINT, SIGPIPE, SIGQUIT, SIGPROF, SIGVTALRM, SIGXCPU, SIGXFSZ};
    struct sigaction action = {.sa_handler = SIG_IGN};

    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        sigaction(ignored[i], &action, NULL);
}

static void let_go_of_files(int status_fd, int lifeline)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null >= 0)
        for (int fd = 0; fd < 3; fd++)
            dup2(null, fd);
    /* The status pipe stays: its end of file then means that nothing of the loader is left. */
    for (int fd = 3; fd < 1024; fd++)
        if (fd != status_fd && fd != lifeline)
            close(fd);
}

static _Noreturn void be_the_pause_process(int status_fd, int lifeline)
{
    if (die_with_writer(lifeline) < 0)
        _exit(1);
    ignore_terminal_signals();
    let_go_of_files(status_fd, lifeline);
    prctl(PR_SET_NAME, "loader-pause", 0, 0, 0);
    for (;;)
        pause();
}

static int wait_for_pid_file(pid_t maker, int pid_file_written)
{
    char answer = 0;
    ssize_t got;
    int status = 0;
    pid_t ended;

    do
        got = read(pid_file_written, &answer, 1);
    while (got < 0 && errno == EINTR);
    do
        ended = waitpid(maker, &status, 0);
    while (ended < 0 && errno == EINTR);
    return got == 1 && answer == '0' && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

int create_pause_process(enum fix fix, const struct pid_file *pid_file, int status_fd, int lifeline)
{
    pid_t self = (pid_t)syscall(SYS_getpid);
    int pid_file_written[2];
    pid_t maker;
    pid_t pause_process;

    if (pipe2(pid_file_written, O_CLOEXEC) < 0)
        return -1;

    maker = fix == FIX_NONE ? fork() : raw_clone(SIGCHLD);
    if (maker < 0)
        return -1;
    if (maker > 0) {
        int result;

        close(pid_file_written[1]);
        result = wait_for_pid_file(maker, pid_file_written[0]);
        close(pid_file_written[0]);
        return result;
    }

    die_with_parent(self);
    announce("process", "pause-maker", syscall(SYS_getpid));
    setsid();
    pause_process = fix == FIX_NONE ? fork() : raw_clone(SIGCHLD);
    if (pause_process == 0)
        be_the_pause_process(status_fd, lifeline);
    if (pause_process > 0)
        announce("process", "pause", pause_process);
    if (pause_process < 0 || write_pid_file(pid_file, pause_process) < 0) {
        if (pause_process > 0)
            kill(pause_process, SIGKILL);
        _exit(1);
    }
    _exit(write(pid_file_written[1], "0", 1) == 1 ? 0 : 1);
}
