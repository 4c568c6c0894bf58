/* Tells LeakSanitizer that keepers do not look for leaks; linked by scripts/sanitize.
 *
 * They would when they end, by a process that is in their session for that moment, where nobody but the
 * program's own may be: tests would see a member more. A keeper has no variables of the tests' environment.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

int __lsan_is_turned_off(void);

int __lsan_is_turned_off(void) { return strcmp(program_invocation_short_name, "rollbook-keeper") == 0; }
