/**
 * Compare names as versions: runs of digits by their number, and those that begin with a zero as if a point stood before them.
 * @see strverscmp(3), whose order git's `version:refname` has
 */
export function compareVersions(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  if (at === a.length && at === b.length) return 0;
  const [charA, charB] = [a[at] ?? '', b[at] ?? ''];
  const difference = (a.charCodeAt(at) || 0) - (b.charCodeAt(at) || 0);
  // The digits right before the first difference are those of both.
  const digits = (/[0-9]*$/.exec(a.slice(0, at)) as RegExpExecArray)[0];
  const [isDigitA, isDigitB] = [/[0-9]/.test(charA), /[0-9]/.test(charB)];
  if (digits === '') return /[1-9]/.test(charA) && /[1-9]/.test(charB) ? byLength(a, b, at) || difference : difference;
  if (/^0+$/.test(digits)) return isDigitA === isDigitB ? difference : isDigitA ? -1 : 1;
  if (digits.startsWith('0')) return difference;
  if (isDigitA && isDigitB) return byLength(a, b, at) || difference;
  return isDigitA === isDigitB ? difference : isDigitA ? 1 : -1;
}

/** The longer run of digits is the larger number. */
function byLength(a: string, b: string, at: number): number {
  const [lengthA, lengthB] = [a, b].map((text) => (/^[0-9]*/.exec(text.slice(at)) as RegExpExecArray)[0].length);
  return (lengthA as number) - (lengthB as number);
}
