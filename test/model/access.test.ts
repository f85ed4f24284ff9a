import { describe, expect, it } from 'vitest';
import { withParsedProps } from '../../src/model/access.ts';

describe('model/access, props', () => {
  it('parses props when they are first read, once for each object', () => {
    const [one, two] = [withParsedProps({ at: 1 }, '{"name":"Ada"}'), withParsedProps({ at: 2 }, '{"name":"Ada"}')];
    expect(one.props).toEqual({ name: 'Ada' });
    expect(one.props).toBe(one.props);
    expect(two.props).not.toBe(one.props);
    const broken = withParsedProps({}, '{');
    expect(() => broken.props).toThrow(SyntaxError); // and not before
  });

  it('shows props to inspection, and hides how they are stored', () => {
    const made = withParsedProps({ userId: 'ada' }, '[1]');
    expect(Object.keys(made)).toEqual(['userId', 'props']);
    expect(JSON.stringify(made)).toBe('{"userId":"ada","props":[1]}');
    expect(Reflect.ownKeys({ ...withParsedProps({ userId: 'ada' }, '[1]') })).toEqual(['userId', 'props']);
    expect(Object.create(withParsedProps({}, '[2]'))).toHaveProperty('props', [2]);
  });

  it('gives all objects the same accessors, since V8 keeps those of each object of its own', () => {
    const [one, two] = [1, 2].map((text) => Object.getOwnPropertyDescriptor(withParsedProps({}, String(text)), 'props')?.get);
    expect(one).toBe(two);
    expect(one).toBeTypeOf('function');
  });

  it('leaves props that were read as any other member: handlers may show, change and remove it', () => {
    const made = withParsedProps({}, '[1]');
    expect(made.props).toEqual([1]);
    expect(Object.getOwnPropertyDescriptor(made, 'props')).toEqual({ value: [1], enumerable: true, configurable: true, writable: true });
  });
});
