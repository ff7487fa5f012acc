/* The reference loader: the steps of a rootless container tool that loads an image, with podman's bug, podman's fix of it,
   or a complete fix. The steps and the lines it writes are described in README.md, one folder up. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "environment.h"
#include "idle_threads.h"
#include "image_load.h"
#include "lifeline.h"
#include "options.h"
#include "pause_process.h"
#include "status.h"
#include "steps.h"
#include "user_namespace.h"
#include "widen_and_hold.h"

static void start_threads(const struct options *options)
{
    int error;

    enter_step(STEP_THREADS);
    error = start_idle_threads(options->threads);
    if (error != 0) {
        complain_errno("a thread could not be started", error);
        _exit(1);
    }
    if (options->widener != NULL) {
        const char *problem = widen_and_hold(options->widener);

        if (problem != NULL)
            announce_refusal("widen", problem);
    }
}

int main(int argc, char **argv)
{
    struct options options;
    struct environment environment;
    struct pid_file pid_file;
    char *program;

    read_options(&options, argc, argv);
    announce_on(options.status_fd);
    if (already_in_user_namespace())
        return load_image(&options);

    announce("process", "loader", getpid());
    if (options.lifeline_fd >= 0 && die_with_writer(options.lifeline_fd) < 0) {
        complain_errno("--lifeline-fd", errno);
        return 1;
    }

    if (mkdir(options.store, 0700) < 0 && errno != EEXIST) {
        complain_errno("the store could not be created", errno);
        return 1;
    }
    /* Everything that allocates is done while no other thread exists. */
    program = realpath("/proc/self/exe", NULL);
    prepare_environment(&environment);
    if (program == NULL || environment.prepared == NULL || name_pid_file(&pid_file, options.store) < 0) {
        complain("could not prepare: out of memory, no /proc, or the name of the store is too long");
        return 1;
    }

    start_threads(&options);
    /* _exit: exit() would flush, and wait for the lock that the widener holds. */
    _exit(reexec_in_user_namespace(&options, &environment, &pid_file, program, argv));
}
