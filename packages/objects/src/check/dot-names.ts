// Names are text of one character a byte here. No regular expression has the flag `i`: it would take the byte e2 for c2.

/** What some file system takes for one of git's own file names. */
export interface DotName {
  /** All spellings that git knows for a whole name. */
  isSpelledBy(name: string): boolean;
  /** The spellings of NTFS alone, for what follows a backslash. */
  isSpelledOnNtfsBy(name: string): boolean;
}

// Three bytes that HFS+ ignores: U+200C-200F, U+202A-202E, U+206A-206F, U+FEFF.
const IGNORED = /^(?:\xe2\x80[\x8c-\x8f\xaa-\xae]|\xe2\x81[\xaa-\xaf]|\xef\xbb\xbf)/;

// One code point of UTF-8, as git decodes it.
const CODE_POINT = new RegExp(
  '^(?:[\\0-\\x7f]|[\\xc2-\\xdf][\\x80-\\xbf]|\\xe0[\\xa0-\\xbf][\\x80-\\xbf]|[\\xe1-\\xec\\xee][\\x80-\\xbf]{2}' +
    '|\\xed[\\x80-\\x9f][\\x80-\\xbf]|\\xef(?!\\xbf[\\xbe\\xbf])[\\x80-\\xbf]{2}|\\xf0[\\x90-\\xbf][\\x80-\\xbf]{2}' +
    '|[\\xf1-\\xf3][\\x80-\\xbf]{3}|\\xf4[\\x80-\\x8f][\\x80-\\xbf]{2})',
);

/** The name of a repository's own directory. */
export const DOT_GIT: DotName = /* @__PURE__ */ dotName(
  'git',
  new RegExp(`^(?:\\.${anyCase('git')}|${anyCase('git')}~1)[. ]*(?:$|[\\\\/:])`),
);

/** A name by its stem and by what NTFS takes for it. */
export function dotName(stem: string, ntfs: RegExp): DotName {
  return {
    isSpelledBy: (name) => isSpelledOnHfs(name, stem) || ntfs.test(name),
    isSpelledOnNtfsBy: (name) => ntfs.test(name),
  };
}

/**
 * Whether HFS+ takes `name` for a dot and `stem`. Bytes that are not UTF-8 end a name, as they do for git: HFS+ would
 * spell them out. A loop, because a long run of what is ignored is more than a regular expression can go through.
 * @see git's utf8.c, is_hfs_dot_generic()
 */
function isSpelledOnHfs(name: string, stem: string): boolean {
  let at = 0;
  for (const letter of `.${stem}`) {
    at = afterIgnored(name, at);
    const character = name[at];
    if (character !== letter && character !== letter.toUpperCase()) return false;
    at++;
  }
  at = afterIgnored(name, at);
  return at >= name.length || name[at] === '/' || !CODE_POINT.test(name.slice(at, at + 4));
}

function afterIgnored(name: string, start: number): number {
  let at = start;
  while (name.charCodeAt(at) > 0x7f && IGNORED.test(name.slice(at, at + 3))) at += 3;
  return at;
}

/** Matches `text` in both cases of each letter. */
export function anyCase(text: string): string {
  return text.replace(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`);
}
