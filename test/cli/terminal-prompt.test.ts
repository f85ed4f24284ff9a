import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { askPerson, readAll } from '../../src/cli/terminal.ts';

/** A question, answered by these keys: what came of it, and what the screen showed. */
async function ask(keys: string, isHidden: boolean): Promise<{ answer: unknown; shown: string; isPaused: boolean }> {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const seen: string[] = [];
  output.on('data', (chunk: Buffer) => seen.push(chunk.toString()));
  const asked = askPerson('Password: ', isHidden, { input, output }).catch((error: unknown) => error);
  input.write(keys);
  const answer = await asked;
  await new Promise((next) => setImmediate(next));
  return { answer, shown: seen.join(''), isPaused: input.isPaused() };
}

describe('cli/terminal, questions', () => {
  it('asks, and shows what is typed unless it is a secret', async () => {
    expect(await ask('yes\r', false)).toMatchObject({
      answer: 'yes',
      shown: expect.stringMatching(/Password: .*yes\r\n$/s),
      isPaused: true,
    });
    const hidden = await ask('correct horse\r', true);
    expect(hidden.answer).toBe('correct horse');
    expect(hidden.shown).toMatch(/Password: [^\n]*\n$/);
    expect(hidden.shown).not.toMatch(/[ceh]orr|horse/);
  });

  it('ends without a change when the person leaves', async () => {
    for (const key of ['\u0003', '\u0004'])
      expect((await ask(key, true)).answer).toMatchObject({ name: 'CliError', message: 'Nothing was changed.', exitCode: 1 });
  });

  it('reads the standard input to its end, without the last line feed', async () => {
    const text = async (...parts: string[]): Promise<string> => readAll((async function* () { for (const part of parts) yield Buffer.from(part); })()); // prettier-ignore
    expect([await text('a b', ' c\r\n'), await text('a\nb\n\n'), await text()]).toEqual(['a b c', 'a\nb\n', '']);
  });
});
