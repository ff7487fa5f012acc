#ifndef LOADER_TRIAL_H
#define LOADER_TRIAL_H

/* Whether a raw-clone child that calls TAKE_AND_GIVE_BACK now would wait for ever. Tried, in a child of its own. */
int child_would_hang(void (*take_and_give_back)(void));

#endif
