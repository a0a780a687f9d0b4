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
  const problem = readConfigText(body.subarray(start), (entry) => checkEntry(entry, start, report));
  if (problem !== undefined) report.add('gitmodulesParse', start + problem, 'a line cannot be read');
  else if (start > 0) report.add('gitmodulesParse', 0, 'a byte order mark is at the beginning');
}

function checkEntry(entry: ConfigEntry, start: number, report: CheckReport): void {
  const { name, value } = entry;
  const offset = start + entry.offset;
  const keyDot = name.lastIndexOf('.');
  const nameStart = 'submodule.'.length;
  if (!name.startsWith('submodule.') || keyDot < nameStart) return;
  if (isForbiddenName(name.slice(nameStart, keyDot))) {
    report.add('gitmodulesName', offset, 'the name of a submodule is empty or has ".." in it');
  }
  if (value === undefined) return;
  const key = name.slice(keyDot + 1);
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
