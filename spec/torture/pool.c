/*
 * pool.c - many Lua states in many threads, for ThreadSanitizer.
 *
 *   pool THREADS STATES TURNS
 *
 * States lie in a pool.  A thread takes one, has it take a turn of turns.lua
 * and puts it back, so a state is used by one thread at a time and by each of
 * them in the end; after LIFE turns it is closed, with whatever it has in
 * flight, and a new one made.  Meanwhile all the others do the same.
 *
 * SSO_PLANTED in the environment: a count is kept outside the lock, which
 * ThreadSanitizer has to report.
 */
#include "state.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_OF_TURNS "spec/torture/turns.lua"
#define MOST          64

/* Turns in the life of a state; no divisor of the number of turns. */
#define LIFE 7

struct slot {
    lua_State *L; /* NULL: to be made */
    int turns;
    pthread_t last;
    bool used; /* last is set */
};

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct slot slots[MOST];
    struct slot *idle[MOST]; /* a ring: who waited longest goes first */
    int first, count, states;
    int turns_left;
    int next;   /* number of the next turn */
    int moved;  /* turns by another thread than the state's last */
    int closed; /* states that lived their life */
    bool failed;
    int unguarded; /* turns, where a race is planted */
};

static __attribute__((noinline)) void planted_race(struct pool *p)
{
    p->unguarded++;
}

/* NULL: no turns are left. */
static struct slot *take(struct pool *p, int *number)
{
    struct slot *slot = NULL;

    pthread_mutex_lock(&p->lock);
    while (p->count == 0 && p->turns_left > 0 && !p->failed)
        pthread_cond_wait(&p->changed, &p->lock);
    if (p->turns_left > 0 && !p->failed) {
        slot = p->idle[p->first];
        p->first = (p->first + 1) % p->states;
        p->count--;
        p->turns_left--;
        *number = p->next++;
        p->moved += slot->used && !pthread_equal(slot->last, pthread_self());
        slot->last = pthread_self();
        slot->used = true;
    }
    pthread_mutex_unlock(&p->lock);
    return slot;
}

static void put_back(struct pool *p, struct slot *slot, bool closed, bool well)
{
    pthread_mutex_lock(&p->lock);
    p->idle[(p->first + p->count) % p->states] = slot;
    p->count++;
    p->closed += closed;
    p->failed = p->failed || !well;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
}

static bool take_turn(struct slot *slot, int number)
{
    char name[64];

    if (slot->L == NULL)
        slot->L = state_open(NULL, NULL, FILE_OF_TURNS);
    if (slot->L == NULL)
        return false;
    state_name(slot->L, number, name, sizeof(name));
    slot->turns++;
    return state_call(slot->L, "turn", name);
}

static void *work(void *argument)
{
    struct pool *p = argument;
    struct slot *slot;
    int number;

    while ((slot = take(p, &number)) != NULL) {
        bool well = take_turn(slot, number);
        bool closed = well && slot->turns >= LIFE;
        if (getenv("SSO_PLANTED") != NULL)
            planted_race(p);
        if (closed) {
            lua_close(slot->L);
            memset(slot, 0, sizeof(*slot));
        }
        put_back(p, slot, closed, well);
    }
    return NULL;
}

static void fill(struct pool *p, int states, int turns)
{
    int i;

    memset(p, 0, sizeof(*p));
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->changed, NULL);
    p->states = p->count = states;
    p->turns_left = turns;
    for (i = 0; i < states; i++)
        p->idle[i] = &p->slots[i];
}

/* Whether a number of threads have taken all turns well. */
static bool run(struct pool *p, int threads)
{
    pthread_t running[MOST];
    int i;

    for (i = 0; i < threads; i++)
        if (pthread_create(&running[i], NULL, work, p) != 0)
            return false;
    for (i = 0; i < threads; i++)
        pthread_join(running[i], NULL);
    for (i = 0; i < p->states; i++)
        if (p->slots[i].L != NULL)
            lua_close(p->slots[i].L);
    return !p->failed && p->turns_left == 0;
}

int main(int argc, char **argv)
{
    static struct pool pool;
    int threads = argc > 1 ? atoi(argv[1]) : 0;
    int states = argc > 2 ? atoi(argv[2]) : 0;
    int turns = argc > 3 ? atoi(argv[3]) : 0;
    int descriptors, left;
    bool well;

    if (threads < 1 || threads > MOST || states < 1 || states > MOST ||
        turns < 1) {
        fprintf(stderr, "usage: pool THREADS STATES TURNS\n");
        return 2;
    }
    /* By itself: what the module does once a process is to be raced over. */
    if (getenv("SSO_TURNS_PREPARE") != NULL)
        return state_prepare(FILE_OF_TURNS) ? 0 : 2;
    descriptors = state_descriptors();
    fill(&pool, states, turns);
    well = run(&pool, threads);
    left = state_descriptors() - descriptors;
    if (well && left > 0) {
        fprintf(stderr, "%d descriptors are left\n", left);
        well = false;
    }
    printf("%s %d threads, %d states: %d turns, %d by another thread than the "
           "state's last, %d states closed\n",
           well ? "ok" : "FAILED", threads, states, pool.next, pool.moved,
           pool.closed);
    printf("%d passed, %d failed\n", well, !well);
    return well ? 0 : 1;
}
