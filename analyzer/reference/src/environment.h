/* The environment that tells the re-executed image that it is inside the user namespace already. */
#ifndef LOADER_ENVIRONMENT_H
#define LOADER_ENVIRONMENT_H

struct environment {
    char uid[24];
    char gid[24];
    char **prepared; /* the whole environment of the new image, built before the clone; NULL when it could not be */
};

/* Called while the process still has one thread: allocates. */
void prepare_environment(struct environment *environment);

/* As podman does it, in the raw-clone child: setenv() takes envlock and calls malloc(). */
void set_environment(const struct environment *environment);

int already_in_user_namespace(void);

#endif
