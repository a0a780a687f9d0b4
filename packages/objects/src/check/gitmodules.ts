import { startsWithBytes } from '../bytes/bytes.js';
import { type ConfigEntry, readConfigText } from './config-text.js';
import type { CheckReport } from './report.js';
import { isForbiddenSubmoduleUrl, isOption } from './submodule-url.js';

const BYTE_ORDER_MARK = /* @__PURE__ */ Uint8Array.of(0xef, 0xbb, 0xbf);

/**
 * Check the blob of a `.gitmodules`: names, URLs, paths and update commands of submodules, of which some would have
 * led some git to write outside its repository or to run a program.
 *
 * Where git stops reading, this does too, with two exceptions: git's check cannot read a byte order mark, nor past a
 * byte ff, but a git that reads the same as a file can. What follows these is checked.
 * @see git's fsck.c, fsck_gitmodules_fn()
 */
export function checkGitmodules(body: Uint8Array, report: CheckReport): void {
  const start = startsWithBytes(body, BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
  let section: string | undefined;
  let submodule: Submodule | undefined;
  const problem = readConfigText(body.subarray(start), (entry) => {
    // Once for each section: a long name with many settings would else be looked at over and over.
    if (entry.section !== section) submodule = submoduleOf(entry.section);
    section = entry.section;
    if (submodule !== undefined) checkEntry(submodule, entry, start + entry.offset, report);
  });
  if (problem !== undefined) report.add('gitmodulesParse', start + problem, 'a line cannot be read');
  else if (start > 0) report.add('gitmodulesParse', 0, 'a byte order mark is at the beginning');
}

/** What a section says of a submodule. */
interface Submodule {
  readonly hasForbiddenName: boolean;
  /** Given where the section itself ends in what C takes for the key. */
  readonly key?: string;
}

const PREFIX = 'submodule.';

/** A name with a NUL ends there for C, and with it all that follows, so that a part of the name becomes the key. */
function submoduleOf(section: string): Submodule | undefined {
  if (!section.startsWith(PREFIX)) return undefined;
  const nul = section.indexOf('\0');
  if (nul < 0) return { hasForbiddenName: isForbiddenName(section.slice(PREFIX.length)) };
  const name = section.slice(0, nul);
  const keyDot = name.lastIndexOf('.');
  if (keyDot < PREFIX.length) return undefined;
  return { hasForbiddenName: isForbiddenName(name.slice(PREFIX.length, keyDot)), key: name.slice(keyDot + 1) };
}

function checkEntry(submodule: Submodule, entry: ConfigEntry, offset: number, report: CheckReport): void {
  if (submodule.hasForbiddenName) {
    report.add('gitmodulesName', offset, 'the name of a submodule is empty or has ".." in it');
  }
  if (entry.value === undefined) return;
  const key = submodule.key ?? entry.key;
  const [value = ''] = entry.value.split('\0', 1);
  if (key === 'url' && isForbiddenSubmoduleUrl(value)) {
    report.add('gitmodulesUrl', offset, 'the URL of a submodule is not safe');
  }
  if (key === 'path' && isOption(value)) report.add('gitmodulesPath', offset, 'the path of a submodule is an option');
  if (key === 'update' && value.startsWith('!')) {
    report.add('gitmodulesUpdate', offset, 'the update of a submodule is a command');
  }
}

/**
 * A submodule's repository lies under its name: that must not lead out.
 * @see git's submodule-config.c, check_submodule_name()
 */
function isForbiddenName(name: string): boolean {
  return name === '' || name.split(/[/\\]/).includes('..');
}
