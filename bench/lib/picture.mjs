// The result as a picture: how much longer each contender took than ours. Plain SVG that follows the reader's colour scheme.
import { formatMs, formatNs, formatRatio } from './format.mjs';
import { nameOf } from './table.mjs';

/** @import { CaseResult } from './suite.mjs' */

/** @typedef {{ heading: string, bars: { label: string, group: string, ratio: number, value: string }[] }} Panel */

const MOST_WHOLE_PANELS = 12;

/** @param {Panel['bars']} bars */
function chiefBars(bars) {
  return bars.filter(({ group }, at) => group === 'rival' || bars.findIndex((bar) => bar.group === group) === at);
}

const WIDTH = 860;
const LABEL_END = 200;
const PLOT_END = 720;
const ROW = 20;
const MARGIN = 16;

const STYLE = `
  text { font: 12px ui-sans-serif, system-ui, sans-serif; fill: #24292f; }
  .title { font-size: 15px; font-weight: 600; }
  .heading { font-weight: 600; }
  .quiet { fill: #59636e; font-size: 11px; }
  .grid { stroke: #d1d9e0; stroke-width: 1; }
  .one { stroke: #59636e; stroke-width: 1; }
  .ours { fill: #0f766e; } .git { fill: #c2410c; } .rival { fill: #7c8ea3; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .quiet { fill: #9198a1; }
    .grid { stroke: #30363d; }
    .one { stroke: #9198a1; }
    .ours { fill: #2dd4bf; } .git { fill: #fb923c; } .rival { fill: #8b9eb5; }
  }`;

/**
 * @param {readonly CaseResult[]} results
 * @param {{ title: string, caption: readonly string[] }} texts
 * @returns {string}
 */
export function drawPicture(results, { title, caption }) {
  const all = results.flatMap(panelsOf).filter((panel) => panel.bars.length > 1);
  // Of many cases a picture shows less of each: the first of ours, the first of git's, and the others.
  const panels =
    all.length <= MOST_WHOLE_PANELS ? all : all.map(({ heading, bars }) => ({ heading, bars: chiefBars(bars) }));
  const ratios = panels.flatMap((panel) => panel.bars.map((bar) => bar.ratio));
  const least = Math.floor(Math.log10(Math.min(0.5, ...ratios)));
  const most = Math.ceil(Math.log10(Math.max(10, ...ratios)));
  const powers = Array.from({ length: most - least + 1 }, (_, step) => least + step);
  const x = (/** @type {number} */ ratio) => {
    const share = (Math.log10(ratio) - least) / (most - least);
    return Math.round((LABEL_END + share * (PLOT_END - LABEL_END)) * 10) / 10;
  };

  /** @type {string[]} */
  const shapes = [];
  let y = MARGIN + 14;
  shapes.push(text(MARGIN, y, title, 'title'));
  for (const line of caption) shapes.push(text(MARGIN, (y += 16), line, 'quiet'));
  shapes.push(...legend((y += 16)));
  y += 24;
  const top = y;
  /** @type {string[]} */
  const bars = [];
  for (const panel of panels) {
    y += 10;
    bars.push(text(MARGIN, y + 12, panel.heading, 'heading'));
    y += ROW;
    const panelTop = y;
    for (const bar of panel.bars) {
      const [from, to] = [x(1), x(bar.ratio)].toSorted((a, b) => a - b);
      const start = /** @type {number} */ (from);
      const width = Math.max(2, /** @type {number} */ (to) - start);
      bars.push(text(LABEL_END - 8, y + 13, bar.label, '', 'end'));
      bars.push(
        `<rect class="${bar.group}" x="${start}" y="${y + 3}" width="${width.toFixed(1)}" height="13" rx="2"/>`,
      );
      bars.push(text(Math.max(x(1), x(bar.ratio)) + 6, y + 13, `${formatRatio(bar.ratio)}  ${bar.value}`, 'quiet'));
      y += ROW;
    }
    for (const power of powers) {
      const at = x(10 ** power);
      const style = power === 0 ? 'one' : 'grid';
      shapes.push(`<line class="${style}" x1="${at}" x2="${at}" y1="${panelTop}" y2="${y}"/>`);
    }
  }
  for (const power of powers) {
    shapes.push(text(x(10 ** power), top, `${Number((10 ** power).toFixed(4))}x`, 'quiet', 'middle'));
  }
  const height = y + MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escapeXml(title)}">`,
    `<style>${STYLE}\n</style>`,
    ...shapes,
    ...bars,
    '</svg>',
    '',
  ].join('\n');
}

/** @param {number} y */
function legend(y) {
  const entries = /** @type {const} */ ([
    ['ours', 'ours'],
    ['git', 'git'],
    ['rival', 'others on Node'],
  ]);
  return entries.flatMap(([group, label], position) => {
    const at = MARGIN + position * 60;
    return [
      `<rect class="${group}" x="${at}" y="${y - 9}" width="10" height="10" rx="2"/>`,
      text(at + 15, y, label, 'quiet'),
    ];
  });
}

/**
 * One panel for a case, or one for each pictured measure.
 *
 * @param {CaseResult} result
 * @returns {Panel[]}
 */
function panelsOf(result) {
  const format = result.unit === 'ms' ? formatMs : formatNs;
  const rows = result.rows.filter((row) => row.group !== 'floor');
  const measured = rows.filter((row) => row.status === 'measured');
  const names = result.pictured ?? Object.keys(measured[0]?.measures ?? {});
  const ours = measured.find(({ contender }) => contender === result.baseline)?.measures.wall?.median;
  return names.map((name) => ({
    heading: result.unit === 'ms' ? `${nameOf(result)}: ${result.title}` : `${result.name}, ${name}`,
    bars: rows.flatMap((row) => {
      const { contender: label, group, capMs } = row;
      // A rival that was stopped took at least so long.
      if (capMs !== undefined && ours !== undefined && capMs > ours) {
        return [{ label, group, ratio: capMs / ours, value: `or more: stopped after ${formatMs(capMs)}` }];
      }
      const ratio = row.ratios[name];
      const spread = row.measures[name];
      if (ratio === undefined || spread === undefined) return [];
      return [{ label, group, ratio, value: format(spread.median) }];
    }),
  }));
}

/**
 * @param {number} x
 * @param {number} y
 * @param {string} content
 * @param {string} style
 * @param {'start' | 'middle' | 'end'} [anchor]
 */
function text(x, y, content, style, anchor = 'start') {
  const attributes = `${style === '' ? '' : ` class="${style}"`}${anchor === 'start' ? '' : ` text-anchor="${anchor}"`}`;
  return `<text x="${x}" y="${y}"${attributes}>${escapeXml(content)}</text>`;
}

/** @param {string} content */
function escapeXml(content) {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
