import { hashAlgorithm } from '@git-kv/objects';
import { parsePackIndex } from '@git-kv/pack';
import { CommandError, UsageError } from '../console.js';
import { readAll } from '../input.js';
import { parseOptions } from '../options.js';
import type { Command } from '../program.js';
import { hereAlgorithm } from '../repository.js';

/** Bytes of text gathered before a write. */
const OUTPUT_CHARACTERS = 1 << 16;

/** git-show-index(1). */
export const showIndexCommand: Command = {
  usage: 'show-index [--object-format=<hash-algorithm>]',
  async run(args, console) {
    const { values, positionals } = parseOptions(args, { 'object-format': { type: 'string' } });
    if (positionals.length > 0) throw new UsageError('error: the idx is read from standard input');
    const format = values['object-format'];
    if (format !== undefined && format !== 'sha1' && format !== 'sha256') {
      throw new CommandError('Unknown hash algorithm');
    }
    const algorithm = format === undefined ? await hereAlgorithm(console) : hashAlgorithm(format);
    const index = parsePackIndex(await readAll(console.stdin), algorithm);
    let text = '';
    for (let position = 0; position < index.objectCount; position++) {
      const crc = index.crcAt(position);
      const check = crc === undefined ? '' : ` (${crc.toString(16).padStart(8, '0')})`;
      text += `${index.packOffsetAt(position)} ${index.oidAt(position)}${check}\n`;
      if (text.length >= OUTPUT_CHARACTERS) {
        await console.stdout.write(text);
        text = '';
      }
    }
    await console.stdout.write(text);
    return 0;
  },
};
