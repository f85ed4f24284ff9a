/** Accept: which media types a caller accepts (RFC 9110 §12.5.1). */

const RANGE = /^([\w!#$&^.+*-]+)\/([\w!#$&^.+*-]+)$/;

/** Whether a type may be sent: no header means all, the most specific range that fits decides, and `q=0` means not. @param type lower case. */
export function accepts(header: string | null, type: string): boolean {
  if (header === null || header.trim() === '') return true;
  const [main = ''] = type.split('/');
  let best = { specific: -1, weight: 0 };
  for (const one of header.toLowerCase().split(',')) {
    const [range = '', ...parameters] = one.split(';').map((part) => part.trim());
    const specific = RANGE.test(range) ? [`*/*`, `${main}/*`, type].indexOf(range) : -1;
    const weight = Number(/^q=([\d.]+)$/.exec(parameters.find((part) => part.startsWith('q=')) ?? 'q=1')?.[1] ?? 1);
    if (specific > best.specific || (specific === best.specific && weight > best.weight)) best = { specific, weight };
  }
  return best.specific >= 0 && best.weight > 0;
}
