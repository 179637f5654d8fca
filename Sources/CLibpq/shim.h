#ifndef CLIBPQ_SHIM_H
#define CLIBPQ_SHIM_H

#include <libpq-fe.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

// The Glibc module of Swift has no `eventfd`.
static inline int pgpreflight_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

// How many bytes the kernel has received over a TCP connection; -1 where it does not say. `tcpi_bytes_received` of
// `struct tcp_info` (Linux 4.1), which glibc's header lacks; 6 is IPPROTO_TCP, 11 is TCP_INFO.
static inline int64_t pgpreflight_received(int descriptor) {
  unsigned char info[136];
  socklen_t size = sizeof info;
  if (getsockopt(descriptor, 6, 11, info, &size) != 0 || size < sizeof info) return -1;
  int64_t received;
  memcpy(&received, info + 128, sizeof received);
  return received;
}

// How many bytes wait in a socket to be read.
static inline int64_t pgpreflight_waiting(int descriptor) {
  int count = 0;
  return ioctl(descriptor, FIONREAD, &count) == 0 ? count : 0;
}

#endif
