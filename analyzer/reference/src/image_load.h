#ifndef LOADER_IMAGE_LOAD_H
#define LOADER_IMAGE_LOAD_H

#include "options.h"

/* Runs in the re-executed image, in place of it: Python's tarfile and hashlib do the load. Returns only on failure. */
int load_image(const struct options *options);

#endif
