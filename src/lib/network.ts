/** What a request tells of its sender: the network of its address, by which attempts are counted (an IPv6 /64 is one household), and the browser. */

/** An IPv4 address, also a mapped one, unchanged; the first 64 bits of an IPv6 address; `unknown` for anything else. */
export function networkOf(address: string | undefined): string {
  const text = (address ?? '').trim().toLowerCase().split('%')[0] ?? '';
  const mapped = /^(?:::ffff:)?(\d{1,3}(?:\.\d{1,3}){3})$/.exec(text)?.[1];
  if (mapped !== undefined) return mapped;
  if (!URL.canParse(`http://[${text}]/`)) return 'unknown';
  const hostname = new URL(`http://[${text}]/`).hostname.slice(1, -1); // one spelling for each address
  const [head = '', tail = ''] = hostname.split('::');
  const left = head.split(':').filter(Boolean);
  const right = tail.split(':').filter(Boolean);
  const groups = [...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right];
  return isMapped(groups) ? ipv4Of(groups) : `${groups.slice(0, 4).join(':')}::/64`;
}

/** A larger network, which identifies a region but no household: an IPv4 /24, an IPv6 /48. */
export function coarseNetwork(network: string): string {
  if (network.endsWith('::/64')) return `${network.slice(0, -'::/64'.length).split(':').slice(0, 3).join(':')}::/48`;
  return network.includes('.') ? `${network.slice(0, network.lastIndexOf('.'))}.0/24` : network;
}

/** The IPv6 /48 around a /64: an attacker often has all of its 65,536 /64. Null for IPv4, of which no attacker has thousands. */
export function networkAround(network: string): string | null {
  return network.endsWith('::/64') ? coarseNetwork(network) : null;
}

/** Whether a network, exact or coarse, is loopback: server and browser are on one machine. */
export function isLoopbackNetwork(network: string): boolean {
  return /^127\.\d+\.\d+\.\d+(\/24)?$|^0:0:0(:0::\/64|::\/48)$/.test(network);
}

function isMapped(groups: readonly string[]): boolean {
  return groups.slice(0, 5).every((group) => group === '0') && groups[5] === 'ffff';
}

function ipv4Of(groups: readonly string[]): string {
  const [high, low] = [Number.parseInt(groups[6] ?? '0', 16), Number.parseInt(groups[7] ?? '0', 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** Browser and system, if known. */
export type Agent = { readonly browser?: string; readonly system?: string };

/** In this order: most browsers also claim to be the ones below them. */
const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(?:A|iOS)?\//, 'Edge'],
  [/\bOPR\/|\bOPiOS\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\bVivaldi\//, 'Vivaldi'],
  [/\bFirefox\/|\bFxiOS\//, 'Firefox'],
  [/\b(?:Headless)?Chrome\/|\bChromium\/|\bCriOS\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
];
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b|\bMacintosh\b/, 'macOS'],
  [/\bLinux\b|\bX11\b/, 'Linux'],
];

/** The browser and the system that the header names. */
export function agentOf(header: string | null): Agent {
  const text = (header ?? '').slice(0, 1024);
  const [browser, system] = [BROWSERS, SYSTEMS].map((list) => list.find(([sign]) => sign.test(text))?.[1]);
  return { ...(browser === undefined ? {} : { browser }), ...(system === undefined ? {} : { system }) };
}
