#include "steps.h"

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "status.h"

static const char *const names[] = {
    [STEP_THREADS] = "threads",
    [STEP_CLONE] = "clone",
    [STEP_ID_MAP] = "idmap",
    [STEP_ROOT] = "root",
    [STEP_PAUSE_PROCESS] = "pause-process",
    [STEP_SETENV] = "setenv",
    [STEP_REEXEC] = "reexec",
    [STEP_LOAD] = "load",
    [STEP_DONE] = "done",
};

static enum step step_to_hold_at = STEP_NONE;

enum step step_named(const char *name)
{
    for (int step = 0; step < STEP_NONE; step++)
        if (strcmp(names[step], name) == 0)
            return (enum step)step;
    return STEP_NONE;
}

void stop_at_step(enum step step)
{
    step_to_hold_at = step;
}

/* Stands still, so that this step can be photographed beside the process that hangs in it. Ends when killed. */
static void hold_at_step(enum step step)
{
    announce("held", names[step], syscall(SYS_getpid));
    for (;;)
        pause();
}

void enter_step(enum step step)
{
    announce("step", names[step], syscall(SYS_getpid));
    if (step == step_to_hold_at)
        hold_at_step(step);
}
