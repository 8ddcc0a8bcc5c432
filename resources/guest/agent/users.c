/*
 * Finds a user in the container's own files, as its programs would. No library's lookup: that of a static program
 * cannot load the image's modules, and a hostile file must only be able to name a user wrongly.
 */
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIELDS = 8, MOST_BYTES = 4 * 1024 * 1024 };

static size_t split(char *line, char separator, char *fields[FIELDS]) {
  size_t count = 0;
  line[strcspn(line, "\r\n")] = '\0';
  while (count < FIELDS) {
    fields[count++] = line;
    line = strchr(line, separator);
    if (line == NULL) break;
    *line++ = '\0';
  }
  return count;
}

static bool number(const char *text, uint32_t *value) {
  if (*text < '0' || *text > '9') return false;
  char *end;
  errno = 0;
  unsigned long long parsed = strtoull(text, &end, 10);
  if (*end != '\0' || errno != 0 || parsed >= UINT32_MAX) return false;
  *value = (uint32_t)parsed;
  return true;
}

/* A pipe or a device in the place of a list must not make anybody wait, nor a huge file cost time. */
static FILE *open_list(const char *path) {
  struct stat status;
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) return NULL;
  if (fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_size <= MOST_BYTES) return fdopen(file, "r");
  close(file);
  return NULL;
}

static bool find_user(const char *name, struct identity *identity, char login[256]) {
  FILE *file = open_list("/etc/passwd");
  if (file == NULL) return false;
  uint32_t wanted;
  bool numeric = number(name, &wanted), found = false;
  char line[4096];
  /* name:password:uid:gid:comment:home:shell, passwd(5) */
  while (!found && fgets(line, sizeof line, file) != NULL) {
    char *fields[FIELDS];
    uint32_t uid, gid;
    if (split(line, ':', fields) < 7 || !number(fields[2], &uid) || !number(fields[3], &gid)) continue;
    found = numeric ? uid == wanted : strcmp(fields[0], name) == 0;
    if (!found) continue;
    identity->uid = uid;
    identity->gid = gid;
    snprintf(identity->home, sizeof identity->home, "%s", fields[5]);
    snprintf(identity->shell, sizeof identity->shell, "%s", fields[6]);
    snprintf(login, 256, "%s", fields[0]);
  }
  fclose(file);
  return found;
}

static bool has_member(char *members, const char *login) {
  for (char *rest = NULL, *member = strtok_r(members, ",", &rest); member != NULL; member = strtok_r(NULL, ",", &rest))
    if (strcmp(member, login) == 0) return true;
  return false;
}

/* The group of that name, or with `login` all the groups that have it as a member. */
static bool read_groups(const char *name, const char *login, struct identity *identity) {
  FILE *file = open_list("/etc/group");
  if (file == NULL) return false;
  bool found = false;
  char line[16384];
  /* name:password:gid:members, group(5) */
  while (fgets(line, sizeof line, file) != NULL) {
    char *fields[FIELDS];
    uint32_t gid;
    size_t count = split(line, ':', fields);
    if (count < 3 || !number(fields[2], &gid)) continue;
    if (name != NULL && strcmp(fields[0], name) == 0) {
      identity->gid = gid;
      found = true;
      break;
    }
    size_t most = sizeof identity->groups / sizeof *identity->groups;
    if (login != NULL && count > 3 && identity->group_count < most && has_member(fields[3], login))
      identity->groups[identity->group_count++] = gid;
  }
  fclose(file);
  return found;
}

/* `user`, `uid`, `user:group` and so on, as OCI has it (image-spec, config.md, "User"). */
bool identity_find(const char *user, struct identity *identity, struct failure *failure) {
  *identity = (struct identity){.home = "/", .shell = ""};
  char name[256], login[256] = "";
  snprintf(name, sizeof name, "%s", user == NULL || *user == '\0' ? "0" : user);
  char *group = strchr(name, ':');
  if (group != NULL) *group++ = '\0';
  uint32_t id;
  if (!find_user(name, identity, login)) {
    if (!number(name, &id)) return failed(failure, "user", 0, name);
    identity->uid = id;
    if (id == 0) strcpy(identity->home, "/root");
  }
  if (group == NULL || *group == '\0') {
    if (login[0] != '\0') read_groups(NULL, login, identity);
    return true;
  }
  if (read_groups(group, NULL, identity)) return true;
  if (!number(group, &id)) return failed(failure, "group", 0, group);
  identity->gid = id;
  return true;
}
