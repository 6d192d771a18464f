/** The states that the tag names by itself, in words. */

export const TAG_STATES = {
  starting: 'Starting: reading what is stored in this browser.',
  'insecure-context':
    'This page is not served over https or from localhost, so the browser offers no cryptography; nothing is captured and lists fall back.',
  'consent-required':
    'Waiting for consent to personalise; until then nothing is stored, fetched or sent.',
  'engine-blocked': 'The engine could not be started; nothing is captured and lists fall back.',
  shutdown: 'Stopped by the page.',
} as const;

export const NOT_STORED = 'Nothing is stored.';
