import { describe, expect, it } from 'vitest';
import { domainOf } from '../../src/model/email.ts';

describe('model/email, email', () => {
  it.each([
    ['ann@corp.example', 'corp.example'], ['Ann@CORP.Example', 'corp.example'], ['ann＠corp.example', 'corp.example'], ['ann+tag@sub.corp.example', 'sub.corp.example'],
    ['ａnn@ｃorp.example', 'corp.example'],
  ])('SEC-146 finds the domain of %j in one spelling', (address, domain) => {
    expect(domainOf(address)).toBe(domain);
  }); // prettier-ignore

  it.each([
    'ann', '@corp.example', 'ann@', 'ann@corp', 'a@evil.example,ann@corp.example', 'ann@evil.example@corp.example', 'ann＠evil.example@corp.example',
    'ann@corp.example evil.example', 'ann@corp.example\n', '"ann@evil.example"@corp.example', 'Ann <ann@corp.example>', 'ann@corp.example;x', 'ann@corp..example',
    'ann@.corp.example', 'ann@[127.0.0.1]', 'ann@corp.example.', 'ann@corp\u200b.example', 'ann@соrp.example', 'ann@corp.example\u0000',
  ])('SEC-146 takes %j for no address', (address) => {
    expect(domainOf(address)).toBeNull();
  }); // prettier-ignore
});
