/*
 * The virtio devices: their drivers, by device number
 * (https://docs.oasis-open.org/virtio/virtio/v1.2/virtio-v1.2.html section 5), their ports and disks.
 */
#define _GNU_SOURCE
#include "init.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PORTS = 3, MOST_DRIVERS = 8, PORT_TRIES = 15, TERMINAL_TRIES = 50 };

static const struct {
  unsigned long number;
  const char *driver;
} drivers[] = {
    {1, "virtio_net"},     {2, "virtio_blk"},  {PORTS, "virtio_console"},
    {4, "virtio_rng"},     {5, "virtio_balloon"}, {9, "9pnet_virtio"},
    {19, "vmw_vsock_virtio_transport"}, {26, "virtiofs"},
};

/* A kernel without modules has its drivers built in. */
static bool has_modules(void) {
  struct stat found;
  return stat("/lib/modules", &found) == 0 && S_ISDIR(found.st_mode);
}

static void load(const char *driver) { run((char *[]){"modprobe", (char *)driver, NULL}); }

bool load_drivers(void) {
  char *words[MOST_DRIVERS + 3] = {"modprobe", "-a"};
  size_t count = 2;
  unsigned found = 0; /* a bit for each */
  bool modular = has_modules();
  if (modular) {
    load("virtio_mmio");
    /* Only a board with PCI has this one: q35, or a microvm with pcie=on. */
    if (access("/sys/bus/pci/devices/0000:00:00.0", F_OK) == 0) load("virtio_pci");
  }
  void *folder = NULL;
  const char devices[] = "/sys/bus/virtio/devices";
  for (const char *name; (name = next_name(&folder, devices, "virtio")) != NULL;) {
    char path[96], number[16];
    snprintf(path, sizeof path, "%s/%.32s/device", devices, name);
    if (!first_line(path, number, sizeof number)) continue;
    for (unsigned at = 0; at < sizeof drivers / sizeof *drivers; at++)
      if (strtoul(number, NULL, 16) == drivers[at].number) found |= 1U << at;
  }
  bool has_ports = false;
  for (unsigned at = 0; at < sizeof drivers / sizeof *drivers; at++) {
    if ((found & 1U << at) == 0) continue;
    has_ports |= drivers[at].number == PORTS;
    words[count++] = (char *)drivers[at].driver;
  }
  if (modular && count > 2) run(words);
  return has_ports;
}

/* The agent says which one is missing. */
void load_container_drivers(void) {
  if (has_modules()) run((char *[]){"modprobe", "-a", "-q", "squashfs", "overlay", NULL});
}

bool has_container(void) {
  void *folder = NULL;
  bool found = false;
  for (const char *name; (name = next_name(&folder, "/sys/block", "vd")) != NULL;) {
    char path[64], serial[32];
    snprintf(path, sizeof path, "/sys/block/%.32s/serial", name);
    found |= first_line(path, serial, sizeof serial) && strcmp(serial, "nandu-root") == 0;
  }
  return found;
}

/* The host tells names after the driver is up, so they can be some milliseconds late. */
bool find_port(const char *name, char *path, size_t size) {
  const char ports[] = "/sys/class/virtio-ports";
  for (int tries = 0; tries < PORT_TRIES; tries++) {
    bool found = false;
    void *folder = NULL;
    for (const char *port; (port = next_name(&folder, ports, "vport")) != NULL;) {
      char file[96], its[64];
      snprintf(file, sizeof file, "%s/%.32s/name", ports, port);
      if (found || !first_line(file, its, sizeof its) || strcmp(its, name) != 0) continue;
      snprintf(path, size, "/dev/%.32s", port);
      found = true;
    }
    if (found) return true;
    rest(TICK_MS);
  }
  return false;
}

static bool is_device(const char *name) {
  char path[48];
  struct stat found;
  snprintf(path, sizeof path, "/dev/%s", name);
  return name[0] != 0 && stat(path, &found) == 0 && S_ISCHR(found.st_mode);
}

/* A virtio console appears some milliseconds after its driver, and is not in the kernel's own list. */
void find_terminal(const char *console, char *name, size_t size) {
  snprintf(name, size, "%s", console);
  for (int tries = 0; strncmp(name, "hvc", 3) == 0 && !is_device(name) && tries < TERMINAL_TRIES; tries++) rest(TICK_MS);
  if (is_device(name)) return;
  char consoles[128];
  first_line("/sys/class/tty/console/active", consoles, sizeof consoles);
  const char *last = strrchr(consoles, ' ');
  snprintf(name, size, "%.31s", last == NULL ? consoles : last + 1);
}
