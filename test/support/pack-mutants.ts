// Mutants of small packs, judged by `git index-pack --strict` and by ours. Needs no test runner.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { concatBytes, type HashName, hashAlgorithm, isGitError } from '@git-kv/objects';
import {
  DEFAULT_PACK_LIMITS,
  encodeEntryHeader,
  encodeOfsDistance,
  PackScanner,
  type ScannedEntry,
  TypeCode,
} from '@git-kv/pack';
import { tsgit } from '../../packages/cli/src/tsgit.js';
import { git, gitAsync, gitBytes, gitEnv } from './git-process.js';

/** A mutant on which we and git disagree, or that left something behind. */
export interface MutantProblem {
  /** `makePackMutant(format, seed, number)` makes it again. */
  readonly number: number;
  readonly format: HashName;
  /** What both were asked for. */
  readonly flag: string;
  readonly problem: string;
  readonly gitSays: string;
}

/** What a run over mutants came to. */
export interface MutantsReport {
  readonly count: number;
  readonly refusedByGit: number;
  readonly refusedByUs: number;
  /** Accepted by git, refused by us: not wrong in itself, but each is to be explained. */
  readonly refusedByUsAlone: readonly { readonly number: number; readonly message: string }[];
  readonly problems: readonly MutantProblem[];
}

interface Entry {
  typeCode: number;
  body: Uint8Array;
  /** Number of the base's entry, of an ofs-delta. */
  base: number;
  baseOid: Uint8Array;
}

interface Random {
  below(limit: number): number;
}

/** A small seeded generator (mulberry32). */
function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return {
    below(limit) {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
    },
  };
}

const WHO = 'A U Thor <author@example.com>';

/** Eight commits over a few files, with what git looks at: .gitmodules, .gitattributes, a submodule, a symbolic link, a tag. */
function makePacks(directory: string, format: HashName): Uint8Array[] {
  const repository = join(directory, `${format}-source.git`);
  git(['init', '-q', '--bare', `--object-format=${format}`, repository]);
  const lines = Array.from({ length: 40 }, (_, index) => `line ${index} of a text that is long enough`);
  let stream = '';
  const file = (mode: string, path: string, text: string): string =>
    `M ${mode} inline ${path}\ndata ${text.length}\n${text}\n`;
  for (let commit = 1; commit <= 8; commit++) {
    lines[(commit * 7) % 40] = `line changed in commit ${commit}`;
    const message = `commit ${commit}\n`;
    stream += `commit refs/heads/main\nmark :${commit}\nauthor ${WHO} ${1112911993 + commit} +0200\n`;
    stream += `committer ${WHO} ${1112911993 + commit} +0200\ndata ${message.length}\n${message}`;
    stream += file('100644', 'text', lines.join('\n')) + file('100755', `directory/part-${commit % 3}`, `${commit}`);
    if (commit === 2) stream += file('120000', 'link', 'text') + file('100644', '.gitattributes', '* text\n');
    if (commit === 3) {
      stream += file('100644', '.gitmodules', '[submodule "a"]\n\tpath = a\n\turl = https://example.com/a\n');
      stream += `M 160000 ${'1'.repeat(format === 'sha1' ? 40 : 64)} a\n`;
    }
  }
  stream += `tag v1\nfrom :8\ntagger ${WHO} 1112912000 +0200\ndata 4\ntag\n\n`;
  git(['fast-import', '--quiet'], { cwd: repository, input: stream });
  const pack = (...args: string[]): Uint8Array =>
    gitBytes(['pack-objects', '--stdout', '--revs', '--all', '-q', '--no-reuse-delta', ...args], { cwd: repository });
  return [pack('--delta-base-offset'), pack()];
}

function entriesOf(pack: Uint8Array, format: HashName): Entry[] {
  const algorithm = hashAlgorithm(format);
  const entries: Entry[] = [];
  const numbers = new Map<number, number>();
  const scanner = new PackScanner({
    algorithm,
    limits: DEFAULT_PACK_LIMITS,
    visitor: {
      entry(entry: ScannedEntry) {
        numbers.set(entry.packOffset, entries.length);
        const { typeCode, baseOidOffset: at } = entry;
        entries.push({
          typeCode,
          body: entry.body.slice(entry.bodyStart, entry.bodyEnd),
          base: typeCode === TypeCode.ofsDelta ? (numbers.get(entry.baseOffset) as number) : -1,
          baseOid: typeCode === TypeCode.refDelta ? entry.input.slice(at, at + algorithm.oidLength) : new Uint8Array(0),
        });
      },
    },
  });
  scanner.push(pack);
  scanner.end();
  return entries;
}

function packOf(entries: readonly Entry[], format: HashName, level: number): Uint8Array {
  const header = new Uint8Array(12);
  header.set([0x50, 0x41, 0x43, 0x4b, 0, 0, 0, 2]);
  new DataView(header.buffer).setUint32(8, entries.length);
  const parts: Uint8Array[] = [header];
  const offsets: number[] = [];
  let at = 12;
  for (const { typeCode, body, base, baseOid } of entries) {
    offsets.push(at);
    const distance =
      typeCode === TypeCode.ofsDelta ? encodeOfsDistance(Math.max(1, at - (offsets[base] ?? at))) : new Uint8Array(0);
    for (const part of [encodeEntryHeader(typeCode, body.length), distance, baseOid, deflateSync(body, { level })]) {
      parts.push(part);
      at += part.length;
    }
  }
  const body = concatBytes(parts);
  return concatBytes([body, hashAlgorithm(format).digest(body)]);
}

const WORDS = [
  'tree ',
  'parent ',
  'author ',
  'committer ',
  ' +0200',
  '100644',
  '40000',
  '.git',
  '..',
  '\n\n',
  '\0',
  '0',
];

/** Change one object, where only its content goes wrong and not the pack. */
function mutateBody(body: Uint8Array, random: Random): Uint8Array {
  const at = random.below(body.length + 1);
  const text = new TextEncoder().encode(WORDS[random.below(WORDS.length)] as string);
  switch (random.below(5)) {
    case 0:
      return concatBytes([body.subarray(0, at), body.subarray(at + 1 + random.below(30))]);
    case 1:
      return concatBytes([body.subarray(0, at), text, body.subarray(at)]);
    case 2:
      return concatBytes([body.subarray(0, at), text, body.subarray(at + text.length)]);
    default: {
      const changed = body.slice();
      if (body.length > 0) changed[at % body.length] = random.below(256);
      return changed;
    }
  }
}

/** The mutants of one hash: small packs, changed in their objects, their order, or their bytes. */
export class PackMutants {
  readonly format: HashName;
  readonly #packs: readonly Uint8Array[];
  readonly #entries: readonly (readonly Entry[])[];

  constructor(directory: string, format: HashName) {
    this.format = format;
    this.#packs = makePacks(directory, format);
    this.#entries = this.#packs.map((pack) => entriesOf(pack, format));
  }

  make(seed: number, number: number): Uint8Array {
    const random = randomOf(Math.imul(seed, 0x9e3779b1) + number);
    const which = random.below(this.#packs.length);
    const kind = random.below(10);
    if (kind < 5) {
      const entries = (this.#entries[which] as readonly Entry[]).map((entry) => ({ ...entry }));
      const any = (): Entry => entries[random.below(entries.length)] as Entry;
      for (let change = random.below(2); change >= 0; change--) {
        const action = random.below(12);
        const entry = any();
        if (action === 0) entry.typeCode = 1 + random.below(4);
        else if (action === 1) entries.splice(random.below(entries.length), 1);
        else if (action === 2) entries.push({ ...any() });
        else if (action === 3) entry.base = random.below(entries.length);
        else if (action === 4 && entry.baseOid.length > 0) entry.baseOid = any().baseOid;
        else entry.body = mutateBody(entry.body, random);
      }
      return packOf(entries, this.format, random.below(10));
    }
    const { oidLength, digest } = hashAlgorithm(this.format);
    const pack = this.#packs[which] as Uint8Array;
    const body = pack.slice(0, -oidLength);
    // The front holds the header and commits, entry headers among them, densely.
    const reach = kind < 7 ? body.length : Math.min(body.length, 400);
    for (let change = random.below(3); change >= 0; change--) body[random.below(reach)] = random.below(256);
    if (kind === 9) {
      const cut = body.subarray(0, 12 + random.below(body.length - 12));
      return random.below(2) === 0 ? cut : concatBytes([cut, digest(cut)]);
    }
    return random.below(8) === 0 ? concatBytes([body, pack.subarray(-oidLength)]) : concatBytes([body, digest(body)]);
  }
}

/**
 * Have git and `tsgit index-pack --strict` judge `count` mutants drawn from `seed`, half of them sha1 and half sha256: what git
 * refuses we must refuse with a typed error that leaves no file behind, and what both accept must give the same idx.
 * @param options.parallel git processes at a time (default 2)
 */
export async function judgePackMutants(
  seed: number,
  count: number,
  options: { readonly parallel?: number; readonly onProgress?: (done: number) => void } = {},
): Promise<MutantsReport> {
  const root = mkdtempSync(join(tmpdir(), 'git-kv-mutants-'));
  try {
    const problems: MutantProblem[] = [];
    const refusedByUsAlone: { number: number; message: string }[] = [];
    const report = { count, refusedByGit: 0, refusedByUs: 0, refusedByUsAlone, problems };
    const mutants = (['sha1', 'sha256'] as const).map((format) => new PackMutants(root, format));
    let next = 0;
    const work = async (worker: number): Promise<void> => {
      const places = mutants.map(({ format }) => {
        const place = join(root, `${format}-${worker}.git`);
        git(['init', '-q', '--bare', `--object-format=${format}`, place]);
        return place;
      });
      while (next < count) {
        const number = next++;
        const which = number % mutants.length;
        const place = places[which] as string;
        const { format } = mutants[which] as PackMutants;
        const before = readdirSync(join(place, 'objects/pack'));
        writeFileSync(join(place, 'm.pack'), (mutants[which] as PackMutants).make(seed, number));
        // Links that a changed object leaves dangling hide what else is wrong with it: every other one is judged without them too.
        for (const flag of number % 4 < 2 ? ['--strict'] : ['--strict', '--fsck-objects']) {
          const byGit = await gitAsync(['index-pack', flag, '-o', 'git.idx', 'm.pack'], { cwd: place });
          const isRefused = byGit.code !== 0;
          const ours = await judge(place, flag);
          const fail = (problem: string): void =>
            void problems.push({ number, format, flag, problem, gitSays: byGit.stderr.slice(0, 500) });
          if (isRefused && flag === '--strict') report.refusedByGit++;
          if (ours !== undefined && flag === '--strict') report.refusedByUs++;
          if (isRefused && ours === undefined) fail('git refuses it, we do not');
          if (ours !== undefined && !isTyped(ours)) fail(`our error has no type: ${String((ours as Error).stack)}`);
          if (ours !== undefined && !isRefused)
            refusedByUsAlone.push({ number, message: String((ours as Error).message) });
          const left = readdirSync(place).filter((name) => /idx|tmp|rev/.test(name) && name !== 'git.idx');
          if (ours !== undefined && left.length > 0) fail(`left behind: ${left.join(' ')}`);
          if (readdirSync(join(place, 'objects/pack')).length !== before.length) fail('left behind in objects/pack');
          if (ours === undefined && !isRefused) {
            const [a, b] = ['git.idx', 'ours.idx'].map((name) => readFileSync(join(place, name))) as [Buffer, Buffer];
            if (!a.equals(b)) fail('the idx differs');
          }
          for (const name of ['git.idx', 'ours.idx']) rmSync(join(place, name), { force: true });
        }
        options.onProgress?.(number + 1);
      }
    };
    await Promise.all(Array.from({ length: options.parallel ?? 2 }, (_, worker) => work(worker)));
    return report;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Ours, in this process: starting one costs more than the work. @returns the error, or undefined */
async function judge(cwd: string, flag: string): Promise<unknown> {
  const nowhere = { isTTY: false, write: async () => undefined };
  const signal = new AbortController().signal;
  const console = { stdin: process.stdin, stdout: nowhere, stderr: nowhere, env: gitEnv, cwd, signal };
  try {
    await tsgit(['index-pack', flag, '-o', 'ours.idx', 'm.pack'], console);
    return undefined;
  } catch (error) {
    return error;
  }
}

function isTyped(error: unknown): boolean {
  return isGitError(error) || isGitError((error as Error).cause);
}
