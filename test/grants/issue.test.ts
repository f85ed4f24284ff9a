import { describe, expect, it } from 'vitest';
import { type IssuedTokens, tokenAnswer } from '../../src/grants/issue.ts';

const TOKENS: IssuedTokens = { accessToken: 'a', refreshToken: null, scope: ['read', 'write'], resource: 'https://mcp.example/mcp', expiresAt: 100 }; // prettier-ignore
const PLAIN = { access_token: 'a', token_type: 'Bearer', expires_in: 40, scope: 'read write', resource: 'https://mcp.example/mcp' };

describe('grants/issue', () => {
  it('answers with the members of RFC 6749 §5.1, and with no member that does not apply', () => {
    expect(JSON.stringify(tokenAnswer(TOKENS, 60))).toBe(JSON.stringify(PLAIN));
    expect(Object.keys(tokenAnswer(TOKENS, 60))).toEqual(Object.keys(PLAIN));
  });

  it('names the refresh token, the type of an exchanged token and of a bound one', () => {
    const answer = tokenAnswer({ ...TOKENS, refreshToken: 'r', issuedTokenType: 'urn:x', jkt: 'j' }, 60);
    expect(answer).toEqual({ ...PLAIN, refresh_token: 'r', issued_token_type: 'urn:x', token_type: 'DPoP' });
  });

  it('omits the resource of a token for every route, and never returns a negative expires_in', () => {
    const { resource: _, ...rest } = PLAIN;
    expect(tokenAnswer({ ...TOKENS, resource: 'https://as.example#every-route' }, 101)).toEqual({ ...rest, expires_in: 0 });
  });
});
