#include "config.h"

#include "table.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { SLOTS = 1 << 12 };

static struct word *slots[SLOTS];
static unsigned long used[SLOTS], total;

void table_add(const char *text)
{
	unsigned long slot = crc32(0, (const Bytef *)text, strlen(text)) % SLOTS;
	for (unsigned long i = 0; i < used[slot]; i++)
		if (strcmp(slots[slot][i].text, text) == 0) {
			slots[slot][i].count++;
			return;
		}
	slots[slot] = realloc(slots[slot], (used[slot] + 1) * sizeof(struct word));
	char *copy = strdup(text);
	if (!slots[slot] || !copy)
		err(1, "memory");
	slots[slot][used[slot]++] = (struct word){copy, 1};
	total++;
}

static int order(const void *a, const void *b)
{
	const struct word *one = a, *other = b;
	if (one->count != other->count)
		return one->count < other->count ? 1 : -1;
	return strcmp(one->text, other->text);
}

const struct word *table_sorted(unsigned long *count)
{
	struct word *all = calloc(total + 1, sizeof(*all));
	if (!all)
		err(1, "memory");
	unsigned long next = 0;
	for (int slot = 0; slot < SLOTS; slot++)
		for (unsigned long i = 0; i < used[slot]; i++)
			all[next++] = slots[slot][i];
	qsort(all, total, sizeof(*all), order);
	*count = total;
	return all;
}
