/** English of messages about the security of an account, and of the page behind their link. */

/** Texts of these messages. The second value is the name of an app or a browser. */
export const notice = {
  subject: (server: string): string => `Security notice for your ${server} account`,
  app: (server: string, app: string): string => `The app ${app} was connected to your account at ${server}.`,
  key: (server: string, _name: string): string => `A personal access token was created for your account at ${server}.`,
  password: (server: string, _name: string): string => `The password of your account at ${server} was changed.`,
  factor: (server: string, _name: string): string => `The ways to sign in to your account at ${server} were changed.`,
  place: (server: string, browser: string): string => `Your account at ${server} was used to sign in from a new place: ${browser}`,
  ifYou: 'If this was you, you don’t have to do anything.',
  ifNot: 'If this wasn’t you, open this page within 7 days to sign out everywhere and disconnect all apps:',
  title: 'Wasn’t this you?',
  what: 'You will be signed out of every browser, and all apps will lose access. Then choose a new password.',
  button: 'Sign out everywhere',
  doneTitle: 'Signed out everywhere',
  done: 'All sessions have ended, and no app has access anymore. Now change your password, and check the other ways to sign in.',
  over: 'It was already used, or it has expired. Sign in to see your connected apps and browsers.',
};
