import { posixPattern } from '@git-kv/repository';
import { CommandError } from '../console.js';
import { type CommitText, type Person, splitPerson } from './commit-text.js';

/** Patterns that commits have to match. */
export interface MessagePatterns {
  readonly authors: readonly string[];
  readonly committers: readonly string[];
  readonly messages: readonly string[];
  readonly syntax: 'basic' | 'extended' | 'fixed';
  readonly ignoreCase: boolean;
  /** All of `messages`, not only one of them. */
  readonly isAllMatch: boolean;
  /** None of `messages`. */
  readonly isInverted: boolean;
}

type Test = (line: string) => boolean;

/** Tells which commits match. @see git's revision.c, commit_match() */
export class MessageFilter {
  readonly #patterns: MessagePatterns;
  readonly #authors: readonly Test[];
  readonly #committers: readonly Test[];
  readonly #messages: readonly Test[];
  readonly #map: (person: Person) => Person;

  /** @throws {CommandError} for a pattern that is not valid */
  constructor(patterns: MessagePatterns, map: (person: Person) => Person) {
    this.#patterns = patterns;
    this.#authors = patterns.authors.map((pattern) => testOf(pattern, patterns));
    this.#committers = patterns.committers.map((pattern) => testOf(pattern, patterns));
    this.#messages = patterns.messages.map((pattern) => testOf(pattern, patterns));
    this.#map = map;
  }

  matches(text: CommitText): boolean {
    if (!this.#matchesPerson(this.#authors, text, 'author')) return false;
    if (!this.#matchesPerson(this.#committers, text, 'committer')) return false;
    if (this.#messages.length === 0) return true;
    const { isAllMatch, isInverted } = this.#patterns;
    // The empty line before the message counts as part of it.
    const lines = text.hasMessage ? `\n${text.message}`.replace(/\n$/, '').split('\n').map(decoded) : [];
    const found = (test: Test): boolean => lines.some(test);
    if (isInverted) return !this.#messages.some(found);
    return isAllMatch ? this.#messages.every(found) : this.#messages.some(found);
  }

  #matchesPerson(tests: readonly Test[], text: CommitText, name: 'author' | 'committer'): boolean {
    if (tests.length === 0) return true;
    const line = text.line(name);
    if (line === undefined) return false;
    const person = splitPerson(line);
    const mapped = person && this.#map(person);
    const shown = mapped ? `${mapped.name} <${mapped.email}>` : line;
    return tests.some((test) => test(decoded(shown)));
  }
}

function testOf(pattern: string, { syntax, ignoreCase }: MessagePatterns): Test {
  if (syntax === 'fixed') {
    if (!ignoreCase) return (line) => line.includes(pattern);
    const lower = pattern.toLowerCase();
    return (line) => line.toLowerCase().includes(lower);
  }
  const expression = posixPattern(pattern, syntax, { ignoreCase });
  if (expression === undefined) throw new CommandError(`command line, '${pattern}': Invalid regular expression`);
  return (line) => expression.test(line);
}

function decoded(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString();
}
