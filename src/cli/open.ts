/**
 * Opens a page in the user's browser with the opener of the platform. No shell is involved: a URL from a server
 * is one argument, never a command line.
 */
import { spawn } from 'node:child_process';

const OPENERS: { readonly [platform: string]: readonly [command: string, ...before: string[]] } = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

/** Starts the browser and does not wait for it. Without a browser nothing happens: the link is in the terminal. */
export function openInBrowser(url: string): void {
  const [command, ...before] = OPENERS[process.platform] ?? ['xdg-open'];
  const child = spawn(command, [...before, url], { detached: true, stdio: 'ignore' });
  child.on('error', () => undefined); // no opener, as in a container: the link is in the terminal
  child.unref();
}
