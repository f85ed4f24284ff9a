/** Accept: which media types a caller accepts (RFC 9110 §12.5.1). */

const RANGE = /^([\w!#$&^.+*-]+)\/([\w!#$&^.+*-]+)$/;

/** Whether a type may be sent: no header means all, the most specific range that fits decides, and `q=0` means not. @param type lower case. */
export function accepts(header: string | null, type: string): boolean {
  return weightOf(header, type) > 0;
}

/** Whether the caller is a browser that shows a page: it prefers HTML to what MCP clients read. Not for a program that accepts everything. */
export function prefersHtml(header: string | null): boolean {
  return weightOf(header, 'text/html') > Math.max(weightOf(header, 'application/json'), weightOf(header, 'text/event-stream'));
}

function weightOf(header: string | null, type: string): number {
  if (header === null || header.trim() === '') return 1;
  const [main = ''] = type.split('/');
  let best = { specific: -1, weight: 0 };
  for (const one of header.toLowerCase().split(',')) {
    const [range = '', ...parameters] = one.split(';').map((part) => part.trim());
    const specific = RANGE.test(range) ? [`*/*`, `${main}/*`, type].indexOf(range) : -1;
    const weight = Number(/^q=([\d.]+)$/.exec(parameters.find((part) => part.startsWith('q=')) ?? 'q=1')?.[1] ?? 1);
    if (specific > best.specific || (specific === best.specific && weight > best.weight)) best = { specific, weight };
  }
  return best.specific >= 0 ? best.weight : 0;
}
