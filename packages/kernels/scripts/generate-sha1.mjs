// Writes the parts of SHA-1 that are one step or one condition after another, in the dialects that need them:
//   node scripts/generate-sha1.mjs           write the files
//   node scripts/generate-sha1.mjs --check   only compare; exit code 1 when a file is not what this script would write
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assemblyDetecting, assemblyPlain } from './sha1/assembly.mjs';
import { CONDITIONS, FIRST_WORD, LAST_WORD, plainCondition, plainStep } from './sha1/rounds.mjs';

const room = join(import.meta.dirname, '..');

const ORIGIN = '// Written by scripts/generate-sha1.mjs; change that.';
const NOTICE = `// Conditions: Copyright (c) 2017 Marc Stevens, Dan Shumow; MIT licence, see NOTICE.`;

/** How many vectors a condition is about. */
const reach = (row) => row[5].toString(2).replaceAll('0', '').length;

function plainFilter() {
  const wide = CONDITIONS.filter((row) => reach(row) > 1);
  const narrow = CONDITIONS.filter((row) => reach(row) === 1);
  const lines = [];
  wide.forEach((row, index) => {
    if (index > 0 && index % 12 === 0) lines.push('if (mask === 0) return 0;');
    lines.push(plainCondition(row));
  });
  lines.push('if (mask === 0) return 0;');
  for (const vectors of new Set(narrow.map((row) => row[5]))) {
    lines.push(`if (mask & ${~~vectors}) {`);
    for (const row of narrow) if (row[5] === vectors) lines.push(`  ${plainCondition(row)}`);
    lines.push('}');
  }
  return `${ORIGIN}
${NOTICE}

/**
 * The vectors (a bit set, see vectors.ts) of those attacks that a block may be part of, by the unavoidable conditions of each:
 * none for about 95 of 100 ordinary blocks.
 * @param words the expanded message; only words ${FIRST_WORD} to ${LAST_WORD} are read
 */
export function possibleAttacks(words: Int32Array): number {
  let mask = -1;
${lines.map((line) => `  ${line}`).join('\n')}
  return mask;
}
`;
}

function plainCompress() {
  const lines = [];
  for (let word = 0; word < 16; word++) {
    const [first, second, third, fourth] = [0, 1, 2, 3].map(
      (byte) => `input[at${word + byte ? ` + ${4 * word + byte}` : ''}]!`,
    );
    lines.push(`let w${word} = (${first} << 24) | (${second} << 16) | (${third} << 8) | ${fourth};`);
  }
  ['a', 'b', 'c', 'd', 'e'].forEach((name, index) => {
    lines.push(`let ${name} = state[${index}]!;`);
  });
  lines.push('let x = 0;');
  for (let step = 0; step < 80; step++) lines.push(...plainStep(step));
  ['a', 'b', 'c', 'd', 'e'].forEach((name, index) => {
    lines.push(`state[${index}]! += ${name};`);
  });
  return `${ORIGIN}

/**
 * Run the SHA-1 compression function over the block at \`at\`, and keep the words of the expanded message that the filter reads:
 * ${FIRST_WORD} to ${LAST_WORD} of \`words\`.
 *
 * The eighty rounds are written out and the message schedule lives in sixteen locals: twice the speed of a loop over an array. Words
 * are put together from bytes because a DataView would be one allocation a call.
 */
export function compressKeepingWords(state: Int32Array, input: Uint8Array, at: number, words: Int32Array): void {
${lines.map((line) => `  ${line}`).join('\n')}
}
`;
}

const files = {
  'src/collision/filter.ts': plainFilter(),
  'src/collision/compress.ts': plainCompress(),
  'assembly/sha1-blocks.ts': assemblyPlain(),
  'assembly/sha1-detecting-blocks.ts': assemblyDetecting(NOTICE),
};

/** What matters of a text: the formatter may break its lines elsewhere, and add or drop commas and brackets. */
const bare = (text) => text.replaceAll(/[\s,()]/g, '');

for (const [path, text] of Object.entries(files)) {
  if (!process.argv.includes('--check')) {
    writeFileSync(join(room, path), text);
  } else if (bare(readFileSync(join(room, path), 'utf8')) !== bare(text)) {
    console.error(`${path} is not what scripts/generate-sha1.mjs writes: run it, then npm run format`);
    process.exitCode = 1;
  }
}
