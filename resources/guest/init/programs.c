/* Starting what is not our own, and ending the machine. */
#define _GNU_SOURCE
#include "init.h"

#include <spawn.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Not by fork: copying even a small process takes an emulated processor longer than starting the program. */
int run(char *const words[]) {
  pid_t child;
  int status = -1;
  if (posix_spawnp(&child, words[0], NULL, NULL, words, environ) != 0) return -1;
  if (waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
  return WEXITSTATUS(status);
}

pid_t beside(void (*work)(const void *), const void *about) {
  pid_t child = fork();
  if (child != 0) return child;
  work(about);
  _exit(1);
}

void switch_off(bool again) {
  sync();
  reboot(!again && access("/sys/firmware/acpi", F_OK) == 0 ? RB_POWER_OFF : RB_AUTOBOOT);
  for (;;) pause(); /* PID 1 must not end */
}
