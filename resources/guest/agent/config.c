/* Reads the host's records into a configuration. Knows no meaning; whoever uses a value judges it. */
#include "agent.h"

#include <stdlib.h>
#include <string.h>

static char *keep(const char *value) {
  char *copy = strdup(value);
  if (copy == NULL) abort(); /* PID 1 without memory: the kernel says the rest */
  return copy;
}

void strings_add(struct strings *strings, const char *value) {
  char **items = realloc(strings->items, (strings->count + 2) * sizeof *items);
  if (items == NULL) abort();
  strings->items = items;
  items[strings->count++] = keep(value);
  items[strings->count] = NULL;
}

static void replace(char **text, const char *value) {
  free(*text);
  *text = keep(value);
}

/* The last of a name counts, and keeps the place of the first, as with every environment. */
static void set_variable(struct strings *environment, const char *variable) {
  const char *equals = strchr(variable, '=');
  if (equals == NULL || equals == variable) return;
  size_t length = (size_t)(equals - variable) + 1;
  for (size_t at = 0; at < environment->count; at += 1) {
    if (strncmp(environment->items[at], variable, length) != 0) continue;
    replace(&environment->items[at], variable);
    return;
  }
  strings_add(environment, variable);
}

static void take(struct config *config, const char *key, const char *value) {
  struct {
    const char *key;
    char **text;
  } texts[] = {
      {"user", &config->user},         {"directory", &config->directory},
      {"hostname", &config->hostname}, {"stop-signal", &config->stop_signal},
      {"address", &config->address},   {"mask", &config->mask},
      {"gateway", &config->gateway},   {"terminal", &config->terminal},
  };
  for (size_t at = 0; at < sizeof texts / sizeof *texts; at += 1) {
    if (strcmp(texts[at].key, key) == 0) replace(texts[at].text, value);
  }
  if (strcmp(key, "argument") == 0) strings_add(&config->arguments, value);
  if (strcmp(key, "variable") == 0) set_variable(&config->environment, value);
  if (strcmp(key, "nameserver") == 0) strings_add(&config->nameservers, value);
  if (strcmp(key, "host") == 0) strings_add(&config->hosts, value);
  if (strcmp(key, "folder") == 0) strings_add(&config->folders, value);
  if (strcmp(key, "storage") == 0) config->keeps = strcmp(value, "disk") == 0;
}

void config_read(struct config *config, char *records, size_t length) {
  char *at = records, *end = records + length;
  while (at < end) {
    char *key_end = memchr(at, 0, (size_t)(end - at));
    if (key_end == NULL) return;
    char *value = key_end + 1;
    char *value_end = value < end ? memchr(value, 0, (size_t)(end - value)) : NULL;
    if (value_end == NULL) return;
    take(config, at, value);
    at = value_end + 1;
  }
}
