/** The one line of `connect` for each way in which a connection can fail. */
import * as sdk from '@modelcontextprotocol/client';
import { describe, expect, it } from 'vitest';
import { explain, type Steps } from '../../src/cli/steps.ts';
import { CliError } from '../../src/cli/terminal.ts';

const MCP = 'https://mcp.example/mcp';
const stepsOf = (code: string | null): Steps => ({
  fetch,
  tell: () => undefined,
  unreachable: () => (code === null ? null : { url: new URL('https://as.example/token?x=1'), code }),
});
const lineOf = (error: unknown, code: string | null = null): string => explain(error, MCP, stepsOf(code), sdk);
const httpError = (status: number | undefined, message = 'm'): sdk.SdkHttpError =>
  new sdk.SdkHttpError(sdk.SdkErrorCode.ClientHttpForbidden, message, { status } as never);
const notMcp = (found: string): string => `${MCP} does not answer as an MCP server (${found}). Check the path: it often ends in /mcp.`;

describe('cli/steps, explain', () => {
  it('repeats a message of our own, whatever else has failed', () => {
    expect(lineOf(new CliError('ours'), 'ENOTFOUND')).toBe('ours');
  });

  it.each([
    ['ECONNREFUSED', 'nothing listens there. Check the address and that the server is running.'],
    ['ENOTFOUND', 'no host has this name. Check the address.'],
    ['EAI_AGAIN', 'the name could not be looked up. Check the address and your connection.'],
    ['ECONNRESET', 'the connection was cut. Check that the address is right, http or https too.'],
    ['EPROTO', 'it does not speak TLS. Check whether the address should begin with http:.'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'it does not speak TLS. Check whether the address should begin with http:.'],
    ['UND_ERR_CONNECT_TIMEOUT', 'it did not answer in time. Check the address and your connection.'],
    ['TimeoutError', 'it did not answer in time. Try again later.'],
    ['CERT_HAS_EXPIRED', 'its certificate is not trusted (CERT_HAS_EXPIRED). Check the address.'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'its certificate is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT). Check the address.'],
    ['EOTHER', 'no answer (EOTHER). Check the address.'],
  ])('says what %s means, and of which server', (code, text) => {
    expect(lineOf(new TypeError('fetch failed'), code)).toBe(`Cannot reach https://as.example: ${text}`);
  });

  it.each<[string, unknown, string]>([
    ['a refused registration', new sdk.RegistrationRejectedError({ status: 403, body: ' no \n\n clients ', submittedMetadata: {} as never }), 'The server does not register this client (HTTP 403: no clients). Ask its operator whether clients may register themselves.'],
    ['a refusal by the user', new sdk.OAuthError('access_denied', 'no'), 'Access was denied on the sign-in page. Run it again, and choose Allow.'],
    ['an unknown scope', new sdk.OAuthError('invalid_scope', 'no such scope'), 'The server does not know a scope that was asked for (no such scope). Check --scope.'],
    ['an error with a text', new sdk.OAuthError('invalid_grant', 'too old'), 'The authorization server refused: invalid_grant, too old. Run it again with --verbose to see each step.'],
    ['an error without a text', new sdk.OAuthError('invalid_grant', 'invalid_grant'), 'The authorization server refused: invalid_grant. Run it again with --verbose to see each step.'],
    ['a token endpoint without TLS', new sdk.InsecureTokenEndpointError('http://as.example/token'), 'The server asks for codes and tokens to be sent without TLS (http://as.example/token). Use its https address; plain http is for this computer only.'],
    ['any other stop of the sign-in', new sdk.OAuthClientFlowError('no state'), `The sign-in was stopped: no state. Tell the operator of ${MCP}.`],
    ['an error of the protocol', new sdk.ProtocolError(-32_600, 'bad request'), 'The server answered with an error: bad request.'],
    ['no sign-in', new sdk.UnauthorizedError('again'), `${MCP} still refuses after the sign-in. Run it again with --verbose to see each step.`],
    ['no answer in time', new sdk.SdkError(sdk.SdkErrorCode.RequestTimeout, 'late'), `${MCP} did not answer in time. Try again later.`],
    ['no agreement on a version', new sdk.SdkError(sdk.SdkErrorCode.EraNegotiationFailed, 'versions'), notMcp('no answer of that protocol')],
    ['another error of the client', new sdk.SdkError(sdk.SdkErrorCode.ConnectionClosed, 'closed'), notMcp('closed')],
    ['a refused token', httpError(401), `${MCP} refuses the token that it just gave. Tell the operator of the server; --verbose shows each step.`],
    ['a refused user', httpError(403, 'not you'), `${MCP} refuses this user or this address (HTTP 403: not you). Ask the operator of the server.`],
    ['too many requests', httpError(429), `${MCP} is asked too often (HTTP 429). Wait a minute and run it again.`],
    ['a fault of the server', httpError(500), `${MCP} has a fault of its own (HTTP 500). Try again later, or tell its operator.`],
    ['another status', httpError(499), notMcp('HTTP 499')],
    ['no status', httpError(undefined), notMcp('HTTP unknown')],
    ['no registration', new Error('server does not support dynamic client registration'), `The authorization server of ${MCP} does not let clients register themselves, which connect needs. Ask its operator to allow that.`],
    ['another resource', new Error('Protected resource https://other.example/mcp does not match expected'), `The server at ${MCP} calls itself https://other.example/mcp. Connect to that address; if it is wrong, the server's public URL is not set (PORTCULLIS_ISSUER of Portcullis).`],
    ['a text like that of another resource', new Error('A Protected resource x does not match'), notMcp('A Protected resource x does not match')],
  ])('tells of %s', (_, error, line) => {
    expect(lineOf(error)).toBe(line);
  }); // prettier-ignore

  it('tells of an answer from another issuer', () => {
    const line = lineOf(new sdk.IssuerMismatchError('metadata', 'https://a.example', 'https://b.example'));
    expect(line).toMatch(
      /^The answer came from another authorization server than the one that was asked \(Issuer mismatch .+b\.example.+\)\. /,
    );
    expect(line).toContain(`Nothing was accepted; tell the operator of ${MCP}.`);
  });

  it('shows a text of the server on one line, printable, with 200 characters at most', () => {
    expect(lineOf(new Error('a\u001b[31mb'))).not.toContain('\u001b');
    expect(lineOf(new Error('\n a \r\n\t b '))).toBe(notMcp('a b'));
    expect(lineOf(new Error('x'.repeat(200)))).toBe(notMcp('x'.repeat(200)));
    expect(lineOf(new Error('x'.repeat(201)))).toBe(notMcp(`${'x'.repeat(200)}…`));
  });
});
