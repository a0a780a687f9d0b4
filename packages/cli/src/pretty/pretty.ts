import { skipBlankLines, splitPerson, splitSubject, trimEnd } from './commit-text.js';
import type { PrettyCommit, PrettyContext } from './context.js';
import { formatCommit, showPersonDate } from './user-format.js';
import { expandTabs } from './width.js';

/**
 * What `git log` prints of a commit after the line that names it: text whose bytes are characters, in a named format with a
 * line feed at its end.
 * @see git's pretty.c, pretty_print_commit()
 */
export function showCommit(commit: PrettyCommit, context: PrettyContext): string {
  const { format } = context;
  if (format.type === 'user') return formatCommit(format.text, commit, context);
  const { message } = commit.text;
  if (format.type === 'oneline') return trimEnd(splitSubject(message).lines.join(' '));
  const header = showHeader(commit, context);
  const text = `${header}\n${showMessage(message, context)}`;
  return `${trimEnd(text)}\n`;
}

function showHeader({ text, parentOids }: PrettyCommit, context: PrettyContext): string {
  const { type } = context.format;
  if (type === 'raw') return text.header;
  let shown = '';
  let hasParents = false;
  for (const line of text.header.split('\n').slice(0, -1)) {
    if (line.startsWith('parent ')) continue;
    if (!hasParents && parentOids.length > 1) {
      shown += `Merge: ${parentOids.map((oid) => context.abbreviate(oid)).join(' ')}\n`;
    }
    hasParents = true;
    if (line.startsWith('author ')) shown += showPersonLines('Author', line.slice(7), context);
    if (line.startsWith('committer ') && (type === 'full' || type === 'fuller')) {
      shown += showPersonLines('Commit', line.slice(10), context);
    }
  }
  return shown;
}

function showPersonLines(what: 'Author' | 'Commit', line: string, context: PrettyContext): string {
  const raw = splitPerson(line);
  if (raw === undefined) return '';
  const { type } = context.format;
  const person = context.map(raw);
  const name = `${what}: ${type === 'fuller' ? '    ' : ''}${person.name} <${person.email}>\n`;
  if (type !== 'medium' && type !== 'fuller') return name;
  const date = showPersonDate(person, context.dateStyle, context.now);
  return `${name}${type === 'medium' ? 'Date:   ' : `${what}Date: `}${date}\n`;
}

/** The message with a margin, without blank lines before it. */
function showMessage(message: string, { format, tabSize }: PrettyContext): string {
  let shown = '';
  let isFirst = true;
  for (let at = skipBlankLines(message, 0); at < message.length; ) {
    const feed = message.indexOf('\n', at);
    const end = feed < 0 ? message.length : feed + 1;
    const line = trimEnd(message.slice(at, end));
    at = end;
    if (line === '') {
      if (isFirst) continue;
      if (format.type === 'short') break;
    }
    isFirst = false;
    shown += `    ${tabSize > 0 ? expandTabs(line, tabSize) : line}\n`;
  }
  return shown;
}
