import type { Passkey } from '../../src/model/passkey.ts';

/** A passkey of Ada as it is stored, with what differs. */
export function storedPasskey(over: Partial<Passkey> & Pick<Passkey, 'createdAt'>): Passkey {
  return {
    id: 'a2V5',
    userId: 'ada',
    publicKey: 'cHVibGlj',
    counter: 0,
    transports: ['internal'],
    name: 'Phone',
    backupEligible: true,
    backedUp: true,
    ...over,
  };
}
