import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Key } from '@git-kv/kv';
import { isGitError } from '@git-kv/objects';
import type { ArgumentKind, Target } from './command.js';
import { COMMANDS, commandNames } from './commands.js';
import { Line, quoteWord, splitWords } from './line.js';
import { PERMISSION_LETTERS } from './store-commands.js';

/** What the last word of a line may become, each with the word as it stands. */
export interface Completion {
  readonly candidates: readonly string[];
  readonly word: string;
}

/** Complete the last word of what was typed: a command, a key of `target`, a file below `cwd`. */
export async function complete(typed: string, target: Target, cwd: string): Promise<Completion> {
  const words = [...splitWords(typed)];
  const last = words.at(-1);
  // A quote that is still open goes up to the end, with its spaces.
  const open = openQuote(typed);
  const word = open ?? (last !== undefined && last.start + last.word.length === typed.length ? last.word : '');
  const before = [...splitWords(typed.slice(0, typed.length - word.length))];
  const [command] = before;
  if (command === undefined) return { word, candidates: commandsLike(word) };
  const kind = COMMANDS.get(command.word)?.takes[before.length - 1];
  const candidates = kind === undefined ? [] : await candidatesFor(kind, unquoted(word), target, cwd);
  return { word, candidates: candidates.map(typedForm) };
}

/** Where it is one alone that takes words, its first may follow. */
function commandsLike(word: string): string[] {
  const names = commandNames().filter((name) => name.startsWith(word));
  const [only] = names;
  const takes = COMMANDS.get(only ?? '')?.takes ?? [];
  return names.length === 1 && takes.length > 0 ? [`${only} `] : names;
}

/** A candidate as it is typed. The quote of a dictionary stays open, for what is in it. */
function typedForm(candidate: string): string {
  const typed = quoteWord(candidate);
  return typed.endsWith('/"') ? typed.slice(0, -1) : typed;
}

/** The word that a quote begins which nothing ends. */
function openQuote(typed: string): string | undefined {
  const match = /(?:^| )("(?:[^"\\]|\\.)*\\?)$/su.exec(typed);
  return match?.[1];
}

/** What stands in quotes so far. */
function unquoted(word: string): string {
  if (!word.startsWith('"')) return word;
  return Line.parse(`${word.replace(/\\$/, '')}"`).words[0] ?? word;
}

async function candidatesFor(kind: ArgumentKind, word: string, target: Target, cwd: string): Promise<string[]> {
  // Up to the last slash, as it was typed.
  const parent = word.slice(0, word.lastIndexOf('/') + 1);
  const names = async (): Promise<string[]> => {
    switch (kind) {
      case 'key':
        return await keyNames(target, parent);
      case 'file':
        return await fileNames(resolve(cwd, parent === '' ? '.' : parent));
      case 'permissions':
        return [...PERMISSION_LETTERS.keys()];
      case 'other':
        return [];
    }
  };
  return (await names()).map((name) => parent + name).filter((candidate) => candidate.startsWith(word));
}

/** What is in a dictionary; a dictionary in it ends in a slash, so that one can go on. */
async function keyNames(target: Target, parent: string): Promise<string[]> {
  try {
    const entries = (await target.list(Key.of(parent))) ?? [];
    return entries.map(({ key, kind }) => `${key.basename}${kind === 'dictionary' ? '/' : ''}`);
  } catch (error) {
    if (isGitError(error)) return []; // no such dictionary
    throw error;
  }
}

async function fileNames(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  return entries.map((entry) => `${entry.name}${entry.isDirectory() ? '/' : ''}`);
}
