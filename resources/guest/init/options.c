/* The kernel's command line, as far as it is about us. */
#define _GNU_SOURCE
#include "init.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-";

/* @returns whether the word is `name` and its value; takes the value if it has no other than the allowed characters. */
static bool take(const char *word, const char *name, const char *more, char *value, size_t size) {
  size_t length = strlen(name);
  char allowed[sizeof LETTERS + 8];
  if (strncmp(word, name, length) != 0) return false;
  const char *given = word + length;
  snprintf(allowed, sizeof allowed, "%s%s", LETTERS, more);
  if (strspn(given, allowed) == strlen(given) && strlen(given) < size)
    strcpy(value, given);
  else {
    char line[192];
    snprintf(line, sizeof line, "nandu: ignored %.120s: unexpected characters\n", word);
    say(line);
  }
  return true;
}

static void read_ready(struct options *options, const char *value) {
  unsigned port, seconds;
  char end;
  if (strlen(value) < 14 && sscanf(value, "%u,%u%c", &port, &seconds, &end) == 2 && port > 0 && port < 65536) {
    options->watched_port = port;
    options->watched_seconds = seconds;
  }
}

void options_read(struct options *options) {
  static char line[4096];
  static const char console[] = "console=", ready[] = "nandu.ready=port:";
  char hostname[sizeof options->hostname] = "";
  first_line("/proc/cmdline", line, sizeof line);
  for (char *word = strtok(line, " \t"); word != NULL; word = strtok(NULL, " \t")) {
    if (take(word, "nandu.term=", "_+", options->terminal, sizeof options->terminal)) continue;
    if (take(word, "nandu.hostname=", "", hostname, sizeof hostname)) continue;
    if (strcmp(word, "nandu.container") == 0) options->wants_container = true;
    if (strcmp(word, "nandu.bootlog") == 0) options->wants_log = true;
    if (strcmp(word, "nandu.clock") == 0) options->wants_clock = true;
    if (strncmp(word, ready, sizeof ready - 1) == 0) read_ready(options, word + sizeof ready - 1);
    if (strncmp(word, console, sizeof console - 1) == 0) {
      word += sizeof console - 1;
      word[strcspn(word, ",")] = 0;
      if (strspn(word, LETTERS) == strlen(word) && strlen(word) < sizeof options->console) strcpy(options->console, word);
    }
  }
  if (hostname[0] != '-') strcpy(options->hostname, hostname);
}
