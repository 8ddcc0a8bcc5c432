/*
 * Nandu's init: PID 1 of a machine. Brings up the least there must be, greets the host, then runs a shell, or gives
 * way to the agent of a container. It is a program and no script because an emulated processor translates what runs
 * for the first time, and a script runs a shell for each of its lines: 12 % of what a fast boot translated.
 */
#ifndef NANDU_INIT_H
#define NANDU_INIT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { TICK_MS = 10 };

/* What the kernel's command line says to us. */
struct options {
  char terminal[64]; /* for TERM; may be empty */
  char hostname[65];
  char console[32]; /* the last console=, without its settings */
  bool wants_container, wants_log, wants_clock;
  unsigned watched_port, watched_seconds; /* 0: none */
};

/* options.c: complains on the console about what it cannot take. */
void options_read(struct options *options);

/* say.c */
/* @returns false where there is no console yet: one that is a virtio device comes with its driver. */
bool say(const char *text);
/* The moment as the kernel's clock has it, `SECONDS.MILLISECONDS`. */
void now_is(char moment[24]);
/* The line `nandu: WORD uptime=MOMENT`, which Nandu reads (boot timeline). */
bool mark(const char *word, const char *moment);

/*
 * The line `nandu: kernel clock lag=SECONDS`: how much longer the kernel has run than its uptime says, by its own log. It
 * loses the ticks that came while it had shut interrupts off, a third of a second of Debian's emulated boot. No line where
 * the log has nothing of it.
 */
void tell_clock_lag(void);

/* files.c */
/* The first line, without its end. @returns false where it cannot be read, `text` then being empty. */
bool first_line(const char *path, char *text, size_t size);
/* @returns the next of the folder's names that begins with `prefix`, in no order; NULL after the last, closing it. */
const char *next_name(void **folder, const char *path, const char *prefix);
void rest(unsigned milliseconds);

/* programs.c: @returns the exit code, or -1 where it did not start or was killed. */
int run(char *const words[]);
/* A child that does `work` and ends. */
pid_t beside(void (*work)(const void *), const void *about);
/* Ends the machine: without ACPI a reset is the only way out (Nandu runs those with reboot=t and -no-reboot). */
void switch_off(bool again) __attribute__((noreturn));

/* devices.c */
/* Loads the drivers of the virtio devices that are there. @returns whether one of them has ports. */
bool load_drivers(void);
void load_container_drivers(void);
/* Whether the image of a container is there as a disk. */
bool has_container(void);
/* The device of the virtio-serial port of this name. @returns false where there is none. */
bool find_port(const char *name, char *path, size_t size);
/* The device that /dev/console leads to: the last console=, or the kernel's own. Without "/dev/". */
void find_terminal(const char *console, char *name, size_t size);

/* children.c: what goes on beside the shell. Each takes what it is about and does not come back before its end. */
struct serving {
  int port;
  const char *terminal;
};
void serve_host(const void *serving);
void watch_port(const void *options);
void send_log(const void *port);
void start_network(const void *nothing);

#endif
