/* Brings the guest's network up as the host says it is: no questions, no waiting for an answer (DHCP). */
#include "agent.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <net/route.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr address_of(const char *text) {
  struct sockaddr_in internet = {.sin_family = AF_INET};
  inet_pton(AF_INET, text, &internet.sin_addr);
  struct sockaddr general;
  memcpy(&general, &internet, sizeof general);
  return general;
}

static bool raise_device(int control, struct ifreq *request) {
  if (ioctl(control, SIOCGIFFLAGS, request) != 0) return false;
  request->ifr_flags |= IFF_UP | IFF_RUNNING;
  return ioctl(control, SIOCSIFFLAGS, request) == 0;
}

static bool first_device(char name[IFNAMSIZ]) {
  DIR *folder = opendir("/sys/class/net");
  if (folder == NULL) return false;
  bool found = false;
  for (struct dirent *entry; !found && (entry = readdir(folder)) != NULL;) {
    found = entry->d_name[0] != '.' && strcmp(entry->d_name, "lo") != 0;
    if (found) {
      strncpy(name, entry->d_name, IFNAMSIZ - 1);
      name[IFNAMSIZ - 1] = '\0';
    }
  }
  closedir(folder);
  return found;
}

static bool configure(int control, const struct config *config) {
  struct ifreq request = {0};
  if (!first_device(request.ifr_name)) {
    errno = ENODEV;
    return false;
  }
  request.ifr_addr = address_of(config->address);
  if (ioctl(control, SIOCSIFADDR, &request) != 0) return false;
  request.ifr_netmask = address_of(config->mask);
  if (ioctl(control, SIOCSIFNETMASK, &request) != 0) return false;
  if (!raise_device(control, &request)) return false;
  if (config->gateway == NULL) return true;
  struct rtentry route = {
      .rt_dst = address_of("0.0.0.0"),
      .rt_genmask = address_of("0.0.0.0"),
      .rt_gateway = address_of(config->gateway),
      .rt_flags = RTF_UP | RTF_GATEWAY,
  };
  return ioctl(control, SIOCADDRT, &route) == 0;
}

bool net_start(const struct config *config, struct failure *failure) {
  int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (control < 0) return failed(failure, "network", errno, "socket");
  struct ifreq loopback = {.ifr_name = "lo"};
  bool fine = raise_device(control, &loopback);
  if (fine && config->address != NULL && config->mask != NULL) fine = configure(control, config);
  int error = errno;
  close(control);
  return fine || failed(failure, "network", error, "");
}
