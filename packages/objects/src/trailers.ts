/** A line such as `Signed-off-by: A U Thor <author@example.com>` at the end of a message. */
export interface Trailer {
  readonly token: string;
  readonly value: string;
}

/** How messages are read. */
export interface TrailerOptions {
  /** Characters that may stand between token and value; the first one is written. `:` by default. */
  readonly separators?: string;
  /** Whether a line of `---` ends the message, as in a patch sent by mail. False by default: commits may have one. */
  readonly divider?: boolean;
  /** Lines that begin with it are comments. `#` by default. */
  readonly commentCharacter?: string;
}

/** Where new trailers go, by the names that git-interpret-trailers(1) has for it. */
export interface AppendTrailersOptions extends TrailerOptions {
  /** `after` and `before` are those of the trailer with the same token. `end` by default. */
  readonly where?: 'end' | 'start' | 'after' | 'before';
  /** Where there is a trailer with the same token. `addIfDifferentNeighbor` by default. */
  readonly ifExists?: 'addIfDifferentNeighbor' | 'addIfDifferent' | 'add' | 'replace' | 'doNothing';
  /** Where there is none. `add` by default. */
  readonly ifMissing?: 'add' | 'doNothing';
}

/**
 * The trailers at the end of a message, as `git interpret-trailers --parse` has them: each on one line. The last
 * paragraph counts where all of it is trailers, or where git wrote one of them and a quarter is.
 * @see git-interpret-trailers(1)
 */
export function parseTrailers(message: string, options: TrailerOptions = {}): Trailer[] {
  const syntax = syntaxOf(options);
  return itemsOf(message, findBlock(message, syntax), syntax).flatMap(({ token, value }) =>
    token === undefined ? [] : [{ token, value: unfold(value) }],
  );
}

/**
 * `message` with `trailers` put into its last paragraph, or into a new one, as `git interpret-trailers` does. A line
 * feed is added to a message that has none at its end. Comments among the trailers are dropped.
 * @throws {RangeError} where git would not read a trailer back: a token that is no word of letters, digits and dashes,
 *   or a value with a line that is not indented
 */
export function appendTrailers(
  message: string,
  trailers: Iterable<Trailer>,
  options: AppendTrailersOptions = {},
): string {
  const added = Array.from(trailers, ({ token, value }) => newItem(token, value));
  const syntax = syntaxOf(options);
  const whole = message === '' || message.endsWith('\n') ? message : `${message}\n`;
  const block = findBlock(whole, syntax);
  const items: Item[] = itemsOf(whole, block, syntax);
  for (const item of added) addItem(items, item, options);
  const lines = items.map((item) => lineOf(item, syntax));
  const head = whole.slice(0, block.start);
  const gap = endsWithBlankLine(head) ? '' : '\n';
  return `${head}${gap}${lines.join('')}${whole.slice(block.end)}`;
}

interface Syntax {
  readonly separators: string;
  readonly divider: boolean;
  readonly comment: string;
}

/** A trailer, or a line among them that is none. */
interface Item {
  readonly token: string | undefined;
  readonly value: string;
}

interface Block {
  readonly start: number;
  readonly end: number;
}

const GIT_GENERATED = ['Signed-off-by: ', '(cherry picked from commit '];
const CUT_LINE = ' ------------------------ >8 ------------------------\n';

function syntaxOf(options: TrailerOptions): Syntax {
  const { separators = ':', divider = false, commentCharacter = '#' } = options;
  if (separators === '') throw new RangeError('Cannot read trailers: there is no separator');
  return { separators, divider, comment: commentCharacter };
}

function newItem(token: string, value: string): { readonly token: string; readonly value: string } {
  if (!/^[A-Za-z0-9-]+$/.test(token)) {
    throw new RangeError(`Cannot add trailer ${JSON.stringify(token)}: the token is not letters, digits and dashes`);
  }
  const trimmed = trim(value);
  if (/\n(?![ \t]+[^ \t\r\n])|\0/.test(trimmed)) {
    throw new RangeError(`Cannot add trailer ${token}: a line of its value is empty or not indented, or has a NUL`);
  }
  return { token, value: trimmed };
}

/** The lines of the trailers: from `start` to before `end`, both offsets into `message`; empty where there are none. */
function findBlock(message: string, syntax: Syntax): Block {
  const nul = message.indexOf('\0');
  const text = nul < 0 ? message : message.slice(0, nul);
  const end = blockEnd(syntax.divider ? text.slice(0, dividerAt(text)) : text, syntax.comment);
  return { start: blockStart(text.slice(0, end), syntax), end };
}

function dividerAt(text: string): number {
  let at = 0;
  while (at < text.length && !(text.startsWith('---', at) && isSpace(text[at + 3]))) at = nextLine(text, at);
  return at;
}

/** Where comments, a cut line or an old list of conflicts begin that end the text, or its end. */
function blockEnd(text: string, comment: string): number {
  const cutLine = comment + CUT_LINE;
  const cut = text.indexOf(`\n${cutLine}`);
  const limit = text.startsWith(cutLine) ? 0 : cut < 0 ? text.length : cut + 1;
  // Those at the very beginning do not count: 0 is none.
  let end = 0;
  let isConflict = false;
  for (let at = 0; at < limit; at = nextLine(text, at)) {
    const isConflictStart = text.startsWith('Conflicts:\n', at);
    if (text[at] === '\n' || text.startsWith(comment, at) || isConflictStart) {
      if (end === 0) end = at;
      if (isConflictStart) isConflict = true;
    } else if (end > 0 && !(isConflict && text[at] === '\t')) {
      end = 0;
      isConflict = false;
    }
  }
  return end === 0 ? limit : end;
}

/** Where the last paragraph begins, where it is one of trailers; else the end. */
function blockStart(text: string, { separators, comment }: Syntax): number {
  const titleEnd = firstParagraphEnd(text, comment);
  let isBlankSoFar = true;
  let isGenerated = false;
  let trailerCount = 0;
  let otherCount = 0;
  let indentedCount = 0;
  // Backwards: whether an indented line goes on with a trailer shows only at the line above.
  for (let at = lastLine(text, text.length); at >= titleEnd && at >= 0; at = lastLine(text, at)) {
    if (text.startsWith(comment, at)) {
      otherCount += indentedCount;
      indentedCount = 0;
    } else if (isBlankLine(text, at)) {
      if (isBlankSoFar) continue;
      otherCount += indentedCount;
      const isBlock = trailerCount > 0 && (otherCount === 0 || (isGenerated && trailerCount * 3 >= otherCount));
      return isBlock ? nextLine(text, at) : text.length;
    } else {
      isBlankSoFar = false;
      const isByGit = GIT_GENERATED.some((prefix) => text.startsWith(prefix, at));
      if (isByGit || (!isSpace(text[at]) && separatorAt(text, at, separators) > at)) {
        if (isByGit) isGenerated = true;
        trailerCount++;
        indentedCount = 0;
      } else if (isSpace(text[at])) {
        indentedCount++;
      } else {
        otherCount += indentedCount + 1;
        indentedCount = 0;
      }
    }
  }
  return text.length;
}

/** The title is never trailers, whatever it looks like. */
function firstParagraphEnd(text: string, comment: string): number {
  let at = 0;
  while (at < text.length && (text.startsWith(comment, at) || !isBlankLine(text, at))) at = nextLine(text, at);
  return at;
}

/** Lines of the block with their continuations. */
function itemsOf(message: string, { start, end }: Block, { separators, comment }: Syntax): Item[] {
  const lines: string[] = [];
  let isTrailer = false;
  for (let at = start; at < end; ) {
    const next = Math.min(nextLine(message, at), end);
    const line = message.slice(at, next);
    if (isTrailer && isSpace(line[0])) {
      lines.push(`${lines.pop()}${line}`);
    } else {
      lines.push(line);
      isTrailer = separatorAt(line, 0, separators) > 0;
    }
    at = next;
  }
  return lines.flatMap((line): Item[] => {
    if (line.startsWith(comment)) return [];
    const separator = separatorAt(line, 0, separators);
    if (separator <= 0) return [{ token: undefined, value: line.replace(/\n$/, '') }];
    return [{ token: trim(line.slice(0, separator)), value: trim(line.slice(separator + 1)) }];
  });
}

function addItem(items: Item[], item: Item & { readonly token: string }, options: AppendTrailersOptions): void {
  const { where = 'end', ifExists = 'addIfDifferentNeighbor', ifMissing = 'add' } = options;
  const isForward = where === 'start' || where === 'before';
  const isSame = (other: Item): boolean => isSameToken(other, item);
  const found = isForward ? items.findIndex(isSame) : items.findLastIndex(isSame);
  const edge = isForward ? 0 : items.length - 1;
  if (found < 0) {
    if (ifMissing === 'add') items.splice(isForward ? 0 : items.length, 0, item);
    return;
  }
  const neighbor = where === 'after' || where === 'before' ? found : edge;
  if (ifExists === 'doNothing') return;
  if (ifExists === 'addIfDifferentNeighbor' && isSameTrailer(items[neighbor] as Item, item)) return;
  if (ifExists === 'addIfDifferent' && items.some((other) => isSameTrailer(other, item))) return;
  const place = isForward ? neighbor : neighbor + 1;
  items.splice(place, 0, item);
  if (ifExists === 'replace') items.splice(found >= place ? found + 1 : found, 1);
}

/** Git takes tokens for the same where one begins with the other, punctuation at their ends aside. */
function isSameToken(a: Item, b: Item): boolean {
  if (a.token === undefined || b.token === undefined) return false;
  const aWord = wordOf(a.token);
  const bWord = wordOf(b.token);
  return aWord.startsWith(bWord) || bWord.startsWith(aWord);
}

function wordOf(token: string): string {
  let end = token.length;
  while (end > 0 && !/[A-Za-z0-9]/.test(token[end - 1] as string)) end--;
  return lowerCase(token.slice(0, end));
}

function isSameTrailer(a: Item, b: Item): boolean {
  return isSameToken(a, b) && lowerCase(a.value) === lowerCase(b.value);
}

function lineOf({ token, value }: Item, { separators }: Syntax): string {
  return token === undefined ? `${value}\n` : `${token}${separators[0]} ${value}\n`;
}

/** Where the separator of the line at `start` is; -1 where the line does not begin as a trailer does. */
function separatorAt(text: string, start: number, separators: string): number {
  let hasSpace = false;
  for (let at = start; at < text.length; at++) {
    const character = text[at] as string;
    if (separators.includes(character)) return at;
    if (at > start && (character === ' ' || character === '\t')) hasSpace = true;
    else if (hasSpace || !/[A-Za-z0-9-]/.test(character)) return -1;
  }
  return -1;
}

/** Each line feed with the white space after it becomes one space. */
function unfold(value: string): string {
  return trim(value.replace(/\n[ \t\r\n]*/g, ' '));
}

function endsWithBlankLine(text: string): boolean {
  const at = lastLine(text, text.length);
  return at >= 0 && isBlankLine(text, at);
}

function isBlankLine(text: string, start: number): boolean {
  let at = start;
  while (text[at] !== '\n' && isSpace(text[at])) at++;
  return at >= text.length || text[at] === '\n';
}

/** Where the line begins that ends at `end`, -1 where there is none. */
function lastLine(text: string, end: number): number {
  if (end <= 1) return end - 1;
  return text.lastIndexOf('\n', end - 2) + 1;
}

function nextLine(text: string, start: number): number {
  const lineFeed = text.indexOf('\n', start);
  return lineFeed < 0 ? text.length : lineFeed + 1;
}

/** What git takes for white space: less than what JavaScript does. */
function isSpace(character: string | undefined): boolean {
  return character === ' ' || character === '\t' || character === '\n' || character === '\r';
}

function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text[start])) start++;
  while (end > start && isSpace(text[end - 1])) end--;
  return text.slice(start, end);
}

/** ASCII letters only, as git compares. */
function lowerCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
