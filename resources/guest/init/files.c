/* Small files and folders of /sys and /proc. */
#define _GNU_SOURCE
#include "init.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

bool first_line(const char *path, char *text, size_t size) {
  text[0] = 0;
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  ssize_t length = read(file, text, size - 1);
  close(file);
  text[length > 0 ? length : 0] = 0;
  text[strcspn(text, "\n")] = 0;
  return length > 0;
}

const char *next_name(void **folder, const char *path, const char *prefix) {
  if (*folder == NULL) *folder = opendir(path);
  if (*folder == NULL) return NULL;
  for (struct dirent *entry; (entry = readdir(*folder)) != NULL;)
    if (entry->d_name[0] != '.' && strncmp(entry->d_name, prefix, strlen(prefix)) == 0) return entry->d_name;
  closedir(*folder);
  *folder = NULL;
  return NULL;
}

void rest(unsigned milliseconds) {
  struct timespec time = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000};
  nanosleep(&time, NULL);
}
