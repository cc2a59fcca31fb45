/* Reads a chart out, a stop at a time: under the pointer, or with the arrow keys. The table below a chart says the same. */
"use strict";

(() => {
  const stopsOf = (box) => [...box.querySelectorAll(".stop")];
  const places = new WeakMap();

  // With this script a chart is a control that moves through time; without it, a picture in a region that scrolls.
  const prepare = (root) =>
    root.querySelectorAll("[data-readout]:not([role=slider])").forEach((box) => {
      const stops = stopsOf(box);
      if (!stops.length) return;
      box.setAttribute("role", "slider");
      box.setAttribute("aria-valuemin", "1");
      box.setAttribute("aria-valuemax", String(stops.length));
      box.setAttribute("aria-valuenow", String(stops.length));
      box.setAttribute("aria-valuetext", stops.at(-1).dataset.said);
      const words = box.parentElement.querySelector("[data-said-here]");
      words.textContent = "Point at the chart, or use the arrow keys, to read a date.";
      words.hidden = false;
    });

  const show = (box, place) => {
    const stops = stopsOf(box);
    const at = Math.max(0, Math.min(stops.length - 1, place));
    const { x, said } = stops[at].dataset;
    const line = box.querySelector(".read-line");
    line.setAttribute("x1", x);
    line.setAttribute("x2", x);
    line.classList.add("is-shown");
    box.parentElement.querySelector("[data-said-here]").textContent = said;
    box.setAttribute("aria-valuenow", String(at + 1));
    box.setAttribute("aria-valuetext", said);
    places.set(box, at);
  };

  const chart = (event) => (event.target instanceof Element ? event.target.closest("[data-readout]") : null);

  // A pointer between two stops reads the nearer one, also above and below the plot.
  document.addEventListener("pointermove", (event) => {
    const box = chart(event);
    if (!box) return;
    const stops = stopsOf(box);
    const found = stops.findIndex((stop) => event.clientX <= stop.getBoundingClientRect().right);
    show(box, found < 0 ? stops.length - 1 : found);
  });

  document.addEventListener("focusin", (event) => {
    const box = chart(event);
    if (box) show(box, places.get(box) ?? Infinity);
  });

  const STEPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageUp: 4, PageDown: -4 };
  document.addEventListener("keydown", (event) => {
    const box = chart(event);
    if (!box || event.altKey || event.ctrlKey || event.metaKey) return;
    const place = places.get(box) ?? Infinity;
    if (event.key in STEPS) show(box, Math.min(place, stopsOf(box).length - 1) + STEPS[event.key]);
    else if (event.key === "Home") show(box, 0);
    else if (event.key === "End") show(box, Infinity);
    else return;
    event.preventDefault();
  });

  document.addEventListener("DOMContentLoaded", () => prepare(document));
  document.addEventListener("htmx:load", (event) => prepare(event.detail.elt.parentElement ?? event.detail.elt));
})();
