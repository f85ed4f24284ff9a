import { describe, expect, it } from 'vitest';
import { placeOfRequest } from '../../src/worker/runtime.ts';

const placeAt = (cf: unknown): string | null => placeOfRequest(new Request('https://mcp.example/mcp', { cf } as RequestInit));

describe('worker/runtime, places', () => {
  it('tells the halves of a continent apart by the longitude', () => {
    expect(placeAt({ continent: 'NA', country: 'US', longitude: '-122.4' })).toBe('wnam');
    expect(placeAt({ continent: 'NA', country: 'US', longitude: '-74.0' })).toBe('enam');
    expect(placeAt({ continent: 'EU', country: 'PT', longitude: '-9.1' })).toBe('weur');
    expect(placeAt({ continent: 'EU', country: 'RO', longitude: '26.1' })).toBe('eeur');
    expect(placeAt({ continent: 'AS', country: 'AE', longitude: '55.3' })).toBe('me');
    expect(placeAt({ continent: 'AS', country: 'JP', longitude: '139.7' })).toBe('apac');
  });

  it('knows the continents that are one place', () => {
    expect(placeAt({ continent: 'OC', country: 'AU' })).toBe('oc');
    expect(placeAt({ continent: 'AF', country: 'ZA', longitude: '28' })).toBe('afr');
    expect(placeAt({ continent: 'SA', country: 'BR', longitude: '-46.6' })).toBe('sam');
  });

  it('takes the data center that answers before the longitude of the caller, and the country where there is neither', () => {
    expect(placeAt({ continent: 'NA', country: 'US', colo: 'SJC' })).toBe('wnam');
    expect(placeAt({ continent: 'NA', country: 'US', colo: 'SJC', longitude: '-90' })).toBe('wnam');
    expect(placeAt({ continent: 'EU', country: 'PL', colo: 'WAW' })).toBe('eeur');
    expect(placeAt({ continent: 'EU', country: 'PL' })).toBe('eeur');
    expect(placeAt({ continent: 'AS', country: 'SA' })).toBe('me');
    expect(placeAt({ continent: 'NA', country: 'CA' })).toBe('enam');
  });

  it('knows no place where Cloudflare names none, or one that does not exist', () => {
    expect(placeOfRequest(new Request('https://mcp.example/mcp'))).toBeNull();
    for (const cf of [{}, { continent: 'AN' }, { continent: 'T1' }, { continent: 'constructor' }, { country: 'US' }])
      expect(placeAt(cf)).toBeNull();
    expect(placeAt({ continent: 'NA', longitude: '' })).toBe('enam');
    expect(placeAt({ continent: 'EU', longitude: 'nowhere', country: '', colo: '' })).toBe('weur');
  });
});
