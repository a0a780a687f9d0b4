import { CommandError } from './console.js';

/** What a format can ask for of an object. */
export type BatchField = 'objectname' | 'objecttype' | 'objectsize' | 'objectsize:disk' | 'deltabase' | 'rest';

const FIELDS: ReadonlySet<string> = new Set<BatchField>([
  'objectname',
  'objecttype',
  'objectsize',
  'objectsize:disk',
  'deltabase',
  'rest',
]);

/** A format of `cat-file --batch`, taken apart. */
export interface BatchFormat {
  readonly parts: readonly ({ readonly text: string } | { readonly field: BatchField })[];
  readonly fields: ReadonlySet<BatchField>;
}

/** What `cat-file` prints of an object where no format is given. */
export const DEFAULT_BATCH_FORMAT = '%(objectname) %(objecttype) %(objectsize)';

/** Take a format apart. `%%` is a percent sign, as is one that nothing known follows. @throws {CommandError} for an unknown field */
export function parseBatchFormat(format: string): BatchFormat {
  const parts: BatchFormat['parts'][number][] = [];
  const fields = new Set<BatchField>();
  let at = 0;
  for (const match of format.matchAll(/%\(([^)]*)\)|%%/g)) {
    if (match.index > at) parts.push({ text: format.slice(at, match.index) });
    const field = match[1];
    if (field === undefined) parts.push({ text: '%' });
    else if (isField(field)) {
      parts.push({ field });
      fields.add(field);
    } else throw new CommandError(`unknown format element: ${field}`);
    at = match.index + match[0].length;
  }
  if (at < format.length) parts.push({ text: format.slice(at) });
  return { parts, fields };
}

function isField(name: string): name is BatchField {
  return FIELDS.has(name);
}
