#ifndef CLIBXML2_SHIM_H
#define CLIBXML2_SHIM_H

#include <libxml/xmlversion.h>
// The system's ICU headers clash with those inside Foundation; nothing here needs them.
#undef LIBXML_ICU_ENABLED
#include <libxml/HTMLtree.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlsave.h>
#include <libxml/xmlwriter.h>

// Swift 6 refuses the mutable global `xmlFree`; a function is fine.
static inline void pgpreflight_xmlFree(void *pointer) { xmlFree(pointer); }

// Swift would see the array as a tuple, of which the address is another one.
static inline const xmlChar *pgpreflight_xmlStringTextNoenc(void) { return xmlStringTextNoenc; }

#endif
