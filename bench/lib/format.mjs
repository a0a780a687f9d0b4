// Numbers for people.

/**
 * @param {number} milliseconds
 * @returns {string}
 */
export function formatMs(milliseconds) {
  if (milliseconds < 10) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 1000) return `${milliseconds.toFixed(0)} ms`;
  return `${(milliseconds / 1000).toFixed(milliseconds < 10000 ? 2 : 1)} s`;
}

/**
 * @param {number} nanoseconds
 * @returns {string}
 */
export function formatNs(nanoseconds) {
  if (nanoseconds < 100_000) return `${(nanoseconds / 1000).toFixed(nanoseconds < 10_000 ? 2 : 1)} us`;
  return `${(nanoseconds / 1000).toFixed(0)} us`;
}

/**
 * @param {number} bytes
 * @returns {string}
 */
export function formatBytes(bytes) {
  const mebibytes = bytes / 2 ** 20;
  if (mebibytes < 0.1) return `${(bytes / 1024).toFixed(1)} KiB`;
  return `${mebibytes.toFixed(mebibytes < 10 ? 1 : 0)} MiB`;
}

/**
 * @param {number} ratio
 * @returns {string}
 */
export function formatRatio(ratio) {
  return `${ratio.toFixed(ratio < 10 ? 2 : ratio < 100 ? 1 : 0)}x`;
}

/**
 * Lines of columns: the first to the left, the others to the right, except those whose title begins with `<`.
 *
 * @param {readonly string[]} titles
 * @param {readonly (readonly string[])[]} rows
 * @returns {string[]}
 */
export function formatColumns(titles, rows) {
  const isLeft = titles.map((title, column) => column === 0 || title.startsWith('<'));
  const head = titles.map((title) => title.replace(/^</, ''));
  const lines = [head, ...rows];
  const widths = head.map((_title, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  return lines.map((cells) =>
    cells
      .map((cell, column) => (isLeft[column] ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
