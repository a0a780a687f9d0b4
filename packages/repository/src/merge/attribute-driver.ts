import { decodeLatin1, FileMode, type Oid } from '@git-kv/objects';
import { type AttributeScope, findAttributes, parseAttributes } from '../attributes/attributes.js';
import type { ObjectReader, ReadOptions } from '../object-store.js';
import { readBody } from '../read-object.js';
import { readTreePath } from '../tree-path.js';
import { mergeDrivers } from './drivers.js';
import type { MergeDriver } from './merge-driver.js';
import { rawBytes } from './merge-report.js';
import { MARKER_SIZE, type MergeTreesOptions } from './merge-trees.js';

/** Where attributes come from, and what their names mean. */
export interface AttributeDriverOptions extends ReadOptions {
  /** The tree whose `.gitattributes` hold (default: none). */
  readonly treeOid?: Oid | undefined;
  /** What is in `info/attributes`, which is stronger. */
  readonly info?: Uint8Array | undefined;
  /** Drivers by name, beside git's own `text`, `binary` and `union`. A name that nobody knows means text. */
  readonly drivers?: Readonly<Record<string, MergeDriver>>;
  /** The name for paths without the attribute, as git's `merge.default` (default: text). */
  readonly defaultName?: string | undefined;
}

const BUILT_IN: ReadonlyMap<string, MergeDriver> = new Map([
  ['text', mergeDrivers.text],
  ['binary', mergeDrivers.binary],
  ['union', mergeDrivers.union],
]);

/**
 * Choose drivers by the attributes `merge` and `conflict-marker-size`, for the option `driver` of a merge. Attributes files are
 * read as paths need them, each once.
 * @see gitattributes(5), "Performing a three-way merge"
 */
export function attributeDriver(
  reader: ObjectReader,
  options: AttributeDriverOptions,
): NonNullable<MergeTreesOptions['driver']> {
  const { treeOid, info, drivers = {}, defaultName } = options;
  const scopes = new Map<string, Promise<AttributeScope>>();
  const strongest = { directory: '', rules: info === undefined ? [] : parseAttributes(info, true) };
  const scopeOf = (directory: string): Promise<AttributeScope> => {
    let scope = scopes.get(directory);
    if (scope === undefined) scopes.set(directory, (scope = readScope(reader, treeOid, directory, options)));
    return scope;
  };
  return async (_path, pathBytes) => {
    const path = decodeLatin1(pathBytes);
    const weaker: AttributeScope[] = [];
    for (let end = 0; end >= 0; end = path.indexOf('/', end + 1)) {
      weaker.push(await scopeOf(end === 0 ? '' : path.slice(0, end + 1)));
    }
    const found = findAttributes(path, ['merge', 'conflict-marker-size'], [...weaker, strongest]);
    const state = found.get('merge');
    const name = state === undefined ? defaultName : state;
    const given = typeof name === 'string' && Object.hasOwn(drivers, name) ? drivers[name] : undefined;
    const driver = name === false ? mergeDrivers.binary : (given ?? BUILT_IN.get(String(name)) ?? mergeDrivers.text);
    const size = Number.parseInt(String(found.get('conflict-marker-size')), 10);
    if (!(size > 0 && size <= MAX_MARKER_SIZE)) return driver;
    return (input) => driver({ ...input, markerSize: input.markerSize + size - MARKER_SIZE });
  };
}

/** Longer ones are not taken: a file would grow by them at every conflict. */
const MAX_MARKER_SIZE = 1000;

async function readScope(
  reader: ObjectReader,
  treeOid: Oid | undefined,
  directory: string,
  options: ReadOptions,
): Promise<AttributeScope> {
  if (treeOid === undefined) return { directory, rules: [] };
  const segments = `${directory}.gitattributes`.split('/').map(rawBytes);
  const target = await readTreePath(reader, treeOid, segments, options);
  // A link is not followed: it may lead out of the tree.
  const isFile = target?.mode === FileMode.regular || target?.mode === FileMode.executable;
  if (target === undefined || !isFile) return { directory, rules: [] };
  return { directory, rules: parseAttributes(await readBody(reader, target.oid, 'blob', options), directory === '') };
}
