/*
 * The container's own namespace of processes: its PID 1 reaps what others leave, and reboot(2) called inside ends
 * that namespace alone (reboot(2), "Behavior inside PID namespaces"). Without it `halt -f` would stop the CPUs of a
 * machine for ever, which nobody outside is told.
 */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_DESCRIPTORS = 256 };

static pid_t first = -1; /* PID 1 of the namespace */
static int requests = -1;

/* What poweroff, halt and reboot of a busybox send to PID 1, as numbers of signals on the pipe. */
static void be_first(int report) {
  sigset_t asked;
  sigemptyset(&asked);
  int numbers[] = {SIGTERM, SIGUSR1, SIGUSR2, SIGINT};
  for (size_t at = 0; at < sizeof numbers / sizeof *numbers; at += 1) sigaddset(&asked, numbers[at]);
  sigprocmask(SIG_BLOCK, &asked, NULL);
  signal(SIGCHLD, SIG_IGN); /* the kernel reaps for whoever says so */
  setsid();
  prctl(PR_SET_NAME, "nandu-init");
  /* Its end would be the container's: want of memory shall end something else. */
  int score = open("/proc/self/oom_score_adj", O_WRONLY);
  if (score >= 0 && write(score, "-1000", 5) < 0) say("the first process is not spared: %s", strerror(errno));
  for (int at = 0; at < MOST_DESCRIPTORS; at += 1)
    if (at != report) close(at);
  for (int number; sigwait(&asked, &number) == 0;) {
    unsigned char byte = (unsigned char)number;
    if (write(report, &byte, 1) < 0) continue; /* full: it was asked often enough */
  }
  _exit(1);
}

void space_start(void) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return;
  /* A kernel without CONFIG_PID_NS runs the command as it is. */
  if (unshare(CLONE_NEWPID) != 0) {
    say("this kernel has no namespaces of processes: %s", strerror(errno));
    close(ends[0]);
    close(ends[1]);
    return;
  }
  first = fork();
  if (first == 0) be_first(ends[1]);
  close(ends[1]);
  requests = ends[0];
}

int space_descriptor(void) { return requests; }

bool space_was_asked(void) {
  char bytes[64];
  bool asked = false;
  while (requests >= 0 && read(requests, bytes, sizeof bytes) > 0) asked = true;
  return asked;
}

int space_end(int patience_ms) {
  if (first < 0) return 0;
  int status;
  kill(first, SIGKILL);
  for (double until = uptime() + patience_ms / 1e3; uptime() < until;) {
    pid_t pid = waitpid(-1, &status, WNOHANG);
    if (pid == first) {
      first = -1;
      if (!WIFSIGNALED(status)) return 0;
      return WTERMSIG(status) == SIGINT ? RB_POWER_OFF : WTERMSIG(status) == SIGHUP ? RB_AUTOBOOT : 0;
    }
    if (pid < 0 && errno != EINTR) return 0;
    if (pid == 0) poll(NULL, 0, 1); /* one that waits for a dead disk or host never ends */
  }
  return 0;
}
