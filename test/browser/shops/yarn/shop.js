/**
 * What a WooCommerce page brings along, as far as it is heard: a jQuery that carries the events of
 * the classic scripts, and the button that adds without leaving the page.
 */
(() => {
  const handlers = new WeakMap();
  const wrap = (elements) => ({
    ...elements,
    length: elements.length,
    on(name, handler) {
      for (const one of elements) {
        handlers.set(one, [...(handlers.get(one) ?? []), { name, handler }]);
      }
      return this;
    },
    off(name) {
      for (const one of elements) {
        const left = (handlers.get(one) ?? []).filter((own) => !own.name.endsWith(name));
        handlers.set(one, left);
      }
      return this;
    },
    trigger(type, all) {
      for (const one of elements) {
        for (const { name, handler } of handlers.get(one) ?? []) {
          if (name.split('.')[0] === type) handler({ type, target: one }, ...all);
        }
      }
      return this;
    },
  });
  window.jQuery = (element) => wrap([element]);
  window.$ = window.jQuery;

  document.addEventListener('click', async (event) => {
    const button = event.target.closest('.ajax_add_to_cart');
    if (button === null) return;
    event.preventDefault();
    button.classList.add('loading');
    const { product_id, quantity } = button.dataset;
    const body = new URLSearchParams({ product_id, quantity });
    const reply = await fetch('/?wc-ajax=add_to_cart', { method: 'POST', body });
    const { fragments, cart_hash } = await reply.json();
    button.classList.replace('loading', 'added');
    window
      .jQuery(document.body)
      .trigger('added_to_cart', [fragments, cart_hash, window.jQuery(button)]);
  });
})();
