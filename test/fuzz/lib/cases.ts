import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FuzzInput, Problem } from './campaign.js';

/** An input that once was a problem, as it is kept in `cases/TARGET/NAME.json`. */
export interface FuzzCase extends FuzzInput {
  readonly name: string;
  readonly problem: string;
}

interface CaseFile {
  /** What went wrong, before it was mended. */
  readonly problem: string;
  readonly foundBy: string;
  readonly variant?: string;
  readonly base64: string;
}

/** The cases of one target. */
export function readCases(directory: string, target: string): FuzzCase[] {
  const folder = join(directory, target);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => {
      const { problem, variant, base64 } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as CaseFile;
      return {
        name: name.replace(/\.json$/, ''),
        problem,
        variant,
        bytes: new Uint8Array(Buffer.from(base64, 'base64')),
      };
    });
}

/** Keep an input; returns the path of its file. */
export function writeCase(
  directory: string,
  target: string,
  input: FuzzInput,
  found: { readonly problem: Problem; readonly seed: number; readonly run: number },
): string {
  const folder = join(directory, target);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `seed-${found.seed}-run-${found.run}.json`);
  const content: CaseFile = {
    problem: found.problem.message,
    foundBy: `npm run fuzz -- ${target} --seed ${found.seed} --run ${found.run}`,
    ...(input.variant === undefined ? {} : { variant: input.variant }),
    base64: Buffer.from(input.bytes).toString('base64'),
  };
  writeFileSync(path, `${JSON.stringify(content, undefined, 2)}\n`);
  return path;
}
