/** A turn for whoever shares this thread: between parts of a long read, and between training steps. */

/**
 * Resolves in a later task, so that messages come in, an abort among them, and the page may paint;
 * promises alone would let nobody in, and a timer waits where the page is hidden.
 */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
