import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  decodeUtf8,
  encodeFrame,
  type HashAlgorithm,
  isObjectKind,
  MalformedError,
  type ObjectKind,
  oidFromBytes,
  parseCommitLinks,
  parseTag,
  parseTree,
  sha1,
} from '@git-kv/objects';
import { CommandError, type Console, UsageError } from '../console.js';
import { ioError, readAll, readInput, readLines } from '../input.js';
import { parseOptions } from '../options.js';
import type { Command } from '../program.js';
import { unquotePath } from '../quote.js';
import { findHere, openHere } from '../repository.js';

const CR = 0x0d;
const QUOTE = 0x22;

/** git-hash-object(1), without filters: a file's bytes are the object's. */
export const hashObjectCommand: Command = {
  usage:
    'hash-object [-t <type>] [-w] [--path=<file> | --no-filters] [--stdin [--literally]] [--] <file>...\n' +
    'hash-object [-t <type>] [-w] --stdin-paths [--no-filters]',
  async run(args, console) {
    const { values, positionals } = parseOptions(args, {
      t: { type: 'string', short: 't', default: 'blob' },
      w: { type: 'boolean', short: 'w', default: false },
      stdin: { type: 'boolean', multiple: true },
      'stdin-paths': { type: 'boolean', default: false },
      literally: { type: 'boolean', default: false },
      // There are no filters here, so what git's filters would go by makes no difference.
      'no-filters': { type: 'boolean', default: false },
      path: { type: 'string' },
    });
    const stdinCount = values.stdin?.length ?? 0;
    if (values['stdin-paths']) {
      if (stdinCount > 0) throw new UsageError("error: Can't use --stdin-paths with --stdin");
      if (positionals.length > 0) throw new UsageError("error: Can't specify files with --stdin-paths");
      if (values.path !== undefined) throw new UsageError("error: Can't use --stdin-paths with --path");
    } else {
      if (stdinCount > 1) throw new UsageError('error: Multiple --stdin arguments are not supported');
      if (values.path !== undefined && values['no-filters']) {
        throw new UsageError("error: Can't use --path with --no-filters");
      }
    }
    const type = values.t;
    if (!isObjectKind(type) && !values.literally) throw new CommandError(`invalid object type "${type}"`);
    const repository = values.w ? await openHere(console) : await findHere(console);
    try {
      const algorithm = repository?.algorithm ?? sha1;
      const asked = { stdin: stdinCount > 0, stdinPaths: values['stdin-paths'] };
      // What is neither written nor looked into need not be held.
      if (!values.w && (type === 'blob' || values.literally) && !asked.stdin && !asked.stdinPaths) {
        for (const path of positionals)
          await console.stdout.write(`${await hashFile(console, algorithm, type, path)}\n`);
        return 0;
      }
      for await (const body of inputs(asked, positionals, console)) {
        if (!values.literally) assertParses(type as ObjectKind, body, algorithm);
        // Of a type that git does not know, as git does: the store does not look at it, and will not read it back.
        const kind = type as ObjectKind;
        const oid =
          values.w && repository ? await repository.objects.write({ kind, body }) : hash(algorithm, type, body);
        await console.stdout.write(`${oid}\n`);
      }
      return 0;
    } finally {
      await repository?.close();
    }
  },
};

function hash(algorithm: HashAlgorithm, type: string, body: Uint8Array): string {
  const frame = encodeFrame(type as ObjectKind, body.length);
  return oidFromBytes(algorithm.create().update(frame).update(body).digest(), 0, algorithm.oidLength);
}

/** The id of a file that is not held: its size is known before it is read. */
async function hashFile(console: Console, algorithm: HashAlgorithm, type: string, path: string): Promise<string> {
  const cannot = (error: unknown): CommandError => ioError(`could not open '${path}' for reading`, error);
  const file = await open(resolve(console.cwd, path)).catch((error: unknown) => {
    throw cannot(error);
  });
  try {
    const stat = await file.stat();
    if (!stat.isFile()) return hash(algorithm, type, await readInput(console, path));
    const hasher = algorithm.create().update(encodeFrame(type as ObjectKind, stat.size));
    let read = 0;
    for await (const chunk of file.createReadStream({ autoClose: false, signal: console.signal })) {
      hasher.update(chunk as Uint8Array);
      read += (chunk as Uint8Array).length;
    }
    if (read !== stat.size) throw new CommandError(`Unable to hash ${path}`); // it changed meanwhile
    return oidFromBytes(hasher.digest(), 0, algorithm.oidLength);
  } catch (error) {
    throw (error as NodeJS.ErrnoException).syscall === undefined ? error : cannot(error);
  } finally {
    await file.close();
  }
}

async function* inputs(
  asked: { readonly stdin: boolean; readonly stdinPaths: boolean },
  paths: readonly string[],
  console: Console,
): AsyncGenerator<Uint8Array> {
  if (asked.stdin) yield await readAll(console.stdin);
  if (asked.stdinPaths) {
    for await (const line of readLines(console.stdin)) yield await readInput(console, decodeUtf8(pathOf(line)));
  }
  for (const path of paths) yield await readInput(console, path);
}

function pathOf(line: Uint8Array): Uint8Array {
  const bare = line.at(-1) === CR ? line.subarray(0, -1) : line;
  const path = bare[0] === QUOTE ? unquotePath(bare) : bare;
  if (path === undefined) throw new CommandError('line is badly quoted');
  return path;
}

/** git refuses to hash what it could not read back: of a commit it reads no more than the tree and the parents. */
function assertParses(kind: ObjectKind, body: Uint8Array, algorithm: HashAlgorithm): void {
  const oids: string[] = [];
  try {
    if (kind === 'tree') parseTree(body, algorithm.oidLength);
    else if (kind === 'commit') {
      const { treeOid, parentOids } = parseCommitLinks(body);
      oids.push(treeOid, ...parentOids);
    } else if (kind === 'tag') oids.push(parseTag(body).targetOid);
  } catch (error) {
    if (error instanceof MalformedError) throw new CommandError(`corrupt ${kind}: ${error.message}`, { cause: error });
    throw error;
  }
  if (oids.some((oid) => oid.length !== algorithm.hexLength)) {
    throw new CommandError(`corrupt ${kind}: it names an object of another object format`);
  }
}
