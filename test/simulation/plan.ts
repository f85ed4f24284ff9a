/** What a run is made of: a seed, how long it lasts, who takes part, and what goes wrong. Everything else follows from it. */

/** Habits of clients; each has a class of bugs behind it. */
export const HABITS = [
  'steady', // one process, refreshes when it is told 401
  'shared-file', // three processes on one token file, each with its own idea of what stands in it
  'early', // refreshes before the end, by a timer
  'twice', // two refreshes at once, as two tabs do
  'asks-again', // repeats whatever it got no answer to, code and refresh alike
  'double-redeem', // redeems its code twice within a moment, and its user clicks twice
  'narrow', // names scopes at each refresh, unknown ones among them
  'asks-less', // asks for fewer scopes than the server requires, at each refresh as well
  'registers-anew', // registers itself at each start
  'sleeper', // a laptop that is closed for days
  'keyed', // known by a document, proves itself by a key that its host publishes
  'bound', // holds tokens that are bound to a key (DPoP)
  'device', // a device without a browser
  'confidential', // entered by the operator, with a secret; another client exchanges its tokens
  'editor', // an app with a scheme of its own
] as const;
export type Habit = (typeof HABITS)[number];

/** What can go wrong; a run may leave any of them out. */
export const TROUBLES = [
  'lost-answers', // between client and server
  'store-loss', // operations refused, or done with the answer lost
  'store-hang', // operations that are never answered
  'store-outage', // minutes in which the store refuses everything
  'store-full', // hours in which no new record fits, or no write at all
  'failover', // the store goes over to a replica and forgets its last writes
  'crash', // a process dies at any point, and another comes up
  'drift', // clocks of processes differ by up to eight seconds
  'site-outage', // the other site is down, or answers with web pages
  'site-odd', // the other site answers in odd words
  'document-outage', // the host of a client's document is down
  'thief', // steals refresh tokens and uses them, also with a key of its own
  'prober', // sends hostile bodies to the tools
  'flood', // registers clients by the hundred, and is looked up by many at once
  'guesser', // tries passwords of people who are there
  'page', // a web page that wants a code out of the browser of someone who visits it
  'move', // the operator moves all records to another store, or brings a backup back under a new epoch
  'administrator', // revokes grants, signs users out, takes permissions away
  'rotation', // the server's secret is rotated, process by process
  'attempts', // the store issues tokens where the record is, so an attempt that is late names no version
] as const;
export type Trouble = (typeof TROUBLES)[number];

/** A run. */
export interface Plan {
  readonly seed: number;
  readonly days: number;
  readonly processes: number;
  readonly habits: readonly Habit[];
  readonly troubles: readonly Trouble[];
  /** Answers are lost and stores fail ten times as often, and clients sign in anew all the time: rare orders of events come soon. */
  readonly storm?: boolean;
}

/** Everything takes part; every other two seeds play on a store that makes no attempts. */
export function fullPlan(seed: number, days: number): Plan {
  return { seed, days, processes: 3, habits: HABITS, troubles: seed % 4 < 2 ? TROUBLES.filter((one) => one !== 'attempts') : TROUBLES };
}

/** The command that plays a plan again. */
export function commandOf({ seed, days, processes, habits, troubles, storm }: Plan): string {
  const habit = habits.length === HABITS.length ? '' : ` --habits ${habits.join(',')}`;
  const trouble = troubles.length === fullPlan(seed, days).troubles.length ? '' : ` --troubles ${troubles.join(',') || 'none'}`;
  const machines = processes === 3 ? '' : ` --processes ${processes}`;
  return `npm run simulate -- --seed ${seed} --days ${days}${machines}${habit}${trouble}${storm ? ' --storm' : ''}`;
}
