#ifndef TABLE_H
#define TABLE_H

struct word {
	char *text;
	unsigned long count;
};

void table_add(const char *text);
/* The words in their order, and how many they are. */
const struct word *table_sorted(unsigned long *count);

#endif
