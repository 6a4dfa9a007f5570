/* What the build decided about a program: looked up in its folder, or asked for. */
#ifndef TRIMARAN_ASKING_H
#define TRIMARAN_ASKING_H

#include "answer.h"
#include "system.h"
#include "text.h"

#define FOLDER "/dev/.trimaran"

/* An exec as the kernel hands it over. */
struct call {
    const char *path;
    char **argv, **environment;
    int program;
    struct stat status;
};

/* What is to be done about a program or, with `script`, about that and its script; false if nobody
   knows. `bytes`: ANSWER_LIMIT + 1 of them, which the answer points to. */
bool learn(int folder, const struct call *call, const char *script, char *bytes,
           struct answer *answer);

#endif
