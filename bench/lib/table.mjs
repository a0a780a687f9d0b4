// The result of a case as text.
import { formatBytes, formatColumns, formatMs, formatNs, formatRatio } from './format.mjs';

/** @import { CaseResult, Row } from './suite.mjs' */

/**
 * @param {CaseResult} result
 * @returns {string}
 */
export function formatCase(result) {
  const name = nameOf(result);
  if (result.failure !== undefined) return `${name}: failed: ${result.failure}\n`;
  const lines = result.unit === 'ms' ? processTable(result) : kernelTable(result);
  return [`${name}: ${result.title}`, ...lines.map((line) => `  ${line}`), ''].join('\n');
}

/** The case, and where it ran. @param {CaseResult} result */
export function nameOf({ name, repository }) {
  return repository === undefined ? name : `${name}, ${repository}`;
}

/** @param {CaseResult} result */
function processTable(result) {
  const start = result.rows.find((row) => row.group === 'floor')?.measures.wall?.median;
  const rows = result.rows.map((row) => {
    const { wall } = row.measures;
    if (!wall) return [row.contender, row.status, '', '', '', '', '', '', '', row.reason ?? ''];
    return [
      row.contender,
      formatMs(wall.median),
      `${formatMs(wall.min)} - ${formatMs(wall.max)}`,
      String(wall.samples.length),
      start !== undefined && isOnNode(row) ? formatMs(Math.max(0, wall.median - start)) : '',
      row.cpuMs ? formatMs(row.cpuMs.median) : '-',
      row.peakBytes ? formatBytes(row.peakBytes.median) : '-',
      row.ratios.wall === undefined ? '' : formatRatio(row.ratios.wall),
      row.hashPolicy ?? '',
      [...Object.entries(row.figures ?? {}).map(formatFigure), row.note ?? ''].filter((text) => text !== '').join('; '),
    ];
  });
  const against = result.baseline === undefined ? 'ratio' : `vs ${result.baseline}`;
  return formatColumns(
    ['', 'median', 'min - max', 'runs', 'less node start', 'cpu', 'peak memory', against, '<SHA-1', '<'],
    rows,
  );
}

/** @param {[name: string, value: number]} figure */
function formatFigure([name, value]) {
  return `${name} ${name.endsWith('Micros') ? formatMs(value / 1000) : formatBytes(value)}`;
}

/** Whether the start of Node is a part of the row's time. @param {Row} row */
function isOnNode(row) {
  return row.group === 'ours' || row.group === 'rival';
}

/** @param {CaseResult} result */
function kernelTable(result) {
  const names = Object.keys(result.rows.find((row) => row.status === 'measured')?.measures ?? {});
  const rows = result.rows.map((row) => {
    if (row.status !== 'measured')
      return [row.contender, row.status, ...names.slice(1).map(() => ''), row.reason ?? ''];
    const cells = names.map((name) => {
      const spread = row.measures[name];
      if (!spread) return '';
      const bytes = result.measureBytes?.[name];
      const speed = bytes === undefined ? '' : ` ${Math.round((bytes * 1000) / spread.median)}`;
      const ratio = row.ratios[name];
      return `${formatNs(spread.median)}${speed}${ratio === undefined ? '' : ` ${formatRatio(ratio)}`}`;
    });
    return [row.contender, ...cells, [row.hashPolicy, row.note].filter((text) => text !== undefined).join(', ')];
  });
  return ['(time a call, MB/s, time against the first row)', ...formatColumns(['', ...names, '<'], rows)];
}
