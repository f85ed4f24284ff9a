import { describe, expect, it } from 'vitest';
import { html } from '../../src/lib/html.ts';
import { brandOf, contrast, formatColour, parseColour, type Theme } from '../../src/pages/theme.ts';
import { page } from '../../src/pages/layout.ts';
import { plainSheet, STYLE, SURFACES } from '../../src/pages/style.ts';
import { ENGLISH as words } from '../../src/words/words.ts';

const sheetText = (theme: Theme): string => brandOf('Acme', theme).sheet?.text ?? '';
const headOf = (theme: Theme): { csp: string; text: Promise<string> } => {
  const answer = page({ words, title: 'T', body: html`<p>B</p>`, brand: brandOf('Acme', theme) });
  return { csp: answer.headers.get('content-security-policy') ?? '', text: answer.text() };
};
/** A custom property as it stands for one scheme behind our own rules. */
const valueOf = (theme: Theme, scheme: 'light' | 'dark', property: string): string => {
  const [light = '', dark = ''] = sheetText(theme).slice(STYLE.length).split('@media (prefers-color-scheme:dark)');
  return new RegExp(`--${property}:(#[0-9a-f]{6})`).exec(scheme === 'light' ? light : dark)?.[1] ?? '';
};
const apart = (one: string, other: readonly number[] | string): number => {
  const colour = (of: readonly number[] | string): readonly [number, number, number] =>
    (typeof of === 'string' ? parseColour(of) : of) as readonly [number, number, number];
  return contrast(colour(one), colour(other));
};

describe('pages/theme', () => {
  it('leaves our own stylesheet alone where nothing is said', () => {
    expect(brandOf('Acme', {})).toEqual({ name: 'Acme' });
    expect(brandOf('Acme', { logo: '/logo.svg' })).toEqual({ name: 'Acme', logo: '/logo.svg' });
  });

  it('names the themed stylesheet in the policy by the hash of exactly its text (SEC-130)', async () => {
    const { csp, text } = headOf({ accent: '#0a6e4f', css: 'h1{letter-spacing:0}' });
    const shown = /<style>([^]*)<\/style>/.exec(await text)?.[1] ?? '';
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(shown)));
    expect(csp).toContain(`style-src 'sha256-${btoa(String.fromCharCode(...hash))}'`);
    expect(shown).toContain('--accent:#0a6e4f');
    expect(shown.endsWith('h1{letter-spacing:0}')).toBe(true);
    expect(csp).not.toContain(plainSheet().source);
  });

  it.each(['#0a6e4f', '#2c4fcb', '#7a0099', '#b3261e', '#000', '#1f2937'])(
    'makes %s readable in both themes (WCAG 2.2 §1.4.3)',
    (accent) => {
      for (const scheme of ['light', 'dark'] as const) {
        const shown = valueOf({ accent }, scheme, 'accent');
        for (const surface of Object.values(SURFACES[scheme])) expect(apart(shown, surface)).toBeGreaterThanOrEqual(4.5);
        expect(apart(valueOf({ accent }, scheme, 'accent-on'), shown)).toBeGreaterThanOrEqual(4.5);
        expect(apart(valueOf({ accent }, scheme, 'accent-on'), valueOf({ accent }, scheme, 'accent-deep'))).toBeGreaterThanOrEqual(4.5);
      }
      expect(valueOf({ accent }, 'light', 'accent')).toBe(formatColour(parseColour(accent) ?? [0, 0, 0]));
    },
  );

  it('refuses an unreadable colour, and names a readable one', () => {
    const lineOf = (theme: Theme): string => {
      try {
        brandOf('Acme', theme);
        return '';
      } catch (error) {
        return (error as Error).message;
      }
    };
    const line = lineOf({ accent: '#ff9900' });
    expect(line).toMatch(
      /^OAuthProvider: `pages\.accent` #ff9900 has a contrast of \d\.\d to the light page, and text needs 4\.5; take #[0-9a-f]{6}\.$/,
    );
    expect(lineOf({ accent: /take (#\w+)/.exec(line)?.[1] ?? '' })).toBe('');
    expect(lineOf({ accent: { light: '#2c4fcb', dark: '#2c4fcb' } })).toMatch(/to the dark page/);
  });

  it.each(['red', 'rgb(0 0 0)', '#12', '#1234567', '#00000g', '#000;}body{display:none', '', 7, null, { light: '#000' }])(
    'takes %j for no colour, so that nothing gets into the stylesheet',
    (accent) => {
      expect(() => brandOf('Acme', { accent } as Theme)).toThrow(/^OAuthProvider: `pages\.accent` must be a colour such as/);
      expect(() => brandOf('Acme', { background: accent } as Theme)).toThrow(
        /^OAuthProvider: `pages\.background` must be a colour such as/,
      );
    },
  );

  it('loads a logo from its own site, from a data: URL, or from the one https origin that the policy then names (SEC-130)', () => {
    expect(headOf({ logo: '/logo.svg' }).csp).toContain("img-src 'self' data:;");
    expect(headOf({ logo: 'data:image/svg+xml,%3Csvg%3E' }).csp).toContain("img-src 'self' data:;");
    expect(headOf({ logo: 'https://cdn.example/a/logo.png' }).csp).toContain("img-src 'self' data: https://cdn.example;");
  });

  it.each([
    'http://cdn.example/logo.png',
    '//cdn.example/logo.png',
    'javascript:alert(1)',
    'data:text/html,x',
    'logo.png',
    "https://a.example/';",
    7,
  ])('refuses %j for a logo', (logo) => {
    expect(() => brandOf('Acme', { logo } as Theme)).toThrow(/`pages\.logo` must be a path/);
  });

  it('refuses CSS that could end the stylesheet', () => {
    expect(() => brandOf('Acme', { css: '</style><script>' })).toThrow(/`pages\.css`/);
  });
});
