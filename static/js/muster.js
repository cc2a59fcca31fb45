/* What pages need beyond htmx. Every page works without this file. */
"use strict";

(() => {
  document.documentElement.classList.add("scripted");

  // Buttons that need this script are hidden without it.
  const showButtons = (root) =>
    root.querySelectorAll("[data-close], [data-copy], [data-print]").forEach((button) => (button.hidden = false));

  // A copy button names its source: <code id="x">…</code><button class="copy-button" data-copy="x">.
  const copy = async (button) => {
    const source = document.getElementById(button.dataset.copy);
    const text = source.value ?? source.textContent.trim();
    try {
      await navigator.clipboard.writeText(text);
      button.dataset.copied = "";
      button.querySelector("[data-said]")?.replaceChildren("Copied");
    } catch {
      // Not allowed here (plain http on another machine): select the text, so that the keyboard can copy it.
      getSelection().selectAllChildren(source);
    }
  };

  document.addEventListener("click", (event) => {
    const close = event.target.closest("[data-close]");
    const button = event.target.closest("[data-copy]");
    if (close) close.closest(".toast").remove();
    if (button) copy(button);
    if (event.target.closest("[data-print]")) print();
  });

  // htmx leaves the page as it is when a request fails; then the page may be old, and says so until the same part is
  // loaded again. Other parts poll on their own and prove nothing about it, except that Muster answers.
  const notice = () => document.getElementById("request-failed");
  let failed = null;

  const part = ({ requestConfig, target }) => ({ path: requestConfig?.path, id: target?.id });

  const say = (failure, detail) => {
    const box = notice();
    if (!box) return;
    failed = { failure, ...part(detail) };
    const words = [...box.querySelectorAll("[data-failure]")];
    const fitting = words.some((line) => line.dataset.failure === failure) ? failure : "other";
    words.forEach((line) => (line.hidden = line.dataset.failure !== fitting));
    box.hidden = false;
  };

  const mended = (detail) => {
    const { path, id } = part(detail);
    return failed?.failure === "unreachable" || failed?.path === path || (id && failed?.id === id);
  };

  document.addEventListener("htmx:responseError", (event) => say(String(event.detail.xhr.status), event.detail));
  document.addEventListener("htmx:sendError", (event) => say("unreachable", event.detail));
  document.addEventListener("htmx:timeout", (event) => say("unreachable", event.detail));
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful && notice() && mended(event.detail)) notice().hidden = true;
  });
  document.addEventListener("htmx:load", (event) => showButtons(event.detail.elt));

  // A hidden tab does not poll.
  document.addEventListener("htmx:beforeRequest", (event) => {
    const polled = /\bevery\b/.test(event.detail.elt.getAttribute("hx-trigger") ?? "");
    const byTimer = !event.detail.requestConfig.triggeringEvent;
    if (polled && byTimer && document.hidden) event.preventDefault();
  });

  document.addEventListener("DOMContentLoaded", () => {
    showButtons(document);
    // On phones the chart's newest end is what one came for.
    document.querySelectorAll("[data-scroll-end]").forEach((box) => (box.scrollLeft = box.scrollWidth));
  });
})();
