import type { Console } from './console.js';

/** Variables that say which repository is worked in here, and what `-c` set for it: another one has its own. */
const OWN_VARIABLE =
  /^GIT_(?:ALTERNATE_OBJECT_DIRECTORIES|COMMON_DIR|CONFIG(?:_COUNT|_PARAMETERS|_KEY_\d+|_VALUE_\d+)?|DIR|GRAFT_FILE|IMPLICIT_WORK_TREE|INDEX_FILE|INTERNAL_SUPER_PREFIX|NO_REPLACE_OBJECTS|OBJECT_DIRECTORY|PREFIX|QUARANTINE_PATH|REPLACE_REF_BASE|SHALLOW_FILE|WORK_TREE)$/;

/**
 * The console for what serves another repository on this machine, and for its hooks. As the program that git would run there, it
 * hears neither of the repository here nor of settings of the command line, which may also hold secrets.
 */
export function consoleThere(console: Console): Console {
  const env = Object.fromEntries(Object.entries(console.env).filter(([name]) => !OWN_VARIABLE.test(name)));
  return { ...console, env };
}
