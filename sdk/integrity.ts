/** The build writes into each script the SHA-384 of those that it starts. */

/** By file name; absent from what is not bundled: tests, and a shop's own development server. */
declare const VITRINE_INTEGRITY: Readonly<Record<string, string>> | undefined;

/** Subresource integrity (W3C SRI) of the files that this script starts, by name. */
export const INTEGRITY: Readonly<Record<string, string>> =
  typeof VITRINE_INTEGRITY === 'undefined' ? {} : VITRINE_INTEGRITY;
