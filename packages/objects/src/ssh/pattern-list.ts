/**
 * Whether `text` is in a list of patterns: some pattern matches it, and none of those that begin with `!`.
 * @param list patterns with commas between them; `*` stands for any characters, `?` for one
 * @see ssh_config(5), "PATTERNS"
 */
export function matchPatternList(text: string, list: string): boolean {
  let isMatched = false;
  for (const item of list.split(',')) {
    const isNegated = item.startsWith('!');
    if (!matchPattern(text, isNegated ? item.slice(1) : item)) continue;
    if (isNegated) return false;
    isMatched = true;
  }
  return isMatched;
}

/** In time that is at most the product of both lengths: only the last star is ever tried again. */
function matchPattern(text: string, pattern: string): boolean {
  let at = 0;
  let patternAt = 0;
  let starAt = -1;
  let starText = 0;
  while (at < text.length) {
    const wanted = pattern[patternAt];
    if (wanted === '*') {
      starAt = patternAt++;
      starText = at;
    } else if (wanted === '?' || wanted === text[at]) {
      patternAt++;
      at++;
    } else if (starAt >= 0) {
      patternAt = starAt + 1;
      at = ++starText;
    } else {
      return false;
    }
  }
  while (pattern[patternAt] === '*') patternAt++;
  return patternAt === pattern.length;
}
