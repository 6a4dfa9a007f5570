#include "fields.h"

static void add(struct words *words, const char *word)
{
    if (words->pointers)
        words->pointers[words->count] = (char *)word;
    words->count++;
}

static void add_joined(struct words *words, const char *first, const char *second)
{
    if (words->pointers) {
        char *start = words->text + words->text_size;
        append(append(start, first), second);
        add(words, start);
    } else {
        add(words, NULL);
    }
    words->text_size += length_of(first) + length_of(second) + 1;
}

/* An argument as the first rule before `end` that is about it says. */
static void add_argument(struct words *words, const struct answer *answer, const char *end,
                         const char *argument)
{
    for EACH_FIELD (rule, answer) {
        const char *from = rule + 1, *to = find(from, '\1');
        size_t length = (size_t)(to - from);
        if (rule == end)
            break;
        if (*rule == 'd' && equal(argument, from))
            return;
        if ((*rule != 'r' && *rule != 'p') || !begins_with(argument, from, length))
            continue;
        if (*rule == 'p') {
            add_joined(words, to + 1, argument + length);
            return;
        }
        if (!argument[length]) {
            argument = to + 1;
            break;
        }
    }
    add(words, argument);
}

/* The words that the rules before `end` put behind an argument. */
static void add_followers(struct words *words, const struct answer *answer, const char *end,
                          const char *argument)
{
    for EACH_FIELD (rule, answer) {
        const char *from = rule + 1, *word = find(from, '\1');
        size_t length = (size_t)(word - from);
        if (rule == end)
            break;
        if (*rule == 'f' && begins_with(argument, from, length) && !argument[length])
            add(words, word + 1);
    }
}

void build_arguments(struct words *words, const struct answer *answer, char *const *argv)
{
    for EACH_FIELD (field, answer) {
        if (*field == 'a')
            add(words, field + 1);
        else if (*field == '0')
            add(words, *argv);
        else if (*field == '*')
            for (char *const *argument = argv + 1; *argument; argument++) {
                add_argument(words, answer, field, *argument);
                add_followers(words, answer, field, *argument);
            }
    }
    add(words, NULL);
}

/* Whether the answer sets the variable of an entry, or takes it out. */
static bool is_changed(const struct answer *answer, const char *entry)
{
    for EACH_FIELD (field, answer)
        if (*field == 'e' || *field == 'u') {
            const char *name = field + 1;
            if (is_variable(entry, name, (size_t)(find(name, '=') - name)))
                return true;
        }
    return false;
}

void build_environment(struct words *words, const struct answer *answer, char *const *old)
{
    for (; *old; old++)
        if (!is_changed(answer, *old))
            add(words, *old);
    for EACH_FIELD (field, answer)
        if (*field == 'e')
            add(words, field + 1);
    add(words, NULL);
}
