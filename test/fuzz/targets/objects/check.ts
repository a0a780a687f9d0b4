import { CHECK_IDS, checkObject, type ObjectKind } from '@git-kv/objects';
import { algorithmOfVariant } from '../../lib/formats.js';
import { allSamples } from '../../lib/samples.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';

/** A variant is the object format and the kind. */
export const check: FuzzTarget = {
  name: 'check',
  about: "git's fsck rules over one commit, tree or tag: findings, never an error",
  dictionary: [
    '100644 ',
    '40000 ',
    '.git\0',
    '.GITMODULES\0',
    'git~1\0',
    'tree ',
    'parent ',
    'author ',
    ' <',
    '> ',
    '\n\n',
    '\0',
  ],
  seeds: () =>
    allSamples().flatMap(({ format, objects }) =>
      objects
        .filter(({ kind }) => kind !== 'blob')
        .map(({ kind, body }) => ({ bytes: body, variant: `${format} ${kind}` })),
    ),
  execute(bytes, variant) {
    const kind = variant!.split(' ')[1] as ObjectKind;
    for (const finding of checkObject(kind, bytes, { algorithm: algorithmOfVariant(variant), strict: true })) {
      ensure(CHECK_IDS.includes(finding.id), `${finding.id} is no id`);
      const { offset } = finding;
      ensure(offset === undefined || (offset >= 0 && offset <= bytes.length), `${finding.id} points to byte ${offset}`);
    }
  },
};
