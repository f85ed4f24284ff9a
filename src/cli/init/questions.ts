/** The questions of `init`, asked with `@clack/prompts`, which is loaded for nothing else. */
import { CliError } from '../terminal.ts';
import { type InitOptions, LOGINS, nameOf, type Project, projectOf, siteOf } from './options.ts';

/** The part of `@clack/prompts` that is used; tests replace it. */
export interface Prompts {
  intro(title: string): void;
  text(question: {
    message: string;
    placeholder?: string;
    defaultValue?: string;
    initialValue?: string;
    validate?: (text: string | undefined) => string | undefined;
  }): Promise<string | symbol>;
  select<T>(question: { message: string; options: { value: T; label: string; hint?: string }[]; initialValue?: T }): Promise<T | symbol>;
  confirm(question: { message: string; initialValue?: boolean }): Promise<boolean | symbol>;
  isCancel(answer: unknown): answer is symbol;
}

/** The library itself. */
export async function loadPrompts(): Promise<Prompts> {
  const name: string = '@clack/prompts';
  return (await import(name)) as Prompts;
}

/** Asks for the missing arguments. @throws {CliError} if the user cancels with Escape or Ctrl+C. */
export async function askProject(given: InitOptions, prompts: Prompts): Promise<Project> {
  prompts.intro('A protected MCP server');
  const answered = async <T>(answer: Promise<T | symbol>): Promise<T> => {
    const value = await answer;
    if (prompts.isCancel(value)) throw new CliError('Nothing was made.');
    return value as T;
  };
  const folder =
    given.folder ?? (await answered(prompts.text({ message: 'In which folder?', placeholder: './notes', defaultValue: './notes' })));
  const runtime =
    given.runtime ??
    (await answered(
      prompts.select<Project['runtime']>({
        message: 'Where will it run?',
        options: [
          { value: 'node', label: 'Node', hint: 'everything in one SQLite file' },
          { value: 'workers', label: 'Cloudflare Workers', hint: 'everything in Durable Objects' },
          { value: 'both', label: 'Both', hint: 'one source' },
        ],
      }),
    ));
  const login =
    given.login ??
    (await answered(
      prompts.select<Project['login']>({
        message: 'How do users sign in?',
        options: LOGINS.map((value) =>
          value === 'password'
            ? { value, label: 'With an account of this server', hint: 'user name and password' }
            : { value, label: `With ${siteOf(value).title}`, ...(value === 'oidc' && { hint: 'any OpenID provider' }) },
        ),
      }),
    ));
  const asked = login === 'password' ? undefined : siteOf(login).place;
  const place =
    given.place ??
    (asked &&
      (await answered(
        prompts.text({
          message: `What is the ${asked.what}?`,
          placeholder: asked.example,
          defaultValue: asked.example,
          validate: (text) =>
            text === undefined || text === '' || asked.pattern.test(text) ? undefined : `It looks like ${asked.example}`,
        }),
      )));
  const installs = given.installs ?? (await answered(prompts.confirm({ message: 'Install the dependencies now?', initialValue: true })));
  return projectOf({
    ...given,
    folder,
    name: given.name ?? nameOf(folder),
    runtime,
    login,
    ...(place !== undefined && place !== asked?.example && { place }),
    installs,
  });
}
