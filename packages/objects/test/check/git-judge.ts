import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { type CheckFinding, concatBytes, type HashAlgorithm, OBJECT_KINDS, type RawObject } from '@git-kv/objects';
import { gitAsync, initBare, temporaryDirectory } from '../../../../test/support/git.js';
import { writeAllWithGit } from '../support.js';

/** What a check says of an object, in the form of `error missingAuthor`, sorted. */
export type Verdict = readonly string[];

/** Findings as a verdict. */
export function verdictOf(findings: readonly CheckFinding[]): Verdict {
  return findings.map(({ id, severity }) => `${severity} ${id}`).sort();
}

/** A repository that has exactly these objects, which may be wrong in any way; oids in the order given. */
export interface JudgedRepository {
  readonly directory: string;
  readonly oids: readonly string[];
}

/** Make a repository, for as long as a test runs where no directory is given. */
export function repositoryOf(
  algorithm: HashAlgorithm,
  objects: readonly RawObject[],
  parent: string = temporaryDirectory(),
): JudgedRepository {
  const directory = initBare(parent, algorithm.name);
  const oids: string[] = new Array(objects.length).fill('');
  for (const kind of OBJECT_KINDS) {
    const indexes = objects.flatMap((object, index) => (object.kind === kind ? [index] : []));
    if (indexes.length === 0) continue;
    const bodies = indexes.map((index) => (objects[index] as RawObject).body);
    writeAllWithGit(directory, kind, bodies).forEach((oid, at) => {
      oids[indexes[at] as number] = oid;
    });
  }
  return { directory, oids };
}

/** What `git fsck` says, by oid. An object that git cannot parse, so that its check is not reached, is `unparsed`. */
export async function fsck(directory: string, args: readonly string[] = []): Promise<(oid: string) => Verdict> {
  const [options, flags] = [args.filter((arg) => arg.includes('=')), args.filter((arg) => !arg.includes('='))];
  const config = options.flatMap((option) => ['-c', option]);
  const command = [...config, 'fsck', '--no-dangling', '--no-progress', ...flags];
  const { code, stderr } = await gitAsync(command, { cwd: directory });
  if (code >= 128) throw new Error(`git fsck ended with ${code}: ${stderr}`);
  const said = new Map<string, string[]>();
  const note = (oid: string, what: string): void => void said.set(oid, [...(said.get(oid) ?? []), what]);
  for (const [, severity, oid = '', id] of stderr.matchAll(/^(error|warning) in \w+ ([0-9a-f]+): (\w+): /gm)) {
    note(oid, `${severity === 'warning' ? 'warn' : 'error'} ${id}`);
  }
  for (const [, oid = ''] of stderr.matchAll(/^error: ([0-9a-f]+): object (?:corrupt|could not be parsed)/gm)) {
    said.set(oid, ['unparsed']);
  }
  return (oid) => (said.get(oid) ?? []).sort();
}

/** What `git mktag` says of a tag. It checks the bytes before anything parses them. */
export async function mktag(directory: string, body: Uint8Array, args: readonly string[] = []): Promise<Verdict> {
  const { stderr } = await gitAsync(['mktag', '--no-strict', ...args], { cwd: directory, input: body });
  return [...stderr.matchAll(/^(error|warning): tag input does not pass fsck: (\w+): /gm)]
    .map(([, severity, id]) => `${severity === 'warning' ? 'warn' : 'error'} ${id}`)
    .sort();
}

/** Whether a receiving git takes a pack of this one object, links aside. */
export async function isReceived(directory: string, algorithm: HashAlgorithm, object: RawObject): Promise<boolean> {
  const command = ['index-pack', '--stdin', '--fsck-objects'];
  const { code } = await gitAsync(command, { cwd: directory, input: packOf(algorithm, object) });
  return code === 0;
}

function packOf(algorithm: HashAlgorithm, { kind, body }: RawObject): Uint8Array {
  const sizes: number[] = [];
  let rest = body.length;
  let byte = ((OBJECT_KINDS.indexOf(kind) + 1) << 4) | (rest & 0x0f);
  rest = Math.floor(rest / 16);
  for (; rest > 0; rest = Math.floor(rest / 128)) {
    sizes.push(byte | 0x80);
    byte = rest & 0x7f;
  }
  sizes.push(byte);
  const header = [0x50, 0x41, 0x43, 0x4b, 0, 0, 0, 2, 0, 0, 0, 1, ...sizes];
  const content = concatBytes([Uint8Array.from(header), deflateSync(body)]);
  return concatBytes([content, createHash(algorithm.name).update(content).digest()]);
}
