import { describe, expect, it } from 'vitest';
import { devicePage } from '../../src/pages/login.ts';
import { TEMPLATES } from '../../src/pages/theme.ts';
import { ENGLISH as words } from '../../src/words/words.ts';

const view = { action: '/device', userCode: '', words };

describe('pages/login: the code of a device', () => {
  it('lets its own form through, which a page without one does not (SEC-130)', () => {
    const { headers } = devicePage(view);
    expect(headers.get('content-security-policy')).toContain("form-action 'self'");
    expect(headers.get('referrer-policy')).toBe('same-origin');
  });

  it('asks to compare a code that came with the link', async () => {
    expect(await devicePage(view).text()).toContain('Enter the code');
    const filled = await devicePage({ ...view, userCode: 'BCDF-GHJK' }).text();
    expect(filled).toContain('Does your device show this code?');
    expect(filled).toContain('value="BCDF-GHJK"');
  });

  it('marks the field of a wrong code, and describes it by the message', async () => {
    expect(await devicePage(view).text()).not.toContain('aria-invalid=');
    const wrong = await devicePage({ ...view, userCode: 'AAAA', error: 'No device shows this code.' }).text();
    expect(wrong).toMatch(/<input aria-invalid="true" aria-describedby="problem"\s+id="user_code"/);
    expect(wrong).toMatch(/id="problem" role="alert"[^>]*>No device shows this code\./);
  });

  it('can be made otherwise by the operator', () => {
    expect(TEMPLATES.device).toBe(true);
  });
});
