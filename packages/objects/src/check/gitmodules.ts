import { startsWithBytes } from '../bytes/bytes.js';
import { type ConfigSection, type ConfigSetting, scanConfig } from '../config/scan.js';
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
  let submodule: Submodule | undefined;
  const problem = scanConfig(body.subarray(start), {
    section(section) {
      submodule = submoduleOf(section);
    },
    setting(setting, at) {
      if (submodule !== undefined) checkSetting(submodule, setting, start + at, report);
    },
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

/** A name with a NUL ends there for C, and with it all that follows, so that a part of the name becomes the key. */
function submoduleOf({ name, subsection }: ConfigSection): Submodule | undefined {
  if (name !== 'submodule' || subsection === undefined) return undefined;
  const nul = subsection.indexOf('\0');
  if (nul < 0) return { hasForbiddenName: isForbiddenName(subsection) };
  const seen = subsection.slice(0, nul);
  const keyDot = seen.lastIndexOf('.');
  if (keyDot < 0) return undefined;
  return { hasForbiddenName: isForbiddenName(seen.slice(0, keyDot)), key: seen.slice(keyDot + 1) };
}

function checkSetting(submodule: Submodule, setting: ConfigSetting, offset: number, report: CheckReport): void {
  if (submodule.hasForbiddenName) {
    report.add('gitmodulesName', offset, 'the name of a submodule is empty or has ".." in it');
  }
  if (setting.value === undefined) return;
  const key = submodule.key ?? setting.key;
  const [value = ''] = setting.value.split('\0', 1);
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
