import type { CheckReport } from './report.js';

const LF = 0x0a;
const MAX_FILE_BYTES = 100 * 1024 * 1024;
/** Without its LF. Git reads no longer line. */
const MAX_LINE_BYTES = 2047;

/**
 * Check the blob of a `.gitattributes`: its size, and that of its lines up to a NUL. Larger ones have made git write
 * past its buffers.
 * @see git's fsck.c, fsck_blob(); attr.h
 */
export function checkGitattributes(body: Uint8Array, report: CheckReport): void {
  if (body.length > MAX_FILE_BYTES) {
    report.add('gitattributesLarge', undefined, `the file is over ${MAX_FILE_BYTES} bytes`);
    return;
  }
  const nul = body.indexOf(0);
  const end = nul < 0 ? body.length : nul;
  let start = 0;
  while (start < end) {
    const lineFeed = body.indexOf(LF, start);
    const lineEnd = lineFeed < 0 || lineFeed > end ? end : lineFeed;
    if (lineEnd - start > MAX_LINE_BYTES) {
      report.add('gitattributesLineLength', start, `a line is over ${MAX_LINE_BYTES} bytes`);
      return;
    }
    start = lineEnd + 1;
  }
}
