/* Threads that only wait: without a second thread glibc's fork() takes none of the locks in question. */
#ifndef LOADER_IDLE_THREADS_H
#define LOADER_IDLE_THREADS_H

int start_idle_threads(int count); /* returns when every one has arrived; 0, or the error of pthread_create */

#endif
