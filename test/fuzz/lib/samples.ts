import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ObjectKind } from '../../../packages/objects/src/kind.js';
import {
  git,
  gitBytes,
  initBare,
  makeDirectory,
  type ObjectFormat,
  removeDirectory,
} from '../../support/git-process.js';

/** What git made of one small repository: the real bytes that the targets begin from. */
export interface Samples {
  readonly format: ObjectFormat;
  /** The newest commit of `main`. */
  readonly head: string;
  readonly objects: readonly { readonly oid: string; readonly kind: ObjectKind; readonly body: Uint8Array }[];
  /** Everything, with ofs-deltas. */
  readonly pack: Uint8Array;
  /** Everything, with ref-deltas. */
  readonly refDeltaPack: Uint8Array;
  /** The newest commit alone, with deltas against objects that are not in it. */
  readonly thinPack: Uint8Array;
  /** The idx of `pack`. */
  readonly idx: Uint8Array;
  readonly idxVersion1: Uint8Array;
  readonly rev: Uint8Array;
  readonly multiPackIndex: Uint8Array;
  readonly commitGraph: Uint8Array;
  readonly bundles: readonly Uint8Array[];
  readonly packedRefs: Uint8Array;
  readonly config: Uint8Array;
  readonly wire: WireSamples;
}

/** Messages of git's own programs, without the HTTP around them. */
export interface WireSamples {
  readonly v2Advertisement: Uint8Array;
  readonly lsRefsRequest: Uint8Array;
  readonly lsRefsAnswer: Uint8Array;
  readonly fetchRequest: Uint8Array;
  readonly fetchAnswer: Uint8Array;
  readonly sidebandFetchAnswer: Uint8Array;
  readonly v0UploadPackAdvertisement: Uint8Array;
  readonly v0FetchRequest: Uint8Array;
  readonly v0FetchAnswer: Uint8Array;
  readonly receivePackAdvertisement: Uint8Array;
  readonly pushRequest: Uint8Array;
  readonly pushReport: Uint8Array;
}

const made = new Map<ObjectFormat, Samples>();

/** The samples of one object format, made when first asked for. */
export function samples(format: ObjectFormat): Samples {
  let found = made.get(format);
  if (found === undefined) {
    const directory = makeDirectory('git-kv-fuzz');
    try {
      found = makeSamples(initBare(join(directory, 'sample.git'), format), format);
    } finally {
      removeDirectory(directory);
    }
    made.set(format, found);
  }
  return found;
}

/** The samples of both object formats. */
export const allSamples = (): readonly Samples[] => [samples('sha1'), samples('sha256')];

function makeSamples(cwd: string, format: ObjectFormat): Samples {
  git(['fast-import', '--quiet', '--force'], { cwd, input: history(format) });
  const head = git(['rev-parse', 'main'], { cwd });
  const names = git(['rev-list', '--all', '--objects', '--no-object-names'], { cwd });
  const packAs = (args: readonly string[], input = names): Uint8Array =>
    gitBytes(['pack-objects', '--quiet', '--stdout', '--no-reuse-delta', '--threads=1', '--depth=4', ...args], {
      cwd,
      input,
    });
  const read = (path: string): Uint8Array => new Uint8Array(readFileSync(path));
  const wire = speak(cwd, format, head);
  git(['repack', '-q', '-a', '-d', '-f', '--threads=1', '--depth=4'], { cwd });
  const packs = join(cwd, 'objects/pack');
  const file = (extension: string): Uint8Array =>
    read(join(packs, readdirSync(packs).find((name) => name.endsWith(extension)) as string));
  const pack = file('.pack');
  const idx = file('.idx');
  const indexAs = (args: readonly string[], extension: string): Uint8Array => {
    git(['index-pack', ...args, '-o', 'made.idx', join(packs, packName(packs))], { cwd });
    return read(join(cwd, `made.${extension}`));
  };
  git(['multi-pack-index', 'write'], { cwd });
  git(['commit-graph', 'write', '--reachable', '--changed-paths'], { cwd });
  git(['pack-refs', '--all'], { cwd });
  const bundle = (version: 2 | 3, revisions: readonly string[]): Uint8Array =>
    gitBytes(['bundle', 'create', '--quiet', `--version=${version}`, '-', ...revisions], { cwd });
  return {
    format,
    head,
    objects: names.split('\n').map((oid) => {
      const kind = git(['cat-file', '-t', oid], { cwd }) as ObjectKind;
      return { oid, kind, body: new Uint8Array(gitBytes(['cat-file', kind, oid], { cwd })) };
    }),
    pack,
    refDeltaPack: packAs([]),
    thinPack: packAs(['--revs', '--thin', '--delta-base-offset'], `${head}\n^${head}^\n`),
    idx,
    idxVersion1: format === 'sha1' ? indexAs(['--index-version=1'], 'idx') : new Uint8Array(0),
    rev: indexAs(['--rev-index'], 'rev'),
    multiPackIndex: read(join(packs, 'multi-pack-index')),
    commitGraph: read(join(cwd, 'objects/info/commit-graph')),
    bundles: [
      ...(format === 'sha1' ? [bundle(2, ['--all'])] : []),
      bundle(3, ['main', `^${head}^`]),
      bundle(3, ['--all']),
    ],
    packedRefs: read(join(cwd, 'packed-refs')),
    config: read(join(cwd, 'config')),
    wire,
  };
}

const packName = (directory: string): string => readdirSync(directory).find((name) => name.endsWith('.pack')) as string;

/** A few commits, a merge, both kinds of tag, every mode of a tree, and texts that pack as deltas. */
function history(format: ObjectFormat): string {
  const data = (text: string): string => `data ${text.length}\n${text}\n`;
  const text = (version: number): string =>
    Array.from(
      { length: 60 },
      (_, line) => `line ${line} of the text${line % 7 === version ? ', changed' : ''}\n`,
    ).join('');
  const file = (path: string, content: string, mode = '100644'): string => `M ${mode} inline ${path}\n${data(content)}`;
  const commit = (branch: string, mark: number, message: string, rest: string): string =>
    `commit refs/heads/${branch}\nmark :${mark}\nauthor A U Thor <author@example.com> ${1700000000 + mark} +0130\n` +
    `committer C O Mitter <committer@example.com> ${1700000100 + mark} -0700\n${data(message)}${rest}\n`;
  return [
    commit(
      'main',
      1,
      'Begin\n',
      file('readme', text(0)) +
        file('run', '#!/bin/sh\n', '100755') +
        file('link', 'readme', '120000') +
        file(
          '.gitmodules',
          '[submodule "lib"]\n\tpath = lib\n\turl = https://example.com/lib.git\n\tupdate = checkout\n',
        ) +
        file('.gitattributes', '*.txt text eol=lf\n[attr]mine -diff\n') +
        `M 160000 ${'1'.repeat(format === 'sha1' ? 40 : 64)} lib\n`,
    ),
    commit(
      'main',
      2,
      'Change\n\nAt length.\n\nSigned-off-by: A U Thor <author@example.com>\n',
      file('readme', text(1)) + file('src/deep/a.txt', text(2)),
    ),
    commit('side', 3, 'Beside\n', `from :1\n${file('readme', text(3))}${file('src/b.txt', text(4))}`),
    commit('main', 4, 'Merge\n', `from :2\nmerge :3\n${file('readme', text(5))}${file('src/b.txt', text(4))}`),
    commit('main', 5, 'More\n', file('readme', text(6)) + file('src/deep/a.txt', text(5)) + file('new', text(1))),
    `tag v1\nfrom :2\ntagger A U Thor <author@example.com> 1700001000 +0000\n${data('Version 1\n')}`,
    'reset refs/tags/light\nfrom :3\n\n',
  ].join('');
}

const line = (text: string): string => (text.length + 4).toString(16).padStart(4, '0') + text;

/** One conversation with git's upload-pack and receive-pack, a message at a time. */
function speak(cwd: string, format: ObjectFormat, head: string): WireSamples {
  const version2 = { GIT_PROTOCOL: 'version=2' };
  const advertised = (service: string, env: Record<string, string> = {}): Uint8Array =>
    gitBytes([service, '--http-backend-info-refs', '.'], { cwd, env });
  const answered = (service: string, input: string | Uint8Array, env: Record<string, string> = {}): Uint8Array =>
    gitBytes([service, '--stateless-rpc', '.'], { cwd, input, env });
  const intro = `${line('agent=git/fuzz\n')}${line(`object-format=${format}\n`)}`;
  const lsRefsRequest = `${line('command=ls-refs\n')}${intro}0001${line('peel\n')}${line('symrefs\n')}${line('unborn\n')}${line('ref-prefix refs/heads/\n')}${line('ref-prefix refs/tags/\n')}${line('ref-prefix HEAD\n')}0000`;
  const base = git(['rev-parse', `${head}^`], { cwd });
  const fetchRequest = `${line('command=fetch\n')}${intro}0001${line('thin-pack\n')}${line('ofs-delta\n')}${line('include-tag\n')}${line(`want ${head}\n`)}${line(`have ${base}\n`)}${line('deepen 1\n')}${line('done\n')}0000`;
  const sidebandRequest = fetchRequest.replace(line('ofs-delta\n'), line('ofs-delta\n') + line('sideband-all\n'));
  const flags = `multi_ack_detailed no-done side-band-64k thin-pack ofs-delta object-format=${format} agent=git/fuzz`;
  const v0FetchRequest = `${line(`want ${head} ${flags}\n`)}${line('deepen 1\n')}0000${line(`have ${base}\n`)}${line('done\n')}`;
  const zero = '0'.repeat(head.length);
  const commands = `${line(`${zero} ${head} refs/heads/made\0 report-status object-format=${format} agent=git/fuzz\n`)}${line(`${base} ${zero} refs/heads/absent\n`)}0000`;
  const empty = gitBytes(['pack-objects', '--quiet', '--stdout'], { cwd });
  const pushRequest = Buffer.concat([Buffer.from(commands, 'latin1'), empty]);
  return {
    v2Advertisement: advertised('upload-pack', version2),
    lsRefsRequest: Buffer.from(lsRefsRequest),
    lsRefsAnswer: answered('upload-pack', lsRefsRequest, version2),
    fetchRequest: Buffer.from(fetchRequest),
    fetchAnswer: answered('upload-pack', fetchRequest, version2),
    sidebandFetchAnswer: answered('upload-pack', sidebandRequest, {
      ...version2,
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'uploadpack.allowSidebandAll',
      GIT_CONFIG_VALUE_0: 'true',
    }),
    v0UploadPackAdvertisement: advertised('upload-pack'),
    v0FetchRequest: Buffer.from(v0FetchRequest),
    v0FetchAnswer: answered('upload-pack', v0FetchRequest),
    receivePackAdvertisement: advertised('receive-pack'),
    pushRequest,
    pushReport: answered('receive-pack', pushRequest),
  };
}
