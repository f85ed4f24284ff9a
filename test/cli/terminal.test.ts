import { readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CliError, processTerminal, styleOf, version, wantsColours } from '../../src/cli/terminal.ts';

const STREAMS = ['stdin', 'stdout', 'stderr'] as const;
const KEPT = STREAMS.map((name) => [name, process[name].isTTY] as const);
const is = (terminals: { readonly [name in (typeof STREAMS)[number]]?: boolean }): void => {
  for (const name of STREAMS) process[name].isTTY = terminals[name] === true;
};

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  for (const [name, isTTY] of KEPT) process[name].isTTY = isTTY;
});

describe('cli/terminal', () => {
  it('writes results to stdout and all else to stderr', () => {
    const out = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const err = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const terminal = processTerminal();
    terminal.out('result');
    terminal.err('step');
    expect(out.mock.calls).toEqual([['result\n']]);
    expect(err.mock.calls).toEqual([['step\n']]);
  });

  it('shows what is going on in one line, shorter than the terminal, only where a person looks', () => {
    is({});
    expect(processTerminal().status).toBeUndefined();
    is({ stderr: true });
    const err = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const columns = Object.getOwnPropertyDescriptor(process.stderr, 'columns');
    for (const [width, seen] of [
      [10, 9],
      [undefined, 79],
    ] as const) {
      // prettier-ignore
      Object.defineProperty(process.stderr, 'columns', { value: width, configurable: true });
      processTerminal().status?.('x'.repeat(200));
      expect(err.mock.lastCall).toEqual([`\r\u001b[K${'x'.repeat(seen)}`]);
    }
    if (columns) Object.defineProperty(process.stderr, 'columns', columns);
    else Reflect.deleteProperty(process.stderr, 'columns');
  });

  it('asks only where a person types and reads', () => {
    for (const [stdin, stderr] of [
      [false, false],
      [true, false],
      [false, true],
    ]) {
      // prettier-ignore
      is({ ...(stdin && { stdin }), ...(stderr && { stderr }) });
      expect(processTerminal().ask).toBeUndefined();
    }
    is({ stdin: true, stderr: true });
    expect(processTerminal().ask).toBeTypeOf('function');
  });

  it('asks on stderr, since results go to stdout, and reads what stdin has', async () => {
    const make = (): PassThrough & { isTTY: boolean } => Object.assign(new PassThrough(), { isTTY: true });
    const [typed, screen] = [make(), make()];
    vi.spyOn(process, 'stdin', 'get').mockReturnValue(typed as unknown as typeof process.stdin);
    vi.spyOn(process, 'stderr', 'get').mockReturnValue(screen as unknown as typeof process.stderr);
    const asked = processTerminal().ask?.('Name: ');
    typed.write('ada\r');
    expect(await asked).toBe('ada');
    expect(String(screen.read())).toMatch(/Name: .*ada/s);
    const piped = processTerminal().input?.();
    typed.end('all of it\n');
    expect(await piped).toBe('all of it');
  });

  it('runs something later, unless it is called off', () => {
    vi.useFakeTimers();
    const [first, second] = [vi.fn(), vi.fn()];
    const terminal = processTerminal();
    terminal.after(2, first);
    terminal.after(2, second)();
    vi.advanceTimersByTime(1999);
    expect(first).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    vi.useRealTimers();
    expect([first.mock.calls.length, second.mock.calls.length]).toEqual([1, 0]);
  });

  it('has colours on a terminal alone, and not with NO_COLOR or a dumb one', () => {
    expect(wantsColours({ isTTY: true }, {})).toBe(true);
    expect(wantsColours({ isTTY: true }, { NO_COLOR: '', TERM: 'xterm' })).toBe(true);
    expect(wantsColours({}, {})).toBe(false);
    expect(wantsColours({ isTTY: true }, { NO_COLOR: '1' })).toBe(false);
    expect(wantsColours({ isTTY: true }, { TERM: 'dumb' })).toBe(false);
    vi.stubEnv('NO_COLOR', '');
    vi.stubEnv('TERM', 'xterm');
    is({ stdout: true });
    expect(processTerminal().hasColours).toBe(true);
  });

  it('colours a text, or leaves it as it is', () => {
    const { bold, red, yellow, green, dim } = styleOf({ hasColours: true });
    const shown = [bold, red, yellow, green, dim].map((colour) => colour('x'));
    expect(shown).toEqual(['[1mx[22m', '[31mx[39m', '[33mx[39m', '[32mx[39m', '[2mx[22m'].map((text) => text.replaceAll('[', '\u001b[')));
    expect(styleOf({}).red('x')).toBe('x');
  });

  it('ends a command with an error of the exit code 1, or 2', () => {
    const cause = new Error('inside');
    expect(new CliError('told', 2)).toMatchObject({ name: 'CliError', message: 'told', exitCode: 2 });
    expect(new CliError('told', undefined, { cause })).toMatchObject({ exitCode: 1, cause });
  });

  it('knows the version of the package', () => {
    expect(version()).toMatch(/^\d+\.\d+\.\d+/);
    expect(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).toContain(`"version": "${version()}"`);
  });
});
