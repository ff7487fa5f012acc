/* The named steps of a load, in order. Each is announced by the process that enters it. */
#ifndef LOADER_STEPS_H
#define LOADER_STEPS_H

enum step {
    STEP_THREADS,       /* loader: start the idle threads and the widener */
    STEP_CLONE,         /* loader: raw clone */
    STEP_ID_MAP,        /* loader: write the child's id maps and answer it */
    STEP_ROOT,          /* child: become root in the user namespace */
    STEP_PAUSE_PROCESS, /* child: create the pause process; fork() waits here */
    STEP_SETENV,        /* child: set the environment of the re-executed image; malloc waits here */
    STEP_REEXEC,        /* child: exec itself */
    STEP_LOAD,          /* child, re-executed: load the image */
    STEP_DONE,          /* loader: the child has ended well */
    STEP_NONE
};

enum step step_named(const char *name); /* STEP_NONE when there is no such step */
void stop_at_step(enum step step);
void enter_step(enum step step);

#endif
