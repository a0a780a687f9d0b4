import { type HashAlgorithm, sha1 } from '@git-kv/objects';
import type { Durability } from '../disk.js';

/** Who holds locks: one opening of one repository by one process. */
export interface LockOwner {
  /** Random, of this one opening. */
  readonly token: string;
  readonly host: string;
  readonly pid: number;
  /** When the process started, in whatever words its platform has; tells it from a later one with the same number. Empty: unknown. */
  readonly start: string;
  /** What its transactions promise: without `full` a power loss may have torn their records. */
  readonly durability: Durability;
  /** The last position in the journal that was taken before it began. */
  readonly after: number;
}

/** What tells processes apart, and the living from the dead. */
export interface Processes {
  /** This process. */
  readonly self: { readonly host: string; readonly pid: number; readonly start: string };
  /**
   * Whether the owner may still be at work; in doubt, yes. Only asked about others than the asking repository itself. An owner
   * on another host is to be taken for alive.
   */
  isAlive(owner: LockOwner): boolean | Promise<boolean>;
}

/** Openings of this realm that ended and left something behind. */
const ended = new Set<string>();

/** From now on the owner is dead for everybody in this realm: it closed, or gave up. */
export function endOwner(token: string): void {
  ended.add(token);
}

/** Whether this realm itself saw the owner end. */
export function hasEnded(owner: LockOwner): boolean {
  return ended.has(owner.token);
}

/**
 * Processes as a platform without any sees them: nobody but an opening that ended in this very realm is dead. So what a crash leaves
 * stays locked there until an embedder that knows better says so.
 */
export const unknownProcesses: Processes = {
  self: { host: '', pid: 0, start: '' },
  isAlive: (owner) => !hasEnded(owner),
};

const MAGIC = 'git-kv lock 1 ';

/** Bytes that hold any first line of an owner's file. */
export const OWNER_HEAD_BYTES = 1024;

/**
 * The first line of an owner's file, which is the content of its locks too.
 *
 *     head = "git-kv lock 1" SP token SP pid SP "start:" start SP "host:" host SP durability SP after SP check LF
 *     mark = "applied" SP number SP check LF
 */
export function serializeOwner({ token, pid, start, host, durability, after }: LockOwner): Uint8Array {
  const where = `start:${encodeURIComponent(start)} host:${encodeURIComponent(host)}`;
  const line = `${MAGIC}${token} ${pid} ${where} ${durability} ${after}`;
  return new TextEncoder().encode(`${line} ${checkOf(line)}\n`);
}

/** The owner of a lock of ours, or `undefined` for any other content: git's own lock, or one that was never filled. */
export function parseOwner(bytes: Uint8Array): LockOwner | undefined {
  const text = new TextDecoder().decode(bytes.subarray(0, OWNER_HEAD_BYTES));
  const match =
    /^(git-kv lock 1 ([a-z0-9]+) (\d{1,15}) start:(\S*) host:(\S*) (full|batch|none) (\d{1,16})) ([0-9a-f]{8})\n/.exec(
      text,
    );
  if (!match) return undefined;
  const [, line = '', token = '', pid = '', start = '', host = '', durability, after, check] = match;
  if (check !== checkOf(line) || !Number.isSafeInteger(Number(after))) return undefined;
  try {
    const owner: LockOwner = {
      token,
      pid: Number(pid),
      start: decodeURIComponent(start),
      host: decodeURIComponent(host),
      durability: durability as Durability,
      after: Number(after),
    };
    // Only as we write it: what is spelled otherwise is not ours.
    return decodeText(serializeOwner(owner)) === `${line} ${check}\n` ? owner : undefined;
  } catch (error) {
    // Percent signs that stand for nothing: no line of ours, whatever its check.
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

function decodeText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** What says in an owner's file that one of its transactions needs nothing more. */
export function serializeMark(token: string, number: number): Uint8Array {
  return new TextEncoder().encode(`applied ${number} ${checkOf(`${token} ${number}`)}\n`);
}

/** What an owner's file says behind its first line. */
export interface OwnerMarks {
  /** Transactions that need nothing more. */
  readonly numbers: ReadonlySet<number>;
  /** Whether there is a line that nobody has written so: what it said is not known. */
  readonly isDamaged: boolean;
}

/** The beginning of a mark, as a writer who is at it, or a power loss, leaves it. */
const TORN_MARK = /^(?:a|ap|app|appl|appli|applie|applied|applied \d{0,15}|applied \d{1,15} [0-9a-f]{0,8})$/;

/**
 * Transactions that are marked in an owner's file. Marks are not synchronised: after a power loss some may be torn or missing, and
 * count as not made.
 */
export function parseMarks(bytes: Uint8Array, token: string): OwnerMarks {
  const numbers = new Set<number>();
  let isDamaged = false;
  const [, ...lines] = new TextDecoder().decode(bytes).split('\n');
  for (const padded of lines) {
    // Zeros are what a power loss leaves where the size of a file is durable and its bytes are not.
    const line = trimZeros(padded);
    const [, digits, check] = /^applied (\d{1,15}) ([0-9a-f]{8})$/.exec(line) ?? [];
    if (digits !== undefined && check === checkOf(`${token} ${Number(digits)}`)) numbers.add(Number(digits));
    else if (digits !== undefined || !(line === '' || TORN_MARK.test(line))) isDamaged = true;
  }
  return { numbers, isDamaged };
}

function trimZeros(line: string): string {
  let [start, end] = [0, line.length];
  while (line.charCodeAt(start) === 0) start++;
  while (end > start && line.charCodeAt(end - 1) === 0) end--;
  return line.slice(start, end);
}

function checkOf(line: string, algorithm: HashAlgorithm = sha1): string {
  const digest = algorithm.digest(new TextEncoder().encode(line));
  return Array.from(digest.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
