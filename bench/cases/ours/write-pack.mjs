// write-pack.mjs GIT_DIR OIDS PACK: write the objects that the file OIDS names into PACK.
import { createWriteStream, readFileSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { writePack } from '@git-kv/pack';
import { packInputs } from '@git-kv/repository';
import { openRepository } from '@git-kv/repository/node-fs';
import { report } from '../../lib/report.mjs';

const [gitDir = '', oidsPath = '', packPath = ''] = process.argv.slice(2);
const oids = readFileSync(oidsPath, 'latin1').trimEnd().split('\n');
const { objects, algorithm } = await openRepository(gitDir);
const pack = writePack({ algorithm, objects: packInputs(objects, oids), objectCount: oids.length });
await pipeline(pack, createWriteStream(packPath));
await objects.close();
report({});
