import { describe, expect, it } from 'vitest';
import { adminLanguages } from '../../src/admin/index.ts';
import { adminWordsOf, EN, fill } from '../../src/admin/words/en.ts';
import { allLanguages } from '../../src/words/index.ts';

const names = Object.keys(EN) as (keyof typeof EN)[];

describe('the texts of the admin page', () => {
  it('are in every language that the pages have', () => {
    expect(Object.keys(adminLanguages).toSorted()).toEqual(allLanguages.map(({ tag }) => tag).toSorted());
  });

  it.each(Object.keys(adminLanguages))('say in %s everything, each in its own line, with every value of the English text', (tag) => {
    const lines = adminLanguages[tag]?.trim().split('\n') ?? [];
    expect(lines).toHaveLength(names.length);
    const say = adminWordsOf(adminLanguages, tag);
    const values = (text: string | undefined): readonly string[] => text?.match(/\$\d/g)?.toSorted() ?? [];
    for (const name of names) {
      expect([name, say?.[name].trim()]).toEqual([name, say?.[name]]);
      expect([name, say?.[name]]).not.toEqual([name, '']);
      expect([name, values(say?.[name])]).toEqual([name, values(EN[name])]);
      expect([name, say?.[name]]).not.toEqual([name, expect.stringMatching(/["'] | ["']| {2}/)]);
    }
    expect(say?.measures.split('|')).toHaveLength(EN.measures.split('|').length);
    const same = names.filter((name) => say?.[name] === EN[name]);
    expect(same.length).toBeLessThan(14); // App, ID, Hosts, Status
  });

  it('are English for a language that was not passed, and values are put in by number', () => {
    expect([adminWordsOf({}, 'de'), adminWordsOf({}, 'en'), adminWordsOf({}, 'constructor')]).toEqual([null, EN, null]);
    expect(fill('$2, $1, $3', 'a', 7)).toBe('7, a, ');
  });
});
