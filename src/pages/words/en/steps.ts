/** English of sign-ins that take more than one page. */

/** Texts that the pages of all steps share. */
export const step = {
  restart: 'Start again',
};
