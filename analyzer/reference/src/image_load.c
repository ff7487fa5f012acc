#include "image_load.h"

#include <errno.h>
#include <unistd.h>

#include "status.h"
#include "steps.h"

int load_image(const struct options *options)
{
    /* -I -S: neither the user's environment nor site packages have a say in what is loaded. */
    char *const argv[] = {
        (char *)options->python, "-I", "-S", "-B", (char *)options->image_loader,
        "--input", (char *)options->input, "--store", (char *)options->store, NULL,
    };

    enter_step(STEP_LOAD);
    execv(options->python, argv);
    complain_errno("Python could not be started", errno);
    return 1;
}
