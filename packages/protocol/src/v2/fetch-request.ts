import { GitError, type HashAlgorithm, type Oid } from '@git-kv/objects';
import type { Capabilities } from '../capabilities.js';
import { assertWithin, DEFAULT_PROTOCOL_LIMITS, type ProtocolLimits } from '../limits.js';
import { assertRemoteRefName, parseOid } from '../ref-line.js';
import { unknownArgument, type V2Command } from './command.js';

/** What `fetch` is asked for, in one round of a negotiation. */
export interface FetchRequest {
  readonly wants: readonly Oid[];
  /** Refs wanted by name (`ref-in-want`): the server says what they are now. */
  readonly wantRefs: readonly string[];
  /** Commits that the client has, with all they reach. */
  readonly haves: readonly Oid[];
  /** Commits whose parents the client does not have. */
  readonly shallow: readonly Oid[];
  /** The negotiation is over: send the pack. */
  readonly done: boolean;
  /** Commits to send from each want, the want itself included; `undefined` for all. */
  readonly depth?: number;
  /** `depth` counts from the client's shallow boundary. */
  readonly deepenRelative: boolean;
  /** Cut history at this time, in seconds since the epoch. */
  readonly deepenSince?: number;
  /** Cut history at what these refs reach. */
  readonly deepenNot: readonly string[];
  /** The pack may use bases that the client has. */
  readonly thin: boolean;
  readonly ofsDelta: boolean;
  readonly noProgress: boolean;
  /** Send annotated tags whose targets are sent. */
  readonly includeTag: boolean;
  /** An object filter, as git spells it: `blob:none`. */
  readonly filter?: string;
  /** Wait for `done` though the server is ready. */
  readonly waitForDone: boolean;
  /** All of the answer comes in a sideband. */
  readonly sidebandAll: boolean;
}

/** A request without anything in it, to be spread into one. */
export const EMPTY_FETCH_REQUEST: FetchRequest = {
  wants: [],
  wantRefs: [],
  haves: [],
  shallow: [],
  done: false,
  deepenRelative: false,
  deepenNot: [],
  thin: false,
  ofsDelta: false,
  noProgress: false,
  includeTag: false,
  waitForDone: false,
  sidebandAll: false,
};

/** The arguments that are single words, and what they set. */
const FLAGS = {
  'thin-pack': 'thin',
  'no-progress': 'noProgress',
  'include-tag': 'includeTag',
  'ofs-delta': 'ofsDelta',
  'deepen-relative': 'deepenRelative',
  'wait-for-done': 'waitForDone',
  'sideband-all': 'sidebandAll',
  done: 'done',
} as const satisfies Record<string, keyof FetchRequest>;

/** The command that asks for `request`. @throws {LimitError} for too many objects in one request */
export function fetchCommand(
  request: FetchRequest,
  capabilities: Capabilities,
  limits: ProtocolLimits = DEFAULT_PROTOCOL_LIMITS,
): V2Command {
  assertObjectLines(request, limits);
  const args: string[] = [];
  for (const [word, field] of Object.entries(FLAGS)) if (word !== 'done' && request[field]) args.push(word);
  for (const oid of request.shallow) args.push(`shallow ${oid}`);
  if (request.depth !== undefined) args.push(`deepen ${request.depth}`);
  if (request.deepenSince !== undefined) args.push(`deepen-since ${request.deepenSince}`);
  for (const name of request.deepenNot) args.push(`deepen-not ${name}`);
  if (request.filter !== undefined) args.push(`filter ${request.filter}`);
  for (const oid of request.wants) args.push(`want ${oid}`);
  for (const name of request.wantRefs) args.push(`want-ref ${name}`);
  for (const oid of request.haves) args.push(`have ${oid}`);
  if (request.done) args.push('done');
  return { command: 'fetch', capabilities, args };
}

/**
 * The server's half of {@link fetchCommand}. Wants that repeat come once.
 * @throws {MalformedError} with origin `remote`; {GitError} UNSUPPORTED for other arguments; {LimitError}
 */
export function parseFetchCommand(
  command: V2Command,
  algorithm: HashAlgorithm,
  limits: ProtocolLimits = DEFAULT_PROTOCOL_LIMITS,
): FetchRequest {
  const flags: Partial<Record<(typeof FLAGS)[keyof typeof FLAGS], true>> = {};
  const wants = new Set<Oid>();
  const wantRefs: string[] = [];
  const haves: Oid[] = [];
  const shallow: Oid[] = [];
  const deepenNot: string[] = [];
  let depth: number | undefined;
  let deepenSince: number | undefined;
  let filter: string | undefined;

  const oid = (text: string): Oid => parseOid('fetch request', text, 0, algorithm);
  const read: Readonly<Record<string, (value: string) => void>> = {
    want: (value) => void wants.add(oid(value)),
    have: (value) => void haves.push(oid(value)),
    shallow: (value) => void shallow.push(oid(value)),
    'want-ref': (value) => void wantRefs.push(refName(value)),
    'deepen-not': (value) => void deepenNot.push(value),
    deepen: (value) => void (depth = positive('deepen', value)),
    'deepen-since': (value) => void (deepenSince = positive('deepen-since', value)),
    filter: (value) => void (filter = value),
  };
  for (const argument of command.args) {
    const space = argument.indexOf(' ');
    if (space < 0 && Object.hasOwn(FLAGS, argument)) {
      flags[FLAGS[argument as keyof typeof FLAGS]] = true;
      continue;
    }
    const word = argument.slice(0, space);
    if (space < 0 || !Object.hasOwn(read, word)) unknownArgument('fetch', argument);
    read[word]?.(argument.slice(space + 1));
  }
  const request: FetchRequest = {
    ...EMPTY_FETCH_REQUEST,
    ...flags,
    wants: [...wants],
    wantRefs,
    haves,
    shallow,
    deepenNot,
    ...(depth === undefined ? {} : { depth }),
    ...(deepenSince === undefined ? {} : { deepenSince }),
    ...(filter === undefined ? {} : { filter }),
  };
  assertObjectLines(request, limits);
  return request;
}

function assertObjectLines(request: FetchRequest, limits: ProtocolLimits): void {
  const { wants, wantRefs, haves, shallow, deepenNot } = request;
  assertWithin(limits, 'maxWants', wants.length + wantRefs.length);
  assertWithin(limits, 'maxObjectLines', haves.length + shallow.length + deepenNot.length);
}

function refName(text: string): string {
  assertRemoteRefName(text);
  return text;
}

function positive(word: string, text: string): number {
  const value = /^[0-9]{1,15}$/.test(text) ? Number(text) : 0;
  if (value < 1)
    throw new GitError(
      'UNSUPPORTED',
      `Cannot ${word} by ${JSON.stringify(text.slice(0, 40))}: a positive number is needed`,
    );
  return value;
}
