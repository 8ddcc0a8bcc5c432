/*
 * PID 1: waits for the configuration, starts the command, reaps, and carries bytes between sessions and the host
 * until the command ends or the host says stop. Then the machine ends.
 */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 32 * 1024, RETRY_MS = 100, LAST_WORDS_MS = 2000, DEFAULT_GRACE_MS = 5000, MOST_RECORDS = 16 << 20 };

static struct config config;
static char *records; /* of the configuration, until it is whole */
static size_t records_length;
static char terminal_path[64];
static int terminal = -1, root = -1;
static bool running, stopping;
static double kill_at, greeted_at;
static const double GREETING_S = 0.5;

double uptime(void) {
  struct timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Carriage returns, because a program may have left the terminal raw. */
void say(const char *format, ...) {
  char text[512];
  va_list values;
  va_start(values, format);
  int length = vsnprintf(text, sizeof text, format, values);
  va_end(values);
  if (length > 0 && terminal >= 0) dprintf(terminal, "nandu: %s\r\n", text);
}

bool failed(struct failure *failure, const char *stage, int error, const char *detail) {
  failure->stage = stage;
  failure->error = error;
  snprintf(failure->detail, sizeof failure->detail, "%s", detail);
  return false;
}

static void send_failure(uint8_t session, const struct failure *failure) {
  char payload[512];
  int length = snprintf(payload, sizeof payload, "stage%c%s%cerrno%c%d%cdetail%c%s%c", 0, failure->stage, 0, 0,
                        failure->error, 0, 0, failure->detail, 0);
  port_send(FRAME_FAILED, session, payload, (size_t)length);
}

static bool wait_for(int descriptor, short events, int milliseconds) {
  struct pollfd one = {.fd = descriptor, .events = events};
  return poll(&one, 1, milliseconds) > 0 && (one.revents & events) != 0;
}

/* Everything is said, written and ended; does not return. @param wish RB_AUTOBOOT to be started anew. */
static void end_machine(int wish) {
  kill(-1, SIGKILL);
  /* One that waits for a dead disk or host never ends; the machine does. */
  for (double until = uptime() + LAST_WORDS_MS / 1e3; waitpid(-1, NULL, WNOHANG) >= 0 && uptime() < until;)
    poll(NULL, 0, 1);
  for (double until = uptime() + LAST_WORDS_MS / 1e3; port_connected() && port_wants_write() && uptime() < until;)
    if (wait_for(port_descriptor(), POLLOUT, RETRY_MS)) port_flush();
  if (root >= 0) close(root);
  root_flush();
  int unsaid = 1;
  for (double until = uptime() + LAST_WORDS_MS / 1e3; terminal >= 0 && unsaid > 0 && uptime() < until; poll(NULL, 0, 1))
    if (ioctl(terminal, TIOCOUTQ, &unsaid) != 0) break;
  reboot(access("/sys/firmware/acpi", F_OK) == 0 && wish != RB_AUTOBOOT ? RB_POWER_OFF : RB_AUTOBOOT);
  for (;;) pause();
}

static int exit_code(int status) { return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status); }

/* Processes that the kernel ended for want of memory since it booted (Documentation/filesystems/proc, vmstat). */
static uint32_t memory_kills(void) {
  char line[128];
  unsigned long count = 0;
  FILE *file = fopen("/proc/vmstat", "re");
  if (file == NULL) return 0;
  while (fgets(line, sizeof line, file) != NULL)
    if (sscanf(line, "oom_kill %lu", &count) == 1) break;
  fclose(file);
  return count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
}

static void command_ended(int status) {
  unsigned char code = (unsigned char)exit_code(status);
  uint32_t kills = memory_kills();
  int wish = space_end(LAST_WORDS_MS);
  if (wish != 0) end_machine(wish); /* switched off from inside: that ended the command, too */
  unsigned char told[] = {code, (unsigned char)kills, (unsigned char)(kills >> 8), (unsigned char)(kills >> 16),
                          (unsigned char)(kills >> 24)};
  port_send(FRAME_EXITED, 0, told, sizeof told);
  /* Ctrl+S may have stopped the terminal, and the last line may have no end. */
  if (terminal >= 0) {
    tcflow(terminal, TCOON);
    dprintf(terminal, "\r\n");
  }
  if (kills > 0) say("the kernel ended %u of its processes for want of memory", (unsigned)kills);
  say("the command ended with exit code %d", code);
  end_machine(0);
}

static void give_up(const struct failure *failure) {
  send_failure(0, failure);
  say("the command could not be started: %s %s: %s", failure->stage, failure->detail,
      failure->error == 0 ? "not found" : strerror(failure->error));
  end_machine(0);
}

static void keep_records(const char *payload, size_t length) {
  if (running || length > MOST_RECORDS - records_length) return;
  char *grown = realloc(records, records_length + length + 1);
  if (grown == NULL) return;
  memcpy(grown + records_length, payload, length);
  records = grown;
  records_length += length;
}

static void start_command(void) {
  struct failure failure = {0};
  if (running) return;
  config_read(&config, records, records_length);
  free(records);
  records = NULL;
  records_length = 0;
  if (config.hostname != NULL && sethostname(config.hostname, strlen(config.hostname)) != 0)
    say("the host name is not set: %s", strerror(errno));
  space_start(); /* before /proc is mounted, which shows the processes of whoever mounts it */
  root = root_prepare(&config, &failure);
  if (root < 0 || !net_start(&config, &failure)) give_up(&failure);
  if (!session_start(0, &config, root, terminal_path, NULL, 0, &failure)) give_up(&failure);
  running = true;
  port_send(FRAME_STARTED, 0, NULL, 0);
}

/* As images have it: a number, or a name with or without SIG. Real-time signals count from 34, where the C library of
   nearly every image has them; ours keeps one more for itself. */
static int stop_signal(void) {
  static const char *const names[] = {"HUP",  "INT",  "QUIT",   "ILL",  "TRAP", "ABRT", "BUS",  "FPE",
                                      "KILL", "USR1", "SEGV",   "USR2", "PIPE", "ALRM", "TERM", "STKFLT",
                                      "CHLD", "CONT", "STOP",   "TSTP", "TTIN", "TTOU", "URG",  "XCPU",
                                      "XFSZ", "VTALRM", "PROF", "WINCH", "IO",  "PWR",  "SYS"};
  const char *name = config.stop_signal == NULL ? "" : config.stop_signal;
  if (strncmp(name, "SIG", 3) == 0) name += 3;
  for (size_t at = 0; at < sizeof names / sizeof *names; at += 1)
    if (strcmp(names[at], name) == 0) return (int)at + 1;
  int number = atoi(name);
  if (strncmp(name, "RTMIN+", 6) == 0) number = 34 + atoi(name + 6);
  if (strncmp(name, "RTMAX-", 6) == 0) number = 64 - atoi(name + 6);
  if (number > 0 && number <= 64) return number;
  if (*name != '\0') say("there is no signal %s: SIGTERM is sent", name);
  return SIGTERM;
}

static void stop(uint32_t grace_ms) {
  if (!running) end_machine(0);
  kill_at = uptime() + (double)grace_ms / 1e3;
  if (stopping) return;
  stopping = true;
  kill(sessions[0].pid, stop_signal());
  kill(sessions[0].pid, SIGCONT);
}

static uint32_t read_number(const char *payload, size_t length) {
  uint32_t value = 0;
  for (size_t at = length < 4 ? length : 4; at > 0; at -= 1) value = value << 8 | (unsigned char)payload[at - 1];
  return value;
}

static void open_session(uint8_t id, char *payload, size_t length) {
  struct failure failure = {0};
  if (id == 0 || id >= MAX_SESSIONS || sessions[id].used) {
    failed(&failure, "session", EBUSY, "");
  } else if (!running || stopping) {
    failed(&failure, "session", EAGAIN, "");
  } else if (session_start(id, &config, root, NULL, payload, length, &failure)) {
    port_send(FRAME_STARTED, id, NULL, 0);
    return;
  }
  send_failure(id, &failure);
}

static void resize(uint8_t id, unsigned columns, unsigned rows) {
  if (id != 0) {
    session_resize(&sessions[id], columns, rows);
    return;
  }
  struct winsize size = {.ws_col = (unsigned short)columns, .ws_row = (unsigned short)rows};
  if (terminal >= 0 && columns > 0 && rows > 0 && columns <= 1000 && rows <= 1000) ioctl(terminal, TIOCSWINSZ, &size);
}

/* The exit that the host hears is the promise that nothing more comes from this session. */
static void close_session(uint8_t id) {
  struct session *session = &sessions[id];
  unsigned char code = 128 + SIGHUP;
  if (!session->exited) kill(session->has_terminal ? session->pid : -session->pid, session->has_terminal ? SIGHUP : SIGKILL);
  session_close(session);
  port_send(FRAME_EXITED, id, &code, 1);
}

/* A host that is gone takes its sessions along; the command goes on. */
static void drop_host(void) {
  port_disconnected();
  for (int id = 1; id < MAX_SESSIONS; id += 1) {
    if (!sessions[id].used) continue;
    if (!sessions[id].has_terminal && !sessions[id].exited) kill(-sessions[id].pid, SIGKILL);
    session_close(&sessions[id]);
  }
}

static void greet(void) {
  greeted_at = uptime();
  port_greet(running ? "running" : "waiting");
}

/* A paused or busy guest can miss that one host went and the next came. The one that was just greeted is no such case. */
static void greet_again(void) {
  if (uptime() - greeted_at < GREETING_S) return;
  drop_host();
  greet();
}

static void take_frame(uint8_t type, uint8_t id, char *payload, size_t length) {
  if (id >= MAX_SESSIONS) return;
  struct session *session = &sessions[id];
  switch (type) {
    case FRAME_CONFIG:
      keep_records(payload, length);
      break;
    case FRAME_RUN:
      start_command();
      break;
    case FRAME_OPEN:
      open_session(id, payload, length);
      break;
    case FRAME_INPUT:
      session_input(session, payload, length);
      break;
    case FRAME_END_INPUT:
      session->input_ended = true;
      break;
    case FRAME_SIZE:
      if (length == 4) resize(id, read_number(payload, 2), read_number(payload + 2, 2));
      break;
    case FRAME_SIGNAL:
      if (length != 1 || !session->used || session->exited) break;
      /* Without a terminal that could be hung up, ending it ends all that it started. */
      kill(id == 0 || session->has_terminal ? session->pid : -session->pid, (unsigned char)payload[0]);
      break;
    case FRAME_CLOSE:
      if (id != 0 && session->used) close_session(id);
      break;
    case FRAME_HELLO:
      greet_again();
      break;
    case FRAME_CREDIT:
      session->credit += read_number(payload, length);
      break;
    case FRAME_STOP:
      stop(length == 4 ? read_number(payload, length) : DEFAULT_GRACE_MS);
      break;
    default:
      break;
  }
}

static void reap(void) {
  int status;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0;) {
    if (WIFSTOPPED(status)) {
      /* Ctrl+Z where there is no shell that could go on with it. */
      if (running && pid == sessions[0].pid && WSTOPSIG(status) != SIGSTOP) kill(-pid, SIGCONT);
      continue;
    }
    for (int id = 0; id < MAX_SESSIONS; id += 1) {
      if (!sessions[id].used || sessions[id].exited || sessions[id].pid != pid) continue;
      if (id == 0) command_ended(status);
      sessions[id].exited = true;
      sessions[id].status = status;
    }
  }
}

/* @returns whether this stream is over. */
static bool carry_output(uint8_t id, int descriptor, uint8_t type) {
  struct session *session = &sessions[id];
  static char bytes[CHUNK];
  size_t most = port_room() < session->credit ? port_room() : session->credit;
  if (most == 0) return false;
  ssize_t got = read(descriptor, bytes, most < CHUNK ? most : CHUNK);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return session->exited && errno == EAGAIN;
  if (got <= 0) return true; /* EIO: nobody has the terminal any more */
  session->credit -= (uint32_t)got;
  port_send(type, id, bytes, (size_t)got);
  return false;
}

static void carry_input(uint8_t id) {
  struct session *session = &sessions[id];
  if (session->pending_length > 0) {
    ssize_t put = write(session->input, session->pending, session->pending_length);
    if (put < 0 && (errno == EAGAIN || errno == EINTR)) return;
    size_t taken = put < 0 ? session->pending_length : (size_t)put; /* nobody reads any more */
    session->pending_length -= taken;
    memmove(session->pending, session->pending + taken, session->pending_length);
    session->owed += (uint32_t)taken;
  }
  if (session->pending_length > 0 || !session->input_ended || session->has_terminal) return;
  close(session->input);
  session->input = -1;
}

static void finish_session(uint8_t id) {
  unsigned char code = (unsigned char)exit_code(sessions[id].status);
  port_send(FRAME_EXITED, id, &code, 1);
  session_close(&sessions[id]);
}

static void serve_session(uint8_t id) {
  struct session *session = &sessions[id];
  if (session->input >= 0 && (session->pending_length > 0 || session->input_ended)) carry_input(id);
  if (session->owed > 0 && port_send(FRAME_WANTED, id, &session->owed, sizeof session->owed)) session->owed = 0;
  if (session->output >= 0 && carry_output(id, session->output, FRAME_OUTPUT)) {
    if (session->input == session->output) session->input = -1;
    close(session->output);
    session->output = -1;
  }
  if (session->error >= 0 && carry_output(id, session->error, FRAME_ERROR_OUTPUT)) {
    close(session->error);
    session->error = -1;
  }
  if (session->exited && session->output < 0 && session->error < 0) finish_session(id);
}

static void look_at_port(void) {
  struct pollfd port = {.fd = port_descriptor(), .events = POLLIN | POLLOUT};
  if (port.fd < 0 || poll(&port, 1, 0) < 0) return;
  if ((port.revents & POLLHUP) != 0) {
    if (port_connected()) drop_host();
    return;
  }
  if (!port_connected()) greet();
  if ((port.revents & POLLIN) != 0) port_read(take_frame);
  port_flush();
}

static void serve(int signals) {
  struct pollfd watched[3 + 3 * MAX_SESSIONS] = {{.fd = signals, .events = POLLIN}};
  nfds_t count = 1;
  watched[count++] = (struct pollfd){.fd = port_descriptor(), .events = POLLIN};
  if (port_wants_write() && port_connected()) watched[1].events |= POLLOUT;
  watched[count++] = (struct pollfd){.fd = space_descriptor(), .events = POLLIN};
  for (int id = 1; id < MAX_SESSIONS; id += 1) {
    struct session *session = &sessions[id];
    if (!session->used) continue;
    bool room = session->credit > 0 && port_room() > 0;
    if (session->input >= 0 && session->pending_length > 0)
      watched[count++] = (struct pollfd){.fd = session->input, .events = POLLOUT};
    if (session->output >= 0 && room) watched[count++] = (struct pollfd){.fd = session->output, .events = POLLIN};
    if (session->error >= 0 && room) watched[count++] = (struct pollfd){.fd = session->error, .events = POLLIN};
  }
  /* Without a host its port is always "hung up": then it is looked at now and then. */
  if (!port_connected()) watched[1].fd = -1;
  int patience = port_connected() ? -1 : RETRY_MS;
  if (stopping) patience = RETRY_MS;
  /* What it left behind may hold its terminal open without ever writing again. */
  for (int id = 1; id < MAX_SESSIONS; id += 1)
    if (sessions[id].exited) patience = RETRY_MS;
  poll(watched, count, patience);

  look_at_port();
  if ((watched[0].revents & POLLIN) != 0) {
    struct signalfd_siginfo signal;
    while (read(signals, &signal, sizeof signal) == sizeof signal)
      if (signal.ssi_signo != SIGCHLD) stop(DEFAULT_GRACE_MS); /* where the kernel has no namespace for the command */
    reap();
  }
  if (space_was_asked()) stop(DEFAULT_GRACE_MS); /* poweroff, halt and reboot of a busybox */
  for (int id = 1; id < MAX_SESSIONS; id += 1)
    if (sessions[id].used) serve_session((uint8_t)id);
  if (port_connected()) port_flush();
  if (stopping && uptime() >= kill_at) kill(sessions[0].pid, SIGKILL);
}

int main(int count, char *words[]) {
  if (count != 3 || getpid() != 1) {
    fprintf(stderr, "usage: as PID 1: nandu-agent TTY PORT\n");
    return 64;
  }
  snprintf(terminal_path, sizeof terminal_path, "/dev/%.48s", words[1]);
  terminal = open(terminal_path, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  setsid();
  if (terminal >= 0 && ioctl(terminal, TIOCSCTTY, 1) != 0) say("the console is no terminal: %s", strerror(errno));
  signal(SIGPIPE, SIG_IGN);
  signal(SIGTTOU, SIG_IGN); /* the console is in the command's hands, and PID 1 writes to it all the same */
  sigset_t wanted;
  sigemptyset(&wanted);
  int numbers[] = {SIGCHLD, SIGTERM, SIGUSR1, SIGUSR2, SIGINT};
  for (size_t at = 0; at < sizeof numbers / sizeof *numbers; at += 1) sigaddset(&wanted, numbers[at]);
  sigprocmask(SIG_BLOCK, &wanted, NULL);
  int signals = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
  port_open(words[2]);
  reboot(RB_DISABLE_CAD);
  look_at_port(); /* the host has been there since before the first instruction: no wait for it */
  for (;;) serve(signals);
}
