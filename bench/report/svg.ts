/** The few pieces of SVG that the charts are made of; colours are classes, so that light and dark have their own. */

export const WIDTH = 880;
/** Class → what it colours, on a light ground and on a dark one; not all readers of SVG know variables. */
const COLOURS: readonly (readonly [string, 'fill' | 'stroke', string, string])[] = [
  ['text', 'fill', '#1f2328', '#e6edf3'],
  ['.faint', 'fill', '#59636e', '#9198a1'],
  ['.back', 'fill', '#ffffff', '#0d1117'],
  ['.grid', 'stroke', '#d1d9e0', '#3d444d'],
  ['.unity', 'stroke', '#59636e', '#9198a1'],
  ['.goal', 'stroke', '#1f2328', '#e6edf3'],
  ['.good', 'fill', '#54aeff', '#1f6feb'],
  ['.bad', 'fill', '#fb8f44', '#bd561d'],
  ['.s0', 'fill', '#0969da', '#4493f8'],
  ['.s1', 'fill', '#bc4c00', '#f0883e'],
  ['.s2', 'fill', '#1a7f37', '#3fb950'],
  ['.s3', 'fill', '#8250df', '#ab7df8'],
  ['.f0', 'fill', '#b6e3ff', '#0c2d6b'],
  ['.f1', 'fill', '#ffd8b5', '#5a1e02'],
  ['.f2', 'fill', '#aceebb', '#033a16'],
  ['.f3', 'fill', '#ecd8ff', '#3c1e70'],
  ['.f4', 'fill', '#fae17d', '#4b2900'],
  ['.f5', 'fill', '#d1d9e0', '#3d444d'],
  ['.l0', 'stroke', '#0969da', '#4493f8'],
  ['.l1', 'stroke', '#bc4c00', '#f0883e'],
  ['.l2', 'stroke', '#1a7f37', '#3fb950'],
  ['.l3', 'stroke', '#8250df', '#ab7df8'],
];
const rules = (ground: 2 | 3): string => COLOURS.map((row) => `  ${row[0]} { ${row[1]}: ${row[ground]}; }`).join('\n');
const STYLE = `
  text { font: 12px system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; }
  .title { font-size: 15px; font-weight: 600; }
  .group { font-weight: 600; }
  .faint { font-size: 11px; }
  .label { font-size: 11px; }
  .end { text-anchor: end; }
  .middle { text-anchor: middle; }
  .goal { stroke-width: 3; }
  polyline { fill: none; stroke-width: 2; }
${rules(2)}
  @media (prefers-color-scheme: dark) {
${rules(3)}
  }`;

/** A piece of the whole, from its own top; heights add up. */
export interface Panel {
  readonly height: number;
  readonly body: string;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
export const escaped = (text: string): string => text.replace(/[&<>"]/g, (sign) => ENTITIES[sign]);
const short = (n: number): string => String(Math.round(n * 10) / 10);

export function text(x: number, y: number, words: string, kind = ''): string {
  return `<text x="${short(x)}" y="${short(y)}"${kind && ` class="${kind}"`}>${escaped(words)}</text>`;
}

export function line(x1: number, y1: number, x2: number, y2: number, kind: string): string {
  const [a, b, c, d] = [x1, y1, x2, y2].map(short);
  return `<line x1="${a}" y1="${b}" x2="${c}" y2="${d}" class="${kind}"/>`;
}

export function box(x: number, y: number, width: number, height: number, kind: string): string {
  const [a, b, c, d] = [x, y, width, height].map(short);
  return `<rect x="${a}" y="${b}" width="${c}" height="${d}" class="${kind}"/>`;
}

export function dot(x: number, y: number, kind: string): string {
  return `<circle cx="${short(x)}" cy="${short(y)}" r="3" class="${kind}"/>`;
}

export function path(points: readonly (readonly [number, number])[], kind: string): string {
  return `<polyline points="${points.map((point) => point.map(short).join(',')).join(' ')}" class="${kind}"/>`;
}

/** Panels below each other, on a ground of their own. */
export function drawing(title: string, panels: readonly Panel[]): string {
  let top = 0;
  const bodies = panels.map(({ height, body }) => {
    const placed = `<g transform="translate(0 ${short(top)})">\n${body}\n</g>`;
    top += height;
    return placed;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${short(top)}" width="${WIDTH}" height="${short(top)}" role="img">
<title>${escaped(title)}</title>
<style>${STYLE}
</style>
${box(0, 0, WIDTH, top, 'back')}
${bodies.join('\n')}
</svg>
`;
}
