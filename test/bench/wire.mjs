/** Where each request that is sent has a number of its own, eight digits of it: what is written must not be the same twice. */
export const NUMBER = '<number>';
