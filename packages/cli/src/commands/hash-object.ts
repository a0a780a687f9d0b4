import {
  decodeUtf8,
  type HashAlgorithm,
  hashObject,
  isObjectKind,
  MalformedError,
  type ObjectKind,
  parseCommit,
  parseTag,
  parseTree,
  sha1,
} from '@git-kv/objects';
import { CommandError, type Console, UsageError } from '../console.js';
import { readAll, readInput, readLines } from '../input.js';
import { parseOptions } from '../options.js';
import type { Command } from '../program.js';
import { findHere, openHere } from '../repository.js';

/** git-hash-object(1). */
export const hashObjectCommand: Command = {
  usage: 'hash-object [-t <type>] [-w] [--stdin] [--] <file>...\nhash-object [-t <type>] [-w] --stdin-paths',
  async run(args, console) {
    const { values, positionals } = parseOptions(args, {
      t: { type: 'string', short: 't', default: 'blob' },
      w: { type: 'boolean', short: 'w', default: false },
      stdin: { type: 'boolean', default: false },
      'stdin-paths': { type: 'boolean', default: false },
      // There are no filters here, so what git's filters would go by makes no difference.
      'no-filters': { type: 'boolean', default: false },
      path: { type: 'string' },
    });
    const kind = values.t;
    if (!isObjectKind(kind)) throw new CommandError(`invalid object type "${kind}"`);
    if (values['stdin-paths'] && (values.stdin || positionals.length > 0)) {
      throw new UsageError('error: --stdin-paths takes no files and no --stdin');
    }
    const repository = values.w ? await openHere(console) : await findHere(console);
    try {
      const algorithm = repository?.algorithm ?? sha1;
      for await (const body of inputs(values, positionals, console)) {
        assertParses(kind, body, algorithm);
        const oid =
          values.w && repository ? await repository.objects.write({ kind, body }) : hashObject(algorithm, kind, body);
        await console.stdout.write(`${oid}\n`);
      }
      return 0;
    } finally {
      await repository?.close();
    }
  },
};

async function* inputs(
  values: { stdin: boolean; 'stdin-paths': boolean },
  paths: readonly string[],
  console: Console,
): AsyncGenerator<Uint8Array> {
  if (values.stdin) yield await readAll(console.stdin);
  if (values['stdin-paths']) {
    for await (const path of readLines(console.stdin)) yield await readInput(console, decodeUtf8(path));
  }
  for (const path of paths) yield await readInput(console, path);
}

/** git refuses to hash what it could not read back. */
function assertParses(kind: ObjectKind, body: Uint8Array, algorithm: HashAlgorithm): void {
  try {
    if (kind === 'tree') parseTree(body, algorithm.oidLength);
    else if (kind === 'commit') parseCommit(body);
    else if (kind === 'tag') parseTag(body);
  } catch (error) {
    if (error instanceof MalformedError) throw new CommandError(`corrupt ${kind}: ${error.message}`, { cause: error });
    throw error;
  }
}
