/** A React page in StrictMode with every hook, twice, on a scripted client; bundled by its test. */
import * as React from 'react';
import { createRoot } from 'react-dom/client';
import { createHooks } from '../../../sdk/react.ts';

const hooks = createHooks(React);
const { createElement: e } = React;

/** What the first and the second reader of the same store saw in one commit, where they differed. */
const torn: string[] = [];
let renders = 0;

function List({ name }: { readonly name: string }): unknown {
  renders += 1;
  const { data, isLoading } = hooks.useRecommendations({ model: 'for-you', limit: 3 });
  const ids = data?.items.map(({ id }) => id).join(' ') ?? '';
  return e('p', { id: name, 'data-loading': String(isLoading) }, ids);
}

function Rest(): unknown {
  const [consent, setConsent] = hooks.useConsent();
  const profile = hooks.useProfile();
  const segments = hooks.useSegments();
  const status = hooks.useStatus();
  const isThere = hooks.useVitrine() !== null;
  const withdraw = () => setConsent({ personalise: true, contribute: false });
  const words = [profile.data?.events, segments.data?.length, status.data?.state, isThere];
  return e(
    'div',
    null,
    e('p', { id: 'rest' }, words.join(' ')),
    e('button', { id: 'withdraw', onClick: withdraw }, JSON.stringify(consent)),
  );
}

function App(): unknown {
  const [isShown, show] = React.useState(true);
  const [count, setCount] = React.useState(0);
  React.useLayoutEffect(() => {
    const texts = ['one', 'two'].map((id) => document.getElementById(id)?.textContent);
    if (isShown && texts[0] !== texts[1]) torn.push(texts.join(' / '));
  });
  return e(
    'main',
    null,
    e('button', { id: 'render', onClick: () => setCount(count + 1) }, count),
    e('button', { id: 'toggle', onClick: () => show(!isShown) }, 'toggle'),
    isShown && [
      e(List, { key: 1, name: 'one' }),
      e(List, { key: 2, name: 'two' }),
      e(Rest, { key: 3 }),
    ],
  );
}

Object.assign(window, { torn, rendersOf: () => renders });
createRoot(document.getElementById('root')).render(e(React.StrictMode, null, e(App)));
