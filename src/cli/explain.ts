/**
 * One line for each way in which a connection can fail: the cause and the fix. The SDK's messages are for
 * programmers, and shown for unknown errors only.
 */
import type { SdkHttpError } from '@modelcontextprotocol/client';
import { printable } from './printable.ts';
import type { Steps } from './steps.ts';
import { CliError } from './terminal.ts';

type Sdk = typeof import('@modelcontextprotocol/client');

/** Maximum length of a server's text within our line. */
const MAX_LENGTH = 200;

const NETWORK: { readonly [code: string]: string } = {
  ECONNREFUSED: 'nothing listens there. Check the address and that the server is running',
  ENOTFOUND: 'no host has this name. Check the address',
  EAI_AGAIN: 'the name could not be looked up. Check the address and your connection',
  ECONNRESET: 'the connection was cut. Check that the address is right, http or https too',
  EPROTO: 'it does not speak TLS. Check whether the address should begin with http:',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS. Check whether the address should begin with http:',
  UND_ERR_CONNECT_TIMEOUT: 'it did not answer in time. Check the address and your connection',
  TimeoutError: 'it did not answer in time. Try again later',
};

/** The line for an error in a connection to the server at `url`. */
export function explain(error: unknown, url: string, steps: Steps, sdk: Sdk): string {
  if (error instanceof CliError) return error.message;
  const lost = steps.unreachable();
  if (lost) return `Cannot reach ${lost.url.origin}: ${networkText(lost.code)}.`;
  if (error instanceof sdk.RegistrationRejectedError) {
    return `The server does not register this client (HTTP ${error.status}: ${quoted(error.body)}). Ask its operator whether clients may register themselves.`;
  }
  if (error instanceof sdk.OAuthError) return oauthText(error.code, error.message);
  if (error instanceof sdk.IssuerMismatchError) {
    return `The answer came from another authorization server than the one that was asked (${quoted(error.message)}). Nothing was accepted; tell the operator of ${url}.`;
  }
  if (error instanceof sdk.InsecureTokenEndpointError) {
    return `The server asks for codes and tokens to be sent without TLS (${quoted(error.tokenEndpoint)}). Use its https address; plain http is for this computer only.`;
  }
  if (error instanceof sdk.OAuthClientFlowError) return `The sign-in was stopped: ${quoted(error.message)}. Tell the operator of ${url}.`;
  if (error instanceof sdk.SdkHttpError) return httpText(error, url);
  if (error instanceof sdk.ProtocolError) return `The server answered with an error: ${quoted(error.message)}.`;
  if (error instanceof sdk.UnauthorizedError)
    return `${url} still refuses after the sign-in. Run it again with --verbose to see each step.`;
  if (error instanceof sdk.SdkError && error.code === sdk.SdkErrorCode.RequestTimeout)
    return `${url} did not answer in time. Try again later.`;
  if (error instanceof sdk.SdkError && error.code === sdk.SdkErrorCode.EraNegotiationFailed)
    return notMcp(url, 'no answer of that protocol');
  const { message } = error as Error;
  if (message.includes('dynamic client registration')) {
    return `The authorization server of ${url} does not let clients register themselves, which connect needs. Ask its operator to allow that.`;
  }
  const [, other] = /^Protected resource (\S+) does not match/.exec(message) ?? [];
  if (other !== undefined)
    return `The server at ${url} calls itself ${quoted(other)}. Connect to that address; if it is wrong, the server's public URL is not set (PORTCULLIS_ISSUER of Portcullis).`;
  return notMcp(url, quoted(message));
}

function networkText(code: string): string {
  const tls = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS/.test(code);
  return tls ? `its certificate is not trusted (${code}). Check the address` : (NETWORK[code] ?? `no answer (${code}). Check the address`);
}

function oauthText(code: string, text: string): string {
  if (code === 'access_denied') return 'Access was denied on the sign-in page. Run it again, and choose Allow.';
  if (code === 'invalid_scope') return `The server does not know a scope that was asked for (${quoted(text)}). Check --scope.`;
  return `The authorization server refused: ${quoted(code === text ? code : `${code}, ${text}`)}. Run it again with --verbose to see each step.`;
}

function httpText({ status, message }: SdkHttpError, url: string): string {
  if (status === 401) return `${url} refuses the token that it just gave. Tell the operator of the server; --verbose shows each step.`;
  if (status === 403) return `${url} refuses this user or this address (HTTP 403: ${quoted(message)}). Ask the operator of the server.`;
  if (status === 429) return `${url} is asked too often (HTTP 429). Wait a minute and run it again.`;
  if (status !== undefined && status >= 500)
    return `${url} has a fault of its own (HTTP ${status}). Try again later, or tell its operator.`;
  return notMcp(url, `HTTP ${status ?? 'unknown'}`);
}

function notMcp(url: string, found: string): string {
  return `${url} does not answer as an MCP server (${found}). Check the path: it often ends in /mcp.`;
}

/** An untrusted text: on one line, printable, shortened. */
function quoted(text: string): string {
  const line = printable(text.replace(/\s+/g, ' ').trim());
  return line.length > MAX_LENGTH ? `${line.slice(0, MAX_LENGTH)}…` : line;
}
