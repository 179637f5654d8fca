#ifndef CTEMPLATES_H
#define CTEMPLATES_H

#include <stddef.h>

// A file of `templates/`, compiled in.
struct EmbeddedTemplate {
  const char *_Nonnull name;
  const unsigned char *_Nonnull bytes;
  size_t size;
};

// The template of that name, or NULL.
const struct EmbeddedTemplate *_Nullable embedded_template(const char *_Nonnull name);

#endif
