/** The commands, how a command line selects one, and the exit code of a run. Each is loaded when it is called. */
import { meant } from './flags.ts';
import { CliError, printableLines, type Terminal, version } from './terminal.ts';

/** A command. */
interface Command {
  readonly help: () => Promise<string>;
  /** @returns the exit code; undefined means 0. */
  readonly run: (argv: readonly string[], terminal: Terminal) => Promise<0 | 1 | void>;
}

const COMMANDS: { readonly [name: string]: Command } = {
  init: {
    help: async () => (await import('./init/options.ts')).INIT_USAGE,
    async run(argv, terminal) {
      const [{ runInit }, { parseInitOptions }] = await Promise.all([import('./init/init.ts'), import('./init/options.ts')]);
      await runInit(parseInitOptions(argv), terminal);
    },
  },
  dev: {
    help: async () => (await import('./dev/dev.ts')).DEV_USAGE,
    async run(argv, terminal) {
      const { parseDevOptions, runDev } = await import('./dev/dev.ts');
      await runDev(parseDevOptions(argv), terminal);
    },
  },
  connect: {
    help: async () => (await import('./connect.ts')).CONNECT_USAGE,
    async run(argv, terminal) {
      const { connect, parseConnectOptions } = await import('./connect.ts');
      await connect(parseConnectOptions(argv), terminal);
    },
  },
  doctor: {
    help: async () => (await import('./doctor/doctor.ts')).DOCTOR_USAGE,
    async run(argv, terminal) {
      if (argv[0] === 'switch') return (await import('./doctor/switch.ts')).runSwitch(argv.slice(1), terminal);
      const { parseDoctorOptions, runDoctor } = await import('./doctor/doctor.ts');
      return runDoctor(parseDoctorOptions(argv, process.env), terminal);
    },
  },
  store: {
    help: async () => (await import('./store.ts')).STORE_USAGE,
    async run(argv, terminal) {
      const verb = argv.find((word) => !word.startsWith('-')) ?? '';
      if (['health', 'sweep'].includes(verb)) return (await import('./admin/admin.ts')).runAdmin('store', argv, terminal);
      return (await import('./store.ts')).runStore(argv, terminal); // loads the stores
    },
  },
  ...Object.fromEntries(
    (['login', 'logout'] as const).map((name): [string, Command] => [
      name,
      {
        help: async () => (await import('./admin/remote.ts')).LOGIN_USAGE,
        run: async (argv, terminal) => (await import('./admin/remote.ts')).runLogin(name, argv, terminal),
      },
    ]),
  ),
  ...Object.fromEntries(['user', 'client', 'grant', 'session', 'key', 'token', 'audit'].map((noun) => [noun, administration(noun)])),
};

const USAGE = `Usage: portcullis connect URL [options]    connect to a protected MCP server as a client does, and list its tools
       portcullis init [FOLDER]            make a protected MCP server
       portcullis dev [FILE]               serve it on this computer while you write it
       portcullis doctor URL [options]     check a deployed MCP server, and say what is wrong and how to fix it
       portcullis store VERB STORE         look at a store, migrate it, move its records

       portcullis user | client | grant | session | key | token | audit VERB
                                           administer a store or a running server
       portcullis login | logout           sign in to a running server as an administrator, with the browser

  --help, --version

portcullis COMMAND --help says how a command is used.

Exit code: 0 when all went well, 1 when it did not (one line says why), 2 for a usage error.`;

function administration(noun: string): Command {
  return {
    help: async () => (await import('./admin/admin.ts')).helpOf(noun),
    run: async (argv, terminal) => (await import('./admin/admin.ts')).runAdmin(noun, argv, terminal),
  };
}

/** Runs a command line. @returns the exit code. */
export async function runCommand(argv: readonly string[], terminal: Terminal): Promise<number> {
  const [name, ...rest] = argv[0] === 'help' ? [argv[1] ?? '--help', '--help'] : argv;
  const command = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  const isUnknown = command === undefined && name !== undefined && !name.startsWith('-');
  if (!isUnknown && (rest.includes('--help') || rest.includes('-h') || name === '--help' || name === '-h')) {
    const isSwitch = name === 'doctor' && rest[0] === 'switch';
    terminal.out(isSwitch ? (await import('./doctor/switch.ts')).SWITCH_USAGE : command ? await command.help() : USAGE);
    return 0;
  }
  if (argv.includes('--version')) {
    terminal.out(version());
    return 0;
  }
  try {
    if (name === undefined) throw new CliError(USAGE, 2);
    if (!command)
      throw new CliError(
        `There is no command ${JSON.stringify(name)}${meant(name, Object.keys(COMMANDS)) || '.'} See: portcullis --help`,
        2,
      );
    return (await command.run(rest, terminal)) ?? 0;
  } catch (error) {
    const { message, syscall } = error as NodeJS.ErrnoException;
    if (!(error instanceof CliError) && syscall === undefined) throw error; // a bug: its stack trace is for the report
    terminal.err(printableLines(message)); // it may quote a server or a file
    return error instanceof CliError ? error.exitCode : 1;
  }
}
