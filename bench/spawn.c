/*
 * spawn.c - runs a command a number of times, one after the other, and prints
 * what each run cost: "wall-seconds cpu-seconds peak-KB", from posix_spawn to
 * its end.  Its standard output goes to /dev/null.
 *
 * usage: spawn TIMES COMMAND [ARGUMENT...]
 *
 * Ends with status 1 as soon as a run does not end with 0.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static double seconds_of(const struct timeval *t)
{
    return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int run(char **argv, posix_spawn_file_actions_t *actions)
{
    struct rusage usage;
    double from = now(), wall;
    int status;
    pid_t pid;

    if (posix_spawnp(&pid, argv[0], actions, NULL, argv, environ) != 0) {
        fprintf(stderr, "spawn: cannot run %s\n", argv[0]);
        return 1;
    }
    if (wait4(pid, &status, 0, &usage) != pid)
        return 1;
    wall = now() - from;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "spawn: %s failed\n", argv[0]);
        return 1;
    }
    printf("%.6f %.6f %ld\n", wall,
           seconds_of(&usage.ru_utime) + seconds_of(&usage.ru_stime),
           usage.ru_maxrss);
    return 0;
}

int main(int argc, char **argv)
{
    posix_spawn_file_actions_t actions;
    int times = argc > 2 ? atoi(argv[1]) : 0;

    if (times < 1) {
        fputs("usage: spawn TIMES COMMAND [ARGUMENT...]\n", stderr);
        return 2;
    }
    if (posix_spawn_file_actions_init(&actions) != 0 ||
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY,
                                         0) != 0)
        return 1;
    while (times-- > 0)
        if (run(argv + 2, &actions) != 0)
            return 1;
    return posix_spawn_file_actions_destroy(&actions);
}
