/** English of the home page. */

/** Texts of the home page. */
export const home = {
  lead: 'This is an MCP server. Connect it to your AI app to use it.',
  url: 'Server URL',
  signIn: 'Your app asks you to sign in the first time you use it.',
};
