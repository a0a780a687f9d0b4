// pack-objects.mjs GIT_DIR OIDS PACK: write the objects that the file OIDS names into PACK.
import fs from 'node:fs';
import git from 'isomorphic-git';
import { report } from '../../lib/report.mjs';

const [gitdir = '', oidsPath = '', packPath = ''] = process.argv.slice(2);
const oids = fs.readFileSync(oidsPath, 'latin1').trimEnd().split('\n');
const { packfile } = await git.packObjects({ fs, gitdir, dir: gitdir, oids, write: false, cache: {} });
if (!packfile) throw new Error('packObjects returned no pack');
fs.writeFileSync(packPath, packfile);
report({});
