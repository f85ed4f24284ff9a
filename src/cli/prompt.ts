/** Questions to a person at the terminal, on stderr, so that results can go elsewhere; a secret is not shown. */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { CliError } from './cli-error.ts';

/** Where the person types and reads. */
interface Streams {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
}

/** Asks one question. @throws {CliError} if the person leaves by Ctrl+C or Ctrl+D. */
export async function askPerson(question: string, isHidden: boolean, { input, output }: Streams): Promise<string> {
  let isMuted = false;
  const shown = new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      if (!isMuted) output.write(chunk);
      done();
    },
  });
  const lines = createInterface({ input, output: shown, terminal: true });
  try {
    const left = new Promise<never>((_resolve, reject) => lines.once('close', () => reject(new CliError('Nothing was changed.'))));
    const answer = lines.question(question);
    answer.catch(() => undefined); // `left` reports it
    isMuted = isHidden;
    return await Promise.race([answer, left]);
  } finally {
    lines.removeAllListeners('close');
    lines.close();
    if (isHidden) output.write('\n');
  }
}

/** All of a stream, without the line feed at its end. */
export async function readAll(input: AsyncIterable<unknown>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of input) parts.push(part as Uint8Array);
  return Buffer.concat(parts)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}
