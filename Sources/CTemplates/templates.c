#include "templates.h"

#include <string.h>

static const unsigned char report_html[] = {
#embed "../../templates/report.html"
};

static const unsigned char comparison_html[] = {
#embed "../../templates/comparison.html"
};

static const struct EmbeddedTemplate all[] = {
  {"comparison.html", comparison_html, sizeof comparison_html},
  {"report.html", report_html, sizeof report_html},
};

const struct EmbeddedTemplate *embedded_template(const char *name) {
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
    if (strcmp(all[i].name, name) == 0) return &all[i];
  return NULL;
}
