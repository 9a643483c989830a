// Dragging a card with a pointer. The card's own button does the same; a drop sends the form that stands below the board.
(() => {
  "use strict";
  let held = null;
  const laneAt = (x, y) => document.elementFromPoint(x, y)?.closest("[data-board] [data-stage]");
  const mark = (lane) => {
    for (const one of document.querySelectorAll("[data-over]")) if (one !== lane) delete one.dataset.over;
    if (lane && lane !== held.from) lane.dataset.over = "";
  };
  const leave = () => {
    if (!held) return;
    mark(null);
    held.card.style.transform = "";
    delete held.card.dataset.held;
    held = null;
  };
  addEventListener("pointerdown", (event) => {
    const card = event.target.closest?.("[data-board] [data-card]");
    // A finger scrolls the board; it moves a card by the button.
    if (!card || event.button || event.pointerType === "touch" || event.target.closest(".btn")) return;
    held = { card, from: card.closest("[data-stage]"), x: event.clientX, y: event.clientY, moves: false };
  });
  addEventListener("dragstart", (event) => { if (held) event.preventDefault(); });
  addEventListener("pointermove", (event) => {
    if (!held) return;
    const x = event.clientX - held.x, y = event.clientY - held.y;
    if (!held.moves && Math.hypot(x, y) < 6) return;
    held.moves = true;
    held.card.dataset.held = "";
    held.card.style.transform = `translate(${x}px, ${y}px)`;
    mark(laneAt(event.clientX, event.clientY));
  });
  addEventListener("pointerup", (event) => {
    if (!held?.moves) { held = null; return; }
    const { card, from } = held, lane = laneAt(event.clientX, event.clientY);
    // The press that ended as a drop is no click on the deal's name.
    addEventListener("click", (click) => { click.preventDefault(); click.stopPropagation(); }, { capture: true, once: true });
    setTimeout(() => dispatchEvent(new Event("click")));
    leave();
    if (!lane || lane === from) return;
    const form = document.getElementById("drop");
    form.action = card.dataset.card;
    form.elements.stage.value = lane.dataset.stage;
    form.elements.version.value = card.dataset.version;
    card.setAttribute("aria-busy", "true");
    form.requestSubmit();
  });
  addEventListener("pointercancel", leave);
  addEventListener("keydown", (event) => { if (event.key === "Escape") leave(); });
})();
