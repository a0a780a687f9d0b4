import { type Change, diffKeys, Key } from '@git-kv/kv';
import { peelTo } from '@git-kv/repository';
import { plain } from '../program.js';
import { type Answer, LineError, showTime } from './answer.js';
import type { Call, PromptCommand } from './command.js';
import { parseInteger } from './line.js';
import { type LoggedCommit, parseRevision, type Revision } from './remote-history.js';

const DEFAULT_COUNT = 20;
const SIGNS = { add: '+', remove: '-', change: '*' } as const;

/** The commands about other states of the store than the one that it is at. The remote is asked. */
export const HISTORY_COMMANDS: Readonly<Record<string, PromptCommand>> = {
  branches: {
    synopsis: '',
    summary: 'the branches of the remote; * marks that of the store',
    takes: [],
    async run({ history, store, signal }) {
      const branches = await history.branches(signal);
      return {
        text: branches.map(({ name, oid }) => `${name === store.branch ? '*' : ' '} ${oid} ${plain(name)}\n`),
        json: { branches: branches.map((branch) => ({ ...branch, current: branch.name === store.branch })) },
      };
    },
  },
  log: {
    synopsis: '[KEY [COUNT]]',
    summary: `commits that changed a key, or anything; at most ${DEFAULT_COUNT} unless COUNT says otherwise`,
    takes: ['key', 'other'],
    least: 0,
    async run({ history, store, line, signal }) {
      const key = Key.of(line.words[1] ?? '/');
      const count = line.words[2] === undefined ? DEFAULT_COUNT : countOf(line.words[2]);
      const tipOid = store.commit?.oid;
      const commits = tipOid === undefined ? [] : await history.log(tipOid, key.segments.join('/'), count, signal);
      return { text: commits.map(logLine), json: { key, commits: commits.map(logJson) } };
    },
  },
  diff: {
    synopsis: '[FROM [TO]]',
    summary: 'what differs between two commits: branches, tags or ids, and HEAD~2 and the like',
    takes: ['other', 'other'],
    least: 0,
    async run(call) {
      const [from, to] = revisionsOf(call);
      const { repository, fromOid, toOid } = await call.history.compare(from, to, call.signal);
      const fromTree = await peelTo(repository, fromOid, 'tree');
      const toTree = await peelTo(repository, toOid, 'tree');
      const changes = await diffKeys(repository.objects, fromTree, toTree, { signal: call.signal });
      return changesAnswer(changes, { from: fromOid, to: toOid });
    },
  },
};

/** What changed, as `pull` shows it. */
export function changesAnswer(changes: readonly Change[], json: Answer['json'], head = ''): Answer {
  const rows = changeRows(changes);
  return { text: head === '' ? rows : [head, ...rows], json: { ...json, changes } };
}

/** A line for each change. */
export function changeRows(changes: readonly Change[]): string[] {
  return changes.map(({ kind, key }) => `${SIGNS[kind]} ${key.format()}\n`);
}

/** Without an argument, what a pull would bring; with one, from there to where the store is. */
function revisionsOf({ line, store }: Call): [Revision, Revision] {
  const headOid = store.commit?.oid;
  const [, from = 'HEAD', to = line.words.length === 1 ? store.refName : 'HEAD'] = line.words;
  const revision = (text: string): Revision => {
    const parsed = parseRevision(text, headOid);
    if (parsed === undefined) throw new LineError('INVALID_ARGUMENT', `Bad revision ${JSON.stringify(text)}`);
    return parsed;
  };
  return [revision(from), revision(to)];
}

/** A number of commits. @throws {LineError} */
export function countOf(text: string): number {
  const count = parseInteger(text);
  if (count === undefined || count < 0) throw new LineError('INVALID_ARGUMENT', `Bad count ${JSON.stringify(text)}`);
  return Math.min(count, 0x7fffffff);
}

function logLine({ oid, author, committer, message }: LoggedCommit): string {
  const [subject = ''] = message.trimStart().split('\n');
  return `${oid} ${showTime(committer.timestamp)} ${plain(author.name)}: ${plain(subject)}\n`;
}

function logJson({ oid, parentOids, author, committer, message }: LoggedCommit): object {
  const person = ({ name, email, timestamp }: LoggedCommit['author']): object => ({ name, email, seconds: timestamp });
  return { oid, parents: parentOids, author: person(author), committer: person(committer), message };
}
