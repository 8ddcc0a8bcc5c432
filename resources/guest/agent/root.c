/*
 * Makes the container's root: the image's squashfs below, memory or a disk above, and what programs expect to be
 * mounted. Lives in a mount namespace of its own, so that the agent keeps its own root and tools whatever the image does.
 */
#define _GNU_SOURCE
#include "agent.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

/* linux/fs.h and fs/ext4/ext4.h, which a C library other than the kernel's own does not have. */
#ifndef BLKGETSIZE64
#define BLKGETSIZE64 _IOR(0x12, 114, size_t)
#endif
#define EXT4_IOC_RESIZE_FS _IOW('f', 16, uint64_t)

#define LOWER "/c/lower"
#define WRITTEN "/c/written"
#define ROOT "/c/root"

static bool disk_by_serial(const char *serial, char device[64]) {
  DIR *folder = opendir("/sys/block");
  if (folder == NULL) return false;
  bool found = false;
  for (struct dirent *entry; !found && (entry = readdir(folder)) != NULL;) {
    char path[300], text[64] = "";
    if (strlen(entry->d_name) > 32) continue;
    snprintf(path, sizeof path, "/sys/block/%s/serial", entry->d_name);
    FILE *file = fopen(path, "re");
    if (file == NULL) continue;
    if (fgets(text, sizeof text, file) != NULL) text[strcspn(text, "\n")] = '\0';
    fclose(file);
    found = strcmp(text, serial) == 0;
    if (found) snprintf(device, 64, "/dev/%.32s", entry->d_name);
  }
  closedir(folder);
  return found;
}

void make_folders(const char *path) {
  char part[4096];
  snprintf(part, sizeof part, "%s", path);
  for (char *at = part + 1; *at != '\0'; at += 1) {
    if (*at != '/') continue;
    *at = '\0';
    mkdir(part, 0755);
    *at = '/';
  }
  mkdir(part, 0755);
}

/* The host may have made the disk larger; to the size that it has already this does nothing. */
static void grow(const char *device) {
  uint64_t bytes = 0;
  struct statvfs system;
  int disk = open(device, O_RDONLY | O_CLOEXEC), folder = open(WRITTEN, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (disk >= 0 && folder >= 0 && ioctl(disk, BLKGETSIZE64, &bytes) == 0 && statvfs(WRITTEN, &system) == 0) {
    uint64_t blocks = bytes / system.f_bsize;
    if (ioctl(folder, EXT4_IOC_RESIZE_FS, &blocks) != 0) say("the disk does not grow: %s", strerror(errno));
  }
  if (disk >= 0) close(disk);
  if (folder >= 0) close(folder);
}

static bool mount_layers(const struct config *config, struct failure *failure) {
  char device[64];
  make_folders(LOWER);
  make_folders(WRITTEN);
  make_folders(ROOT);
  if (!disk_by_serial("nandu-root", device)) return failed(failure, "image", ENODEV, "");
  if (mount(device, LOWER, "squashfs", MS_RDONLY, NULL) != 0) return failed(failure, "image", errno, device);
  if (config->keeps) {
    if (!disk_by_serial("nandu-kept", device)) return failed(failure, "disk", ENODEV, "");
    if (mount(device, WRITTEN, "ext4", MS_NOATIME, NULL) != 0) return failed(failure, "disk", errno, device);
    grow(device);
  } else if (mount("tmpfs", WRITTEN, "tmpfs", 0, "mode=755") != 0) {
    return failed(failure, "memory", errno, "");
  }
  /* The merged root has the upper folder's owner and mode: they are the image's at first. */
  struct stat root;
  if (mkdir(WRITTEN "/upper", 0755) == 0 && stat(LOWER, &root) == 0) {
    if (chown(WRITTEN "/upper", root.st_uid, root.st_gid) != 0) return failed(failure, "disk", errno, "upper");
    chmod(WRITTEN "/upper", root.st_mode & 07777);
  }
  mkdir(WRITTEN "/work", 0755);
  if (mount("overlay", ROOT, "overlay", 0, "lowerdir=" LOWER ",upperdir=" WRITTEN "/upper,workdir=" WRITTEN "/work") != 0)
    return failed(failure, "overlay", errno, "");
  return true;
}

static bool is_empty_folder(const char *path) {
  DIR *folder = opendir(path);
  if (folder == NULL) return false;
  int entries = 0;
  while (readdir(folder) != NULL) entries += 1;
  closedir(folder);
  return entries <= 2;
}

/* Only where the image has nothing there: files that it brought must not vanish. */
static void mount_memory(const char *path, const char *options) {
  mkdir(path, 0755);
  if (is_empty_folder(path)) mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, options);
}

static bool mount_system(struct failure *failure) {
  struct {
    const char *type, *path;
    unsigned long flags;
  } wanted[] = {
      {"proc", ROOT "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC},
      {"sysfs", ROOT "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC},
  };
  for (size_t at = 0; at < sizeof wanted / sizeof *wanted; at += 1) {
    mkdir(wanted[at].path, 0755);
    if (mount(wanted[at].type, wanted[at].path, wanted[at].type, wanted[at].flags, NULL) != 0)
      return failed(failure, "system", errno, wanted[at].type);
  }
  mkdir(ROOT "/dev", 0755);
  if (mount("/dev", ROOT "/dev", NULL, MS_BIND | MS_REC, NULL) != 0) return failed(failure, "system", errno, "dev");
  mount("cgroup2", ROOT "/sys/fs/cgroup", "cgroup2", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL); /* not in every kernel */
  return true;
}

/* A folder of the host: `TYPE TAB TAG TAB ro|rw TAB PATH`; its path is looked up inside the container. */
static bool mount_folder(const char *record, struct failure *failure) {
  char text[4352], *rest = NULL;
  snprintf(text, sizeof text, "%s", record);
  const char *type = strtok_r(text, "\t", &rest), *tag = strtok_r(NULL, "\t", &rest);
  const char *access = strtok_r(NULL, "\t", &rest), *path = strtok_r(NULL, "", &rest);
  if (path == NULL) return failed(failure, "folder", EINVAL, record);
  make_folders(path);
  unsigned long flags = MS_NOSUID | MS_NODEV | (strcmp(access, "ro") == 0 ? MS_RDONLY : 0);
  const char *options = strcmp(type, "9p") == 0 ? "trans=virtio,version=9p2000.L,msize=262144,access=client" : NULL;
  if (mount(tag, path, type, flags, options) == 0) return true;
  return failed(failure, strcmp(type, "virtiofs") == 0 ? "virtiofs" : "folder", errno, path);
}

/* In place of what is there, be it a link that leads anywhere. */
static void write_file(const char *path, const char *content) {
  unlink(path);
  int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (file < 0) return;
  fchmod(file, 0644);
  if (write(file, content, strlen(content)) < 0) say("%s is not written: %s", path, strerror(errno));
  close(file);
}

static void write_names(const struct config *config) {
  char text[8192] = "";
  size_t length = 0;
  const char *name = config->hostname == NULL ? "nandu" : config->hostname;
  mkdir("/etc", 0755);
  snprintf(text, sizeof text, "%s\n", name);
  write_file("/etc/hostname", text);
  length = (size_t)snprintf(text, sizeof text, "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n%s %s\n",
                            config->address == NULL ? "127.0.1.1" : config->address, name);
  for (size_t at = 0; at < config->hosts.count && length < sizeof text; at += 1)
    length += (size_t)snprintf(text + length, sizeof text - length, "%s\n", config->hosts.items[at]);
  write_file("/etc/hosts", text);
  if (config->nameservers.count == 0) return;
  length = 0;
  for (size_t at = 0; at < config->nameservers.count && length < sizeof text; at += 1)
    length += (size_t)snprintf(text + length, sizeof text - length, "nameserver %s\n", config->nameservers.items[at]);
  write_file("/etc/resolv.conf", text);
}

static bool enter(const struct config *config, struct failure *failure) {
  if (unshare(CLONE_NEWNS) != 0) return failed(failure, "system", errno, "namespace");
  mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
  if (!mount_system(failure)) return false;
  /* What switch_root does: the root of an initramfs cannot be pivoted away, only covered. */
  if (chdir(ROOT) != 0 || mount(".", "/", NULL, MS_MOVE, NULL) != 0 || chroot(".") != 0 || chdir("/") != 0)
    return failed(failure, "system", errno, "root");
  mount_memory("/run", "mode=755");
  mount_memory("/tmp", "mode=1777");
  write_names(config); /* before a folder of the host can be in the place of /etc */
  for (size_t at = 0; at < config->folders.count; at += 1)
    if (!mount_folder(config->folders.items[at], failure)) return false;
  return true;
}

static void link_devices(void) {
  const char *links[][2] = {{"/proc/self/fd", "/dev/fd"},
                            {"/proc/self/fd/0", "/dev/stdin"},
                            {"/proc/self/fd/1", "/dev/stdout"},
                            {"/proc/self/fd/2", "/dev/stderr"}};
  for (size_t at = 0; at < 4; at += 1)
    if (symlink(links[at][0], links[at][1]) != 0 && errno != EEXIST) say("%s: %s", links[at][1], strerror(errno));
  mkdir("/dev/pts", 0755);
  mkdir("/dev/shm", 01777);
  mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "mode=620,ptmxmode=666,gid=5");
  mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777");
}

int root_prepare(const struct config *config, struct failure *failure) {
  int report[2], hold[2];
  if (pipe2(report, O_CLOEXEC) != 0 || pipe2(hold, O_CLOEXEC) != 0) {
    failed(failure, "system", errno, "pipe");
    return -1;
  }
  link_devices();
  if (!mount_layers(config, failure)) return -1;
  pid_t pid = fork();
  if (pid == 0) {
    close(hold[1]);
    struct failure own = {0};
    char ready = enter(config, &own) ? 'y' : 'n';
    if (write(report[1], &ready, 1) == 1 && ready == 'n' && write(report[1], &own, sizeof own) < 0) _exit(1);
    if (read(hold[0], &ready, 1) < 0) _exit(1); /* until the namespace is held by its descriptor */
    _exit(0);
  }
  close(report[1]);
  close(hold[0]);
  char ready = 'n';
  int space = -1;
  if (pid < 0 || read(report[0], &ready, 1) != 1) failed(failure, "system", errno, "namespace");
  else if (ready != 'y') {
    static char stage[32];
    struct failure told = {0};
    if (read(report[0], &told, sizeof told) != sizeof told) told.error = EPIPE;
    /* Its pointer is ours as well: the child is a fork. */
    snprintf(stage, sizeof stage, "%s", told.stage == NULL ? "system" : told.stage);
    *failure = told;
    failure->stage = stage;
  } else {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/mnt", pid);
    space = open(path, O_RDONLY | O_CLOEXEC);
    if (space < 0) failed(failure, "system", errno, path);
  }
  close(report[0]);
  close(hold[1]);
  if (pid > 0) waitpid(pid, NULL, 0);
  return space;
}

/* What was written is on the disk, and the disk clean, before the power goes. */
void root_flush(void) {
  sync();
  umount2(ROOT, MNT_DETACH);
  if (umount(WRITTEN) != 0) mount(NULL, WRITTEN, NULL, MS_REMOUNT | MS_RDONLY, NULL);
}
