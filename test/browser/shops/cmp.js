/**
 * A small consent manager of IAB TCF 2.2: a banner, a choice kept in a cookie, `addEventListener`,
 * `removeEventListener` and `ping`; what its stub has queued is answered when it has loaded.
 */
(() => {
  const PURPOSES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
  const SOME = [1, 5, 6];
  const COOKIE = /(?:^|; )euconsent=(\w+)/;
  const banner = document.getElementById('cmp');
  const listeners = new Map();
  let last = 0;
  let eventStatus = 'tcloaded';
  let choice = COOKIE.exec(document.cookie)?.[1] ?? null;

  const granted = () => ({ all: PURPOSES, some: SOME, none: [] })[choice ?? 'none'];
  const data = (listenerId) => ({
    tcString: `C${choice ?? ''}`,
    tcfPolicyVersion: 5,
    cmpId: 4095,
    cmpVersion: 1,
    gdprApplies: true,
    cmpStatus: 'loaded',
    eventStatus,
    listenerId,
    isServiceSpecific: true,
    purpose: {
      consents: Object.fromEntries(PURPOSES.map((id) => [id, granted().includes(id)])),
      legitimateInterests: {},
    },
    vendor: { consents: {}, legitimateInterests: {} },
  });
  const tell = () => {
    for (const [id, callback] of listeners) callback(data(id), true);
  };
  const api = (command, version, callback, parameter) => {
    if (command === 'ping') {
      callback({ gdprLoaded: true, cmpLoaded: true, cmpStatus: 'loaded', apiVersion: '2.2' });
    } else if (version !== 2) callback(null, false);
    else if (command === 'addEventListener') {
      last += 1;
      listeners.set(last, callback);
      callback(data(last), true);
    } else if (command === 'removeEventListener') callback(listeners.delete(parameter));
    else callback(null, false);
  };
  const show = (open) => {
    banner.hidden = !open;
    if (!open) return;
    eventStatus = 'cmpuishown';
    tell();
  };

  banner.addEventListener('click', ({ target }) => {
    const { choose } = target.dataset;
    if (choose === undefined) return;
    choice = choose;
    // biome-ignore lint/suspicious/noDocumentCookie: as consent managers do
    document.cookie = `euconsent=${choose}; path=/`;
    banner.hidden = true;
    eventStatus = 'useractioncomplete';
    tell();
  });
  document.getElementById('privacy').addEventListener('click', () => show(true));
  const queue = window.__tcfapi?.() ?? [];
  window.__tcfapi = api;
  if (choice === null) show(true);
  for (const call of queue) api(...call);
})();
