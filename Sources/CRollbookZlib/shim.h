#ifndef ROLLBOOK_ZLIB_SHIM_H
#define ROLLBOOK_ZLIB_SHIM_H

#include <zlib.h>

#endif
