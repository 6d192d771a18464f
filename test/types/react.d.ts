/** React comes without types here; the SDK asks for no more of it than sdk/react.ts says. */
declare module 'react';
declare module 'react-dom/client';
declare module 'react-dom/server';
